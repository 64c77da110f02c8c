package funcatron.intf.impl;

import com.zaxxer.hikari.HikariDataSource;
import funcatron.intf.Accumulator;
import funcatron.intf.ServiceVendor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;

/** A pool of JDBC connections, each in a transaction that ends with the call. */
final class JdbcService implements ServiceVendor<Connection> {
    private final String name;
    private final HikariDataSource pool;

    JdbcService(String name, HikariDataSource pool) {
        this.name = name;
        this.pool = pool;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Class<Connection> type() {
        return Connection.class;
    }

    @Override
    public Connection vend(Accumulator accumulator) throws SQLException {
        Connection lent = lend(pool.getConnection());
        accumulator.accumulate(lent, this);
        return lent;
    }

    @Override
    public void endLife() {
        pool.close();
    }

    @Override
    public void release(Connection lent, boolean success) throws SQLException {
        // What was lent unwraps to the connection of the pool, whose close gives it back.
        try (Connection connection = ((Lent) Proxy.getInvocationHandler(lent)).connection()) {
            if (success) connection.commit();
            else connection.rollback();
        }
    }

    private static Connection lend(Connection connection) {
        return (Connection)
                Proxy.newProxyInstance(
                        JdbcService.class.getClassLoader(),
                        new Class<?>[] {Connection.class},
                        new Lent(connection));
    }

    /**
     * A connection that a Func may close, as code that uses try with resources does: it goes back
     * to the pool when the transaction ends, not before.
     */
    private record Lent(Connection connection) implements java.lang.reflect.InvocationHandler {
        @Override
        public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
            switch (method.getName()) {
                case "close":
                    return null;
                case "equals":
                    return proxy == arguments[0];
                case "hashCode":
                    return System.identityHashCode(proxy);
                default:
                    break;
            }
            try {
                return method.invoke(connection, arguments);
            } catch (InvocationTargetException error) {
                throw error.getCause();
            }
        }
    }
}
