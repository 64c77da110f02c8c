package funcatron.worker.end;

import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Enumeration;

/** Takes the JDBC drivers of a bundle out of the JDK's list; defined by the bundle's loader. */
public final class DriverSweep implements Runnable {
    /** Made by reflection. */
    public DriverSweep() {}

    @Override
    public void run() {
        Enumeration<Driver> drivers = DriverManager.getDrivers();
        while (drivers.hasMoreElements()) {
            Driver driver = drivers.nextElement();
            if (driver.getClass().getClassLoader() == DriverSweep.class.getClassLoader()) {
                try {
                    DriverManager.deregisterDriver(driver);
                } catch (SQLException odd) {
                    // Others may still go.
                }
            }
        }
    }
}
