package funcatron.worker.end;

import funcatron.worker.Worker;
import funcatron.worker.bundle.Bundle;
import funcatron.worker.call.StackText;

/** What a bundle does at its end, in a thread of its own, since it may take any time. */
final class Farewell extends Thread {
    private final Worker worker;
    private final Bundle bundle;

    Farewell(Worker worker, Bundle bundle) {
        super(worker.group(), null, worker.group().bundle() + " end", 0, false);
        this.worker = worker;
        this.bundle = bundle;
        setDaemon(true);
        setContextClassLoader(bundle.loader());
    }

    @Override
    public void run() {
        try {
            bundle.endLife();
        } catch (RuntimeException | LinkageError failed) {
            worker.lines().line("warn", "endLife failed: " + StackText.of(failed), null);
        }
        for (Thread hook : worker.takeHooks()) {
            try {
                hook.start();
                hook.join();
            } catch (IllegalThreadStateException started) {
                // It ran before.
            } catch (InterruptedException interrupt) {
                return;
            }
        }
        if (bundle.ownLoader().usesDrivers()) {
            sweepDrivers();
        }
    }

    /** The JDK keeps drivers for good, and shows them to their own class loader only. */
    private void sweepDrivers() {
        String name = "funcatron.worker.end.DriverSweep";
        try {
            Class<?> sweep = bundle.ownLoader().adopt(name);
            ((Runnable) sweep.getConstructor().newInstance()).run();
        } catch (ReflectiveOperationException | RuntimeException | LinkageError odd) {
            worker.lines().line("warn", "drivers stay registered: " + odd, null);
        }
    }
}
