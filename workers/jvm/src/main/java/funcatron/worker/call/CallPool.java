package funcatron.worker.call;

import funcatron.worker.Worker;
import funcatron.worker.wire.FrameWriter;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads of one bundle: made when they are needed, gone when idle, never more than the
 * bundle's concurrency. At most one thread is being woken at a time, and it wakes the next if there
 * is still work: so calls that are short share few threads, and none waits for a long one.
 *
 * <p>A thread writes its answers when it has nothing else to do, or else leaves that to the thread
 * which is about to wake: so answers that come together go together.
 */
public final class CallPool {
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Worker worker;
    private final FrameWriter writer;
    private final String name;
    private final int threadsMax;
    private final ArrayDeque<Runnable> queue = new ArrayDeque<>();
    private final ArrayDeque<CallThread> idle = new ArrayDeque<>();
    private int threads;
    private int named;

    /** Threads whose call nobody waits for any more: others may take their place. */
    private int stuck;

    private boolean waking;
    private boolean closed;

    /** A pool without threads. */
    public CallPool(Worker worker, FrameWriter writer, String name, int threadsMax) {
        this.worker = worker;
        this.writer = writer;
        this.name = name;
        this.threadsMax = Math.max(1, threadsMax);
    }

    /** Has one of the threads do something. */
    public void submit(Runnable task) {
        CallThread next = null;
        synchronized (this) {
            queue.add(task);
            if (!waking) {
                next = wake();
            }
        }
        rouse(next);
    }

    /** Lets threads end that have nothing to do; what is queued is dropped. */
    public void close() {
        CallThread[] sleepers;
        synchronized (this) {
            closed = true;
            queue.clear();
            sleepers = idle.toArray(new CallThread[0]);
        }
        for (CallThread sleeper : sleepers) {
            LockSupport.unpark(sleeper);
        }
    }

    synchronized void countStuck(int more) {
        stuck += more;
    }

    /** Waits for something to do; {@code null} ends the thread. */
    Runnable take(CallThread thread) {
        for (;;) {
            CallThread next = null;
            Runnable task;
            boolean isMine;
            synchronized (this) {
                isMine = thread.isWoken;
                if (isMine) {
                    thread.isWoken = false;
                    waking = false;
                }
                task = queue.poll();
                if (task instanceof Call call) {
                    call.begin(thread);
                }
                if (task == null) {
                    idle.addLast(thread);
                    isMine = true;
                } else if (!waking) {
                    isMine = true;
                    next = queue.isEmpty() ? null : wake();
                }
            }
            if (isMine) {
                writer.flush();
            }
            rouse(next);
            if (task != null || !sleep(thread)) {
                return task;
            }
        }
    }

    /** Sleeps until there is something to do; false if the thread is to end. */
    private boolean sleep(CallThread thread) {
        long end = System.nanoTime() + IDLE_NANOS;
        for (;;) {
            long left = end - System.nanoTime();
            synchronized (this) {
                if (thread.isWoken) {
                    return true;
                }
                if (left <= 0 || closed) {
                    idle.remove(thread);
                    threads--;
                    return false;
                }
            }
            LockSupport.parkNanos(this, left);
            Thread.interrupted();
        }
    }

    /** Chooses who is to wake: the last that fell asleep, or a new thread. */
    private CallThread wake() {
        CallThread next = idle.pollLast();
        if (next == null) {
            if (closed || threads >= threadsMax + Math.min(stuck, threadsMax)) {
                return null;
            }
            next = new CallThread(worker, this, name + " " + ++named);
            threads++;
        }
        next.isWoken = true;
        waking = true;
        return next;
    }

    private void rouse(CallThread thread) {
        if (thread == null) {
            return;
        }
        if (thread.getState() != Thread.State.NEW) {
            LockSupport.unpark(thread);
            return;
        }
        try {
            thread.start();
        } catch (OutOfMemoryError none) {
            synchronized (this) {
                threads--;
                waking = false;
            }
            throw none;
        }
    }
}
