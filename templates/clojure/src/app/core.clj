(ns app.core
  "The functions of this bundle: each gets the body, read from JSON, and the call."
  (:require [clojure.string :as string])
  (:import (funcatron.intf Context)))

(defn hello
  "Greets somebody as often as asked."
  [_ ^Context call]
  (let [{{name "name"} "path" {times "times"} "query"} (.getRequestParams call)]
    (.info (.getLogger call) (str "greeting " name))
    {:greeting (string/join " " (repeat times (str "Hello, " name "!")))}))

(defn sum
  "Adds numbers up."
  [numbers _]
  {:sum (reduce + numbers)})
