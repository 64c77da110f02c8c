package funcatron.intf.impl;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.logging.Logger;

/** The props of a database, checked. */
final class JdbcSettings {
    private static final Set<String> KNOWN =
            Set.of("type", "url", "username", "password", "classname", "pool");

    private final String service;
    private final Map<String, Object> props;
    private final Logger logger;

    JdbcSettings(String service, Map<String, Object> props, Logger logger) {
        this.service = service;
        this.props = props;
        this.logger = logger;
    }

    /** A pool that is not connected yet. */
    HikariDataSource pool(ClassLoader loader) {
        String url = text("url");
        if (url == null) {
            throw new IllegalArgumentException(
                    "the prop \"" + service + ".url\" is missing: it is the JDBC URL of the"
                            + " database, such as jdbc:postgresql://host/name");
        }
        // Made empty and then filled, a data source connects when it is first asked.
        HikariDataSource pool = new HikariDataSource();
        pool.setPoolName(service);
        pool.setAutoCommit(false);
        tune(pool);
        pool.setJdbcUrl(url);
        pool.setDriverClassName(JdbcDriver.className(service, url, text("classname"), loader));
        if (text("username") != null) pool.setUsername(text("username"));
        if (text("password") != null) pool.setPassword(text("password"));
        props.forEach((key, value) -> addDriverProperty(pool, key, value));
        return pool;
    }

    /** A prop that must be a string if it is there. */
    private String text(String key) {
        Object value = props.get(key);
        if (value == null || value instanceof String) return (String) value;
        throw new IllegalArgumentException(
                "the prop \"" + service + "." + key + "\" must be a string, but is "
                        + describe(value));
    }

    private void tune(HikariConfig pool) {
        Object settings = props.get("pool");
        if (settings == null) return;
        if (!(settings instanceof Map<?, ?> map)) {
            throw new IllegalArgumentException(
                    "the prop \"" + service + ".pool\" must be an object, but is "
                            + describe(settings));
        }
        Properties properties = new Properties();
        map.forEach((key, value) -> properties.put(key, String.valueOf(value)));
        try {
            new HikariConfig(properties).copyStateTo(pool);
        } catch (RuntimeException error) {
            throw new IllegalArgumentException(
                    "the prop \"" + service + ".pool\" has a setting that HikariCP refuses: "
                            + error.getMessage(),
                    error);
        }
        pool.setPoolName(service);
        pool.setAutoCommit(false);
    }

    private void addDriverProperty(HikariConfig pool, String key, Object value) {
        if (KNOWN.contains(key) || value == null) return;
        if (value instanceof String || value instanceof Number || value instanceof Boolean) {
            pool.addDataSourceProperty(key, String.valueOf(value));
        } else {
            logger.warning(
                    "The prop \"" + service + "." + key + "\" is not used: what goes to the driver"
                            + " must be a string, a number or a boolean, but this is "
                            + describe(value));
        }
    }

    private static String describe(Object value) {
        if (value instanceof Map) return "an object";
        if (value instanceof Iterable) return "a list";
        if (value instanceof Boolean) return "a boolean";
        return value instanceof Number ? "a number" : "a " + value.getClass().getName();
    }
}
