package funcatron.worker.end;

import funcatron.worker.Worker;
import funcatron.worker.bundle.BundleLoader;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ThreadPoolExecutor;

/** Finds and interrupts what a bundle has running: its group, and who has its class loader. */
final class Threads {
    private static final int MORE = 16;
    private static final String EXECUTORS = "java.util.concurrent.ThreadPoolExecutor$Worker";

    private final Worker worker;

    Threads(Worker worker) {
        this.worker = worker;
    }

    /** Interrupts all; timers and executors, which take no notice of that, are stopped. */
    void interrupt() {
        for (Thread thread : running()) {
            try {
                stopOwner(thread);
            } catch (ReflectiveOperationException | RuntimeException closed) {
                // An interrupt must do.
            }
            thread.interrupt();
        }
    }

    /** Those that run now. */
    Thread[] running() {
        Set<Thread> found = new LinkedHashSet<>();
        for (Thread thread : worker.group().threads()) {
            found.add(thread);
        }
        ThreadGroup root = worker.group().getParent();
        while (root.getParent() != null) {
            root = root.getParent();
        }
        Thread[] all = new Thread[root.activeCount() + MORE];
        int count = root.enumerate(all);
        for (int index = 0; index < count; index++) {
            if (BundleLoader.hostOf(all[index].getContextClassLoader()) == worker) {
                found.add(all[index]);
            }
        }
        return found.toArray(new Thread[0]);
    }

    private static void stopOwner(Thread thread) throws ReflectiveOperationException {
        if (thread.getClass().getName().equals("java.util.TimerThread")) {
            stopTimer(thread);
            return;
        }
        Object task = taskOf(thread);
        if (task != null && task.getClass().getName().equals(EXECUTORS)) {
            ((ThreadPoolExecutor) Internals.get(task, "this$0")).shutdownNow();
        }
    }

    private static void stopTimer(Thread thread) throws ReflectiveOperationException {
        Object queue = Internals.get(thread, "queue");
        synchronized (queue) {
            Internals.clear(thread, "newTasksMayBeScheduled");
            Internals.clear(queue, "size");
            queue.notifyAll();
        }
    }

    /** What a thread was made to run: in a field that Java 19 moved. */
    private static Object taskOf(Thread thread) throws ReflectiveOperationException {
        try {
            return Internals.get(thread, "target");
        } catch (NoSuchFieldException moved) {
            Object holder = Internals.get(thread, "holder");
            return holder == null ? null : Internals.get(holder, "task");
        }
    }
}
