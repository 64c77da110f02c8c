package funcatron.worker.end;

import funcatron.worker.Control;
import funcatron.worker.Memory;
import funcatron.worker.Worker;
import funcatron.worker.bundle.Bundle;
import funcatron.worker.json.Bytes;
import java.util.concurrent.TimeUnit;

/** Ends a worker: its services, its threads, its files, its connection; then says so. */
public final class Ending extends Thread {
    private static final long CLOSE_MS = 10_000;
    private static final long INTERRUPTED_MS = 2000;
    private static final long DEADLOCK_MS = 1000;
    private static final long POLL_MS = 5;
    private static final long SENT_MS = 500;

    private final Worker worker;
    private final Control control;
    private final String reason;
    private final Integer code;
    private final String words;
    private String deadlock;

    /** @param code of an exit, or {@code null}; so are words that say why */
    public Ending(Worker worker, Control control, String reason, Integer code, String words) {
        super(worker.group().getParent(), null, "funcatron end " + worker.number(), 0, false);
        this.worker = worker;
        this.control = control;
        this.reason = reason;
        this.code = code;
        this.words = words;
        setDaemon(true);
        setContextClassLoader(Ending.class.getClassLoader());
    }

    /** Loads the classes it takes, for when there is no room to load any. */
    public static void prepare() {
        for (Class<?> needed :
                new Class<?>[] {
                    Ending.class,
                    Farewell.class,
                    Threads.class,
                    ThreadReport.class,
                    DriverSweep.class,
                    PlatformCaches.class
                }) {
            try {
                Class.forName(needed.getName(), true, Ending.class.getClassLoader());
            } catch (ClassNotFoundException never) {
                throw new IllegalStateException(never);
            }
        }
    }

    @Override
    public void run() {
        try {
            end();
        } catch (OutOfMemoryError none) {
            Memory.surrender();
        }
    }

    private void end() {
        int number = worker.number();
        Bytes json = new Bytes();
        try {
            json.raw("{\"reason\":").string(reason);
            if (code != null) {
                json.raw(",\"code\":").number(code);
            }
            if (words != null) {
                json.raw(",\"words\":").string(words);
            }
            json.raw(",\"threads\":");
            Thread[] left = stopThreads();
            ThreadReport.write(json, left);
            if (deadlock != null) {
                json.raw(",\"deadlock\":").string(deadlock);
            }
            json.raw("}");
        } catch (RuntimeException | LinkageError odd) {
            json.clear().raw("{\"reason\":").string(reason);
            json.raw(",\"words\":").string(odd.toString());
            json.raw(",\"threads\":[]}");
        } finally {
            release();
            control.tellEnded(number, json.array(), json.length());
        }
    }

    /** Stops the bundle's threads; gives those that do not. */
    private Thread[] stopThreads() {
        Threads threads = new Threads(worker);
        Bundle bundle = worker.bundle();
        if (reason.equals("drained")) {
            join(farewell(bundle), CLOSE_MS);
            closePool();
            threads.interrupt();
        } else {
            closePool();
            threads.interrupt();
            farewell(bundle);
        }
        long start = System.nanoTime();
        for (long waited = 0; ; waited = msSince(start)) {
            Thread[] left = threads.running();
            if (left.length == 0 || waited > INTERRUPTED_MS) {
                return left;
            }
            if (waited > DEADLOCK_MS && deadlock == null) {
                deadlock = ThreadReport.deadlock(left);
            }
            pause();
        }
    }

    private Thread farewell(Bundle bundle) {
        if (bundle == null) {
            return null;
        }
        Thread thread = new Farewell(worker, bundle);
        thread.start();
        return thread;
    }

    private void closePool() {
        if (worker.pool() != null) {
            worker.pool().close();
        }
    }

    private void release() {
        Bundle bundle = worker.bundle();
        worker.forget();
        if (bundle != null) {
            bundle.close();
            PlatformCaches.forget(bundle.ownLoader());
        }
        long start = System.nanoTime();
        worker.writer().flush();
        while (!worker.writer().isIdle() && msSince(start) < SENT_MS) {
            pause();
        }
        worker.connection().close();
    }

    private static long msSince(long start) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    }

    private static void join(Thread thread, long ms) {
        try {
            if (thread != null) {
                thread.join(ms);
            }
        } catch (InterruptedException never) {
            // Nobody interrupts this thread.
        }
    }

    private static void pause() {
        try {
            Thread.sleep(POLL_MS);
        } catch (InterruptedException never) {
            // Nobody interrupts this thread.
        }
    }
}
