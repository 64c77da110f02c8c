/**
 * Makes a Func bundle of a Spring Boot application: {@link
 * funcatron.service.spring_boot.SpringBootWrapper} is extended and registered as an {@link
 * funcatron.intf.OperationProvider}, and the application is called without a port of its own.
 */
package funcatron.service.spring_boot;
