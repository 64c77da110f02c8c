package funcatron.worker.end;

import funcatron.worker.Worker;
import funcatron.worker.call.StackText;
import funcatron.worker.guest.Exited;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;

/** The threads of one bundle: those of its calls and those they start. */
public final class WorkerGroup extends ThreadGroup {
    private static final int MORE = 16;

    private volatile Worker worker;
    private volatile String bundle = "bundle";

    /** The group of a worker. */
    public WorkerGroup(Worker worker) {
        super("funcatron worker " + worker.number());
        this.worker = worker;
    }

    /** Whose group it is; {@code null} once that is over. */
    public Worker worker() {
        return worker;
    }

    /** The name of the bundle, which is in the names of its threads. */
    public String bundle() {
        return bundle;
    }

    /** Sets the name of the bundle. */
    public void name(String name) {
        bundle = name;
    }

    /** The threads that run now, without those that the JVM made for all. */
    Thread[] threads() {
        Thread[] all = new Thread[activeCount() + MORE];
        int count = enumerate(all);
        int kept = 0;
        for (int index = 0; index < count; index++) {
            if (!isShared(all[index])) {
                all[kept++] = all[index];
            }
        }
        return java.util.Arrays.copyOf(all, kept);
    }

    /** Knows its worker no more, though a thread live on. */
    @SuppressWarnings({"deprecation", "removal"}) // of Java 18 and older: else its parent keeps it
    public void forget() {
        worker = null;
        try {
            destroy();
        } catch (IllegalThreadStateException inhabited) {
            // It is small.
        }
    }

    @Override
    public void uncaughtException(Thread thread, Throwable thrown) {
        Worker own = worker;
        if (own == null || thrown instanceof Exited || own.noticeMemory(null, thrown)) {
            return;
        }
        String text = "thread " + thread.getName() + " ended: " + StackText.of(thrown);
        own.lines().line("error", text, null);
    }

    private static boolean isShared(Thread thread) {
        return thread instanceof ForkJoinWorkerThread worker
                && worker.getPool() == ForkJoinPool.commonPool();
    }
}
