(ns sample.core
  "The operationId of a function is sample.core#name. It gets the body, read from JSON, and the call."
  (:import (funcatron.intf Context)
           (java.time Instant)))

(defn- path
  "A path parameter, of the type that the contract gives it."
  [call name]
  (get-in call [:parameters "path" name]))

(defn simple
  "Some values; keywords become the names of JSON."
  [_ ^Context call]
  (.info (.getLogger call) (str "In Clojure " (clojure-version)))
  {:time (str (Instant/now))
   :bools (zero? (rand-int 2))
   :numero (inc (rand-int 100))})

(defn share
  "Shares 100 out. What nobody catches here, such as a division by zero, is a 500."
  [_ call]
  {:each (quot 100 (path call "people"))})

(defn change
  "The data as often as asked, a year older each time."
  [{:strs [name age]} call]
  (for [years (range 1 (inc (path call "cnt")))]
    {:name (str name " " years) :age (+ age years)}))

(defn remove-one
  "Deletes somebody of an age; the :status of an ex-info is that of the refusal."
  [_ call]
  (let [age (path call "cnt")]
    (when (> age 122)
      (throw (ex-info (str "nobody is " age " years old") {:status 404})))
    {:name "Deleted" :age age}))
