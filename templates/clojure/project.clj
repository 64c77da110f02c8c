(defproject app/{{name}} "0.1.0"
  ;; funcatron/clojure-service is put into the local repository by funcatron.
  :dependencies [[org.clojure/clojure "1.12.6"]
                 [funcatron/clojure-service "0.4.0"]]
  ;; The bundle: one JAR with everything it needs, compiled so that it starts quickly.
  :aot :all)
