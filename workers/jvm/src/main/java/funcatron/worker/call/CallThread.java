package funcatron.worker.call;

import funcatron.worker.Worker;
import funcatron.worker.json.Bytes;

/** A thread of a bundle that runs its calls, one at a time. */
public final class CallThread extends Thread {
    /** Whose it is. */
    public final Worker worker;

    /** What answers are written to before they are sent. */
    final Bytes scratch = new Bytes();

    /** Whether it was told that there is something to do; guarded by the pool. */
    boolean isWoken;

    private final CallPool pool;
    private Call call;

    CallThread(Worker worker, CallPool pool, String name) {
        super(worker.group(), null, name, 0, false);
        this.worker = worker;
        this.pool = pool;
        setDaemon(true);
    }

    /** The call it runs, or {@code null}. */
    public Call call() {
        return call;
    }

    void call(Call begun) {
        call = begun;
    }

    @Override
    public void run() {
        for (Runnable task = pool.take(this); task != null; task = pool.take(this)) {
            task.run();
            task = null;
        }
    }
}
