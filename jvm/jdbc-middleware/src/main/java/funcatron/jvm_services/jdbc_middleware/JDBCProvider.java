package funcatron.jvm_services.jdbc_middleware;

import funcatron.intf.MiddlewareProvider;
import funcatron.intf.ServiceVendor;
import funcatron.intf.impl.ContextImpl;
import funcatron.intf.impl.JDBCServiceVendorBuilder;
import java.io.InputStream;
import java.sql.Connection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.logging.Logger;

/**
 * Puts a connection into the request map of every call, under {@link #dbConnectionName} and
 * {@code jdbc.connection}. Its transaction is committed when the Func returns and rolled back when
 * it throws, and the connection goes back to the pool either way.
 *
 * <p>The props {@code jdbc.url}, {@code jdbc.username}, {@code jdbc.password} and
 * {@code jdbc.classname} (of the driver) say where. Without {@code jdbc.url} there is no
 * connection.
 */
public class JDBCProvider implements MiddlewareProvider {
    /** The key of the connection in the request map. */
    public static final String dbConnectionName = "$jdbc_connection";

    private static final String OTHER_NAME = "jdbc.connection";
    private static final String PREFIX = "jdbc.";
    private static final Object LOCK = new Object();

    // Providers are made anew at each start of a bundle, and there is one pool whoever made it.
    private static ServiceVendor<?> pool;
    private static Map<String, Object> madeOf;

    static {
        ContextImpl.addFunctionToEndOfLife(
                logger -> {
                    close();
                    return null;
                });
    }

    /**
     * The provider of a bundle.
     *
     * @throws IllegalArgumentException if a prop is of the wrong type, or the driver is missing:
     *     the bundle is not to start then
     */
    public JDBCProvider() {
        pool(Logger.getLogger(JDBCProvider.class.getName()));
    }

    /**
     * The connection of a call.
     *
     * @param info the request map, as of {@code Context.getRequestInfo()}
     * @return the connection, or {@code null} if there is none
     */
    public static Connection connectionFromMap(Map<Object, Object> info) {
        return info.get(dbConnectionName) instanceof Connection connection ? connection : null;
    }

    @Override
    public BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> wrap(
            BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> function) {
        return (body, request) -> call(function, body, request);
    }

    private static Map<Object, Object> call(
            BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> function,
            InputStream body,
            Map<Object, Object> request) {
        Logger logger =
                request.get("$logger") instanceof Logger given
                        ? given
                        : Logger.getLogger(JDBCProvider.class.getName());
        ServiceVendor<?> connections = pool(logger);
        if (connections == null) return function.apply(body, request);
        ContextImpl transaction = new ContextImpl(request, logger);
        try {
            Object connection = connect(connections, transaction);
            Map<Object, Object> extended = new HashMap<>(request);
            extended.put(dbConnectionName, connection);
            extended.put(OTHER_NAME, connection);
            Map<Object, Object> result = function.apply(body, extended);
            transaction.finished(true);
            return result;
        } finally {
            // After a commit nothing is left to roll back.
            transaction.finished(false);
        }
    }

    private static Object connect(ServiceVendor<?> connections, ContextImpl transaction) {
        try {
            return connections.vend(transaction);
        } catch (Exception error) {
            throw new IllegalStateException(
                    "the database of the prop \"jdbc.url\" gives no connection: "
                            + error.getMessage(),
                    error);
        }
    }

    /** The pool, which is made anew after the props have changed; null without a URL. */
    private static ServiceVendor<?> pool(Logger logger) {
        synchronized (LOCK) {
            Map<String, Object> props = ContextImpl.staticProperties();
            if (props == madeOf) return pool;
            close();
            pool = make(props, logger);
            madeOf = props;
            return pool;
        }
    }

    private static ServiceVendor<?> make(Map<String, Object> props, Logger logger) {
        Map<String, Object> settings = new HashMap<>();
        for (String key : new String[] {"url", "username", "password", "classname"}) {
            Object value = props.get(PREFIX + key);
            if (value != null) settings.put(key, value);
        }
        if (!settings.containsKey("url")) return null;
        return new JDBCServiceVendorBuilder().buildVendor("jdbc", settings, logger).orElse(null);
    }

    private static void close() {
        synchronized (LOCK) {
            if (pool != null) pool.endLife();
            pool = null;
            madeOf = null;
        }
    }
}
