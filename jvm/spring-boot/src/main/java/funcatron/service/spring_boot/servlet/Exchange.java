package funcatron.service.spring_boot.servlet;

import funcatron.service.spring_boot.servlet.AsyncCall.Wish;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * The state of one call that several threads share: the driver, which runs servlets and reads the
 * answer, and those that an asynchronous call was left to. All of it is guarded by this object.
 */
final class Exchange {
    /** Bytes another thread may be ahead of who reads. */
    private static final int WINDOW = 1 << 20;

    private final WebApp app;
    private final Request request;
    private final Response response;
    private final Spool spool = new Spool();
    private final boolean isHead;
    private long headSize;
    private AsyncCall async;
    private long deadlineNs;
    private volatile Thread driver;
    private boolean isServing;
    private boolean isAbandoned;
    private boolean isOver;
    private String sessionId;

    Exchange(WebApp app, Facts facts, Target target, InputStream body) {
        this.app = app;
        request = new Request(this, facts, target, body);
        response = new Response(this);
        isHead = request.getMethod().equals("HEAD");
    }

    WebApp app() {
        return app;
    }

    Request request() {
        return request;
    }

    Response response() {
        return response;
    }

    boolean isHead() {
        return isHead;
    }

    /** Size of the body that a HEAD is spared. */
    synchronized long headSize() {
        return headSize;
    }

    /**
     * Has another thread wait until the one of the request has left its filters: those may be about
     * to write headers, and neither they nor a response can be written by two.
     */
    void awaitTurn() {
        if (Thread.currentThread() == driver) return;
        synchronized (this) {
            try {
                while (isServing && async != null && !isAbandoned && !isOver) wait();
            } catch (InterruptedException cancelled) {
                Thread.currentThread().interrupt();
            }
        }
    }

    // What is written.

    synchronized void write(byte[] bytes, int offset, int length) throws IOException {
        boolean mayWait = async != null && Thread.currentThread() != driver && !isHead;
        while (mayWait && spool.size() >= WINDOW && !isAbandoned && !isOver) pause();
        if (isAbandoned) throw new IOException("nobody waits for the answer any more");
        if (isHead) headSize += length;
        else spool.write(bytes, offset, length);
        notifyAll();
    }

    private void pause() throws IOException {
        try {
            wait();
        } catch (InterruptedException cancelled) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the answer waits for its reader", cancelled);
        }
    }

    /** Forgets what was written and not read. */
    synchronized void dropWritten() {
        headSize = 0;
        close();
    }

    synchronized int read(byte[] bytes, int offset, int length) throws IOException {
        int count = spool.read(bytes, offset, length);
        notifyAll();
        return count;
    }

    synchronized boolean hasBytes() {
        return spool.size() > 0;
    }

    /** All that was written, if it is no more than what is kept in memory; else null. */
    synchronized byte[] readWhole() throws IOException {
        return spool.isInMemory() ? spool.readAll() : null;
    }

    synchronized void close() {
        try {
            spool.close();
        } catch (IOException unusable) {
            // A file that cannot be closed is still gone for this call.
            headSize = 0;
        }
    }

    // The session that the response has to name.

    synchronized void nameSession(String id) {
        sessionId = id;
    }

    void mustNotBeCommitted(String otherwise) {
        if (response.isCommitted())
            throw new IllegalStateException(otherwise + ": the response is committed");
    }

    /** The last moment for headers. */
    void committing() {
        String id = sessionId;
        sessionId = null;
        if (id == null) return;
        String path = request.getContextPath();
        response.addCookie(app.context().sessionCookie().of(id, path, request.isSecure()));
    }

    // Asynchronous calls.

    synchronized AsyncCall startAsync(
            ServletRequest from, ServletResponse to, boolean isOriginal) {
        if (async != null) throw new IllegalStateException("the call is asynchronous already");
        if (isOver) throw new IllegalStateException("the call is over");
        async = new AsyncCall(this, from, to, isOriginal);
        deadlineNs = Long.MAX_VALUE;
        return async;
    }

    synchronized boolean isAsyncStarted() {
        return async != null;
    }

    /** The asynchronous call that goes on; null if none does. */
    synchronized AsyncCall async() {
        return async;
    }

    synchronized void ask(AsyncCall by, Wish wish, String path) {
        by.ask(wish, path);
        notifyAll();
    }

    // What the driver does.

    synchronized void driveBy(Thread thread) {
        driver = thread;
    }

    synchronized void beginServing() {
        isServing = true;
    }

    /** The servlet has returned: from now on time counts, if the call goes on. */
    synchronized boolean goesOn() {
        isServing = false;
        notifyAll();
        if (async == null) return false;
        long timeoutMs = async.getTimeout();
        if (timeoutMs > 0)
            deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        return true;
    }

    /** The asynchronous call is dispatched or ends: another may start. */
    synchronized void endAsync() {
        async = null;
    }

    synchronized void abandon() {
        isAbandoned = true;
        notifyAll();
    }

    synchronized boolean isAbandoned() {
        return isAbandoned;
    }

    synchronized void over() {
        isOver = true;
        notifyAll();
    }

    synchronized boolean isOver() {
        return isOver;
    }

    /** Why waiting ended. */
    enum Reason {
        ENOUGH,
        WISH,
        LATE,
        ABANDONED
    }

    /** Waits until there is something for the driver to do; an interrupt abandons the call. */
    synchronized Reason await(BooleanSupplier isEnough) {
        try {
            for (;;) {
                if (isAbandoned) return Reason.ABANDONED;
                if (async.wish() != Wish.NONE) return Reason.WISH;
                if (isEnough.getAsBoolean()) return Reason.ENOUGH;
                long leftNs = deadlineNs - System.nanoTime();
                if (deadlineNs == Long.MAX_VALUE) wait();
                else if (leftNs <= 0) return Reason.LATE;
                else TimeUnit.NANOSECONDS.timedWait(this, leftNs);
            }
        } catch (InterruptedException cancelled) {
            Thread.currentThread().interrupt();
            isAbandoned = true;
            return Reason.ABANDONED;
        }
    }
}
