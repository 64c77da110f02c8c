(ns app.core-test
  (:require [app.core :as core]
            [clojure.test :refer [deftest is]])
  (:import (funcatron.intf.impl ContextImpl)
           (java.util.logging Logger)))

(def call
  (ContextImpl. {"parameters" {"path" {"name" "Ada"} "query" {"times" 2}}}
                (Logger/getAnonymousLogger)))

(deftest hello-greets-as-often-as-asked
  (is (= {:greeting "Hello, Ada! Hello, Ada!"} (core/hello nil call))))

(deftest sum-adds-up
  (is (= {:sum 6.5} (core/sum [1 2 3.5] call))))
