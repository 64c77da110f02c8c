package funcatron.worker.end;

import funcatron.worker.json.Bytes;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.HashSet;
import java.util.Set;

/** What is told of threads that do not end. */
final class ThreadReport {
    private static final int THREADS_MAX = 10;
    private static final int FRAMES_MAX = 30;
    private static final String OURS = "funcatron.worker.";

    private ThreadReport() {}

    /** Adds a list of name, state and stack of each. */
    static void write(Bytes to, Thread[] threads) {
        to.raw("[");
        for (int index = 0; index < threads.length && index < THREADS_MAX; index++) {
            Thread thread = threads[index];
            to.raw(index == 0 ? "{\"name\":" : ",{\"name\":").string(thread.getName());
            to.raw(",\"state\":").string(thread.getState().name()).raw(",\"stack\":[");
            StackTraceElement[] stack = thread.getStackTrace();
            int end = ownFrames(stack);
            for (int frame = 0; frame < end && frame < FRAMES_MAX; frame++) {
                to.raw(frame == 0 ? "" : ",").string(stack[frame].toString());
            }
            to.raw("]}");
        }
        to.raw("]");
    }

    /** How many frames there are before those of the worker. */
    private static int ownFrames(StackTraceElement[] stack) {
        int end = 0;
        while (end < stack.length && !stack[end].getClassName().startsWith(OURS)) {
            end++;
        }
        return end == 0 ? stack.length : end;
    }

    /** Who waits for whom, if some of the threads do so in a circle; else {@code null}. */
    static String deadlock(Thread[] threads) {
        ThreadMXBean bean = ManagementFactory.getThreadMXBean();
        long[] ids = bean.findDeadlockedThreads();
        if (ids == null) {
            return null;
        }
        Set<Long> ours = new HashSet<>();
        for (Thread thread : threads) {
            ours.add(thread.getId());
        }
        StringBuilder text = new StringBuilder();
        for (ThreadInfo info : bean.getThreadInfo(ids)) {
            if (info != null && ours.contains(info.getThreadId())) {
                text.append(text.isEmpty() ? "" : "; ").append(info.getThreadName());
                text.append(" waits for ").append(info.getLockName());
                text.append(", which ").append(info.getLockOwnerName()).append(" holds");
            }
        }
        return text.isEmpty() ? null : text.toString();
    }
}
