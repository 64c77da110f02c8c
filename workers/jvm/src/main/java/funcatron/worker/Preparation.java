package funcatron.worker;

import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;

/**
 * Shortens the start of the process, of which the runner waits for every millisecond: what takes
 * longest is done beside the rest.
 */
final class Preparation extends Thread {
    private static final String PROVIDER = "java.nio.channels.spi.SelectorProvider";
    private static final String LINUX = "sun.nio.ch.EPollSelectorProvider";

    private Preparation() {
        super(null, null, "funcatron start", 0, false);
        setDaemon(true);
    }

    /** Does what nothing has to wait for, and begins the rest. */
    static void begin() {
        new Preparation().start();
        if (System.getProperty("os.name").equals("Linux") && isThere(LINUX)) {
            // Else the JDK looks through the class path for another one first.
            System.setProperty(PROVIDER, LINUX);
        }
    }

    /** The JDK's class for UNIX sockets makes one at its start, in case it has to invent a name. */
    @Override
    public void run() {
        try {
            SecureRandom.getInstance("NativePRNGNonBlocking");
        } catch (NoSuchAlgorithmException elsewhere) {
            // Then the JDK does without, too.
        }
    }

    private static boolean isThere(String className) {
        try {
            Class.forName(className, false, null);
            return true;
        } catch (ClassNotFoundException absent) {
            return false;
        }
    }
}
