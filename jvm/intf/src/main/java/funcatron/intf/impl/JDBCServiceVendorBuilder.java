package funcatron.intf.impl;

import com.zaxxer.hikari.HikariDataSource;
import funcatron.intf.ServiceVendor;
import funcatron.intf.ServiceVendorProvider;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Logger;

/** Makes services of props of the type {@code database}: pools of JDBC connections. */
public class JDBCServiceVendorBuilder implements ServiceVendorProvider {
    /** A provider; it has no state. */
    public JDBCServiceVendorBuilder() {}

    @Override
    public String forType() {
        return "database";
    }

    /**
     * Makes a pool, which connects at its first use.
     *
     * @param name the key of the prop
     * @param properties {@code url}, and if needed {@code username}, {@code password},
     *     {@code classname} (of the driver), {@code pool} (settings of HikariCP); everything else
     *     is for the driver
     * @param logger told of what cannot be used
     * @return the service
     * @throws IllegalArgumentException if a prop is missing or of the wrong type, or the driver is
     *     not in the bundle
     */
    @Override
    public Optional<ServiceVendor<?>> buildVendor(
            String name, Map<String, Object> properties, Logger logger) {
        HikariDataSource pool =
                new JdbcSettings(name, properties, logger).pool(ContextImpl.getClassloader());
        return Optional.of(new JdbcService(name, pool));
    }
}
