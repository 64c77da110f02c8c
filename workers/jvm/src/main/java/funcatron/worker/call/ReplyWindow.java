package funcatron.worker.call;

import funcatron.worker.wire.Frame;

/** How much of an answer may be under way. */
final class ReplyWindow {
    private int left = Frame.WINDOW_BYTES;
    private boolean stopped;

    /** The runner has consumed so many bytes. */
    synchronized void grant(int bytes) {
        left += bytes;
        notifyAll();
    }

    /** Nobody reads any more. */
    synchronized void stop() {
        stopped = true;
        notifyAll();
    }

    /** Waits for room of so many bytes; throws when nobody reads any more. */
    synchronized void take(int bytes) throws InterruptedException {
        while (left < bytes && !stopped) {
            wait();
        }
        if (stopped) {
            throw Refusal.cancelled();
        }
        left -= bytes;
    }
}
