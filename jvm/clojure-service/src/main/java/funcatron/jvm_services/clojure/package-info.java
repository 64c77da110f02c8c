/** Lets Clojure functions answer operations: {@code operationId: namespace#function}. */
package funcatron.jvm_services.clojure;
