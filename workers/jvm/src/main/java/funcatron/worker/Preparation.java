package funcatron.worker;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** Has ready what the connection of the first worker takes, which else would wait for it. */
final class Preparation extends Thread {
    private static final String PROVIDER = "java.nio.channels.spi.SelectorProvider";
    private static final String LINUX = "sun.nio.ch.EPollSelectorProvider";

    private Preparation() {
        super(null, null, "funcatron start", 0, false);
        setDaemon(true);
    }

    /** Begins with it. */
    static void begin() {
        if (System.getProperty("os.name").equals("Linux") && isThere(LINUX)) {
            // Else the JDK looks through the class path for another one first.
            System.setProperty(PROVIDER, LINUX);
        }
        new Preparation().start();
    }

    @Override
    public void run() {
        try {
            // The JDK's UNIX sockets begin with random numbers, in case they have to invent a name.
            SocketChannel.open(StandardProtocolFamily.UNIX).close();
            Selector.open().close();
        } catch (IOException | UnsupportedOperationException odd) {
            // Whoever needs it will say so.
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
