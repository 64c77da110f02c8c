package funcatron.worker;

import funcatron.worker.bundle.BundleWarmup;
import funcatron.worker.log.FuncLogger;
import funcatron.worker.log.LogHandler;
import java.net.URLConnection;

/** What the first bundle would wait for, done while the process waits for the first bundle. */
final class Warmup extends Thread {
    private Warmup() {
        super(null, null, "funcatron warm-up", 0, false);
        setDaemon(true);
    }

    /** Begins with it. */
    static void begin() {
        new Warmup().start();
    }

    @Override
    public void run() {
        try {
            // Files that JarURLConnection keeps open would outlive their bundles.
            URLConnection.setDefaultUseCaches("jar", false);
            LogHandler.install();
            new FuncLogger(null, "", null);
            BundleWarmup.run();
        } catch (RuntimeException | LinkageError odd) {
            // Whoever needs it will say so.
        }
    }
}
