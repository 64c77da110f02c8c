/** Gives every call of a bundle a JDBC connection in its request map. */
package funcatron.jvm_services.jdbc_middleware;
