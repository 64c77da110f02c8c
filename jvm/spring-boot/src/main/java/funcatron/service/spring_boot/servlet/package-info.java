/**
 * A servlet container without a network: a call comes as a map and is answered as one. It does what
 * the Jakarta Servlet specification 6.0 asks for, but for what needs a connection: protocol
 * upgrades, non-blocking listeners of streams, server push. There are no deployment descriptors and
 * no JSP; servlets, filters and listeners are registered by the program.
 */
package funcatron.service.spring_boot.servlet;
