(ns shop.pets-test
  (:import (funcatron.intf Context)))

(defn read-pet [data call]
  {:id (get-in call [:parameters "path" "id"])
   :name "Rex"
   :tags #{:good}
   :half 1/2
   :big 3N
   :uri (:uri call)
   :method (.getMethod ^Context call)
   :missing (get call :missing "none")})

(defn add-pet [{name "name" tags "tags"} {:keys [uri]}]
  {"name" name :uri uri :first (first tags) :more (conj tags :new)})

(defn echo [data _] data)

(defn ring [_ _] {:status 201 :headers {"x-a" "b"} :body "made"})

(defn refuse [_ _] (throw (ex-info "in use" {:status 409})))

(defn fail [_ _] (throw (ex-info "broken" {:status 7})))

(def greeting "no function")
