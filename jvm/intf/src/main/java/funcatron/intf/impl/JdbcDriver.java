package funcatron.intf.impl;

import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/** Finds the JDBC drivers of a bundle, and lets go of them. */
final class JdbcDriver {
    private static final Map<String, String> DEPENDENCIES =
            Map.of(
                    "h2", "com.h2database:h2",
                    "hsqldb", "org.hsqldb:hsqldb",
                    "postgresql", "org.postgresql:postgresql",
                    "mysql", "com.mysql:mysql-connector-j",
                    "mariadb", "org.mariadb.jdbc:mariadb-java-client",
                    "sqlserver", "com.microsoft.sqlserver:mssql-jdbc",
                    "oracle", "com.oracle.database.jdbc:ojdbc11",
                    "sqlite", "org.xerial:sqlite-jdbc",
                    "db2", "com.ibm.db2:jcc");

    private JdbcDriver() {}

    /** The class of the driver: the one that is named, else one that accepts the URL. */
    static String className(String service, String url, String named, ClassLoader loader) {
        if (named == null) return accepting(service, url, loader);
        try {
            if (Driver.class.isAssignableFrom(Class.forName(named, false, loader))) return named;
        } catch (ClassNotFoundException error) {
            throw new IllegalArgumentException(
                    "the prop \"" + service + ".classname\" names the driver " + named
                            + ", which is not in the bundle: add " + dependency(url)
                            + " to the build, so that the uberjar has it",
                    error);
        }
        throw new IllegalArgumentException(
                "the prop \"" + service + ".classname\" names " + named
                        + ", which is no java.sql.Driver");
    }

    // DriverManager looks for drivers once per JVM, and so misses those of every bundle that is
    // loaded later.
    private static String accepting(String service, String url, ClassLoader loader) {
        Iterator<Driver> drivers = ServiceLoader.load(Driver.class, loader).iterator();
        while (true) {
            try {
                if (!drivers.hasNext()) break;
                Driver driver = drivers.next();
                if (driver.acceptsURL(url)) return driver.getClass().getName();
            } catch (ServiceConfigurationError | SQLException unusable) {
                // One driver that cannot be made must not hide the others.
                continue;
            }
        }
        for (Driver driver : Collections.list(DriverManager.getDrivers())) {
            try {
                if (driver.acceptsURL(url)) return driver.getClass().getName();
            } catch (SQLException unusable) {
                continue;
            }
        }
        throw new IllegalArgumentException(
                "no driver in the bundle accepts the URL of \"" + service + "\", " + shown(url)
                        + ": add " + dependency(url) + " to the build, so that the uberjar has it."
                        + " If it has, name its class in \"" + service + ".classname\"");
    }

    private static String dependency(String url) {
        String[] parts = url.split(":", 3);
        String known = parts.length < 2 ? null : DEPENDENCIES.get(parts[1]);
        return known == null ? "the dependency of the driver" : "the dependency " + known;
    }

    /** As much of a URL as has no secrets. */
    private static String shown(String url) {
        String[] parts = url.split(":", 3);
        return parts.length < 3 ? "which is no JDBC URL" : parts[0] + ":" + parts[1] + ":...";
    }

    /**
     * Takes the bundle's drivers out of DriverManager, where they would keep its class loader
     * alive. Only a driver's own loader may; and in an application of its own they are not the
     * bundle's.
     */
    static void deregisterAll(ClassLoader loader) {
        if (loader == ClassLoader.getSystemClassLoader()) return;
        for (Driver driver : Collections.list(DriverManager.getDrivers())) {
            if (driver.getClass().getClassLoader() != loader) continue;
            try {
                DriverManager.deregisterDriver(driver);
            } catch (SQLException | SecurityException error) {
                continue;
            }
        }
    }
}
