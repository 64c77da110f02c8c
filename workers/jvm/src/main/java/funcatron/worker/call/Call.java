package funcatron.worker.call;

import funcatron.worker.Worker;
import funcatron.worker.bundle.Bundle;
import funcatron.worker.bundle.Func;
import funcatron.worker.json.Bytes;
import funcatron.worker.log.LineBuffer;
import funcatron.worker.wire.Frame;
import funcatron.worker.wire.FrameWriter;
import java.io.ByteArrayOutputStream;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** One call: the connection's reader tells it what comes, a thread of the bundle runs it. */
public final class Call implements Runnable, BooleanSupplier {
    private static final byte[] EMPTY = new byte[0];

    final Worker worker;
    final Head head;
    private final int stream;
    private final CallPool pool;

    /** The body, once it is whole. */
    private byte[] body = EMPTY;

    private BodyStream inbound;
    private ByteArrayOutputStream parts;
    private ReplyWindow window;
    private Thread running;
    private volatile boolean cancelled;
    private volatile boolean answered;
    private boolean isStuck;
    private LineBuffer[] lines;

    /** A call that has just come. */
    public Call(Worker worker, int stream, Head head) {
        this.worker = worker;
        this.stream = stream;
        this.head = head;
        pool = worker.pool();
    }

    /** The number of its stream, or 0 when that means nothing any more. */
    public int stream() {
        return answered ? 0 : stream;
    }

    /** The request id. */
    public String id() {
        return head.id;
    }

    /** Takes a body that is whole. */
    public void receive(byte[] whole) {
        if (head.isStream) {
            openStream(whole).end();
        } else {
            body = whole;
        }
        pool.submit(this);
    }

    /** Takes the beginning of a body. */
    public void open(byte[] first) {
        if (head.isStream) {
            openStream(first);
            pool.submit(this);
        } else {
            parts = new ByteArrayOutputStream(Math.max(first.length, Frame.WINDOW_BYTES));
            parts.writeBytes(first);
        }
    }

    private BodyStream openStream(byte[] first) {
        inbound = new BodyStream(writer(), stream);
        inbound.begin(first);
        return inbound;
    }

    /** Takes more of the body. */
    public void data(byte[] chunk) {
        if (inbound != null) {
            inbound.push(chunk);
        } else if (parts != null) {
            parts.writeBytes(chunk);
            writer().putNumber(Frame.WINDOW, stream, chunk.length);
        }
    }

    /** The body is complete. */
    public void end() {
        if (inbound != null) {
            inbound.end();
        } else if (parts != null) {
            body = parts.toByteArray();
            parts = null;
            pool.submit(this);
        }
    }

    /** More of the answer may be sent. */
    public synchronized void grant(int bytes) {
        if (window != null) {
            window.grant(bytes);
        }
    }

    /** Nobody waits any more. */
    public void cancel(String why) {
        if (!interrupt()) {
            return;
        }
        if (inbound != null) {
            inbound.breakOff("the request body broke off: " + why);
        }
        if (parts != null) {
            parts = null;
            fail(Refusal.cancelled());
        }
    }

    /** Interrupts the thread that runs the call, if one does; false if that was done before. */
    private boolean interrupt() {
        boolean isRunning;
        synchronized (this) {
            if (cancelled) {
                return false;
            }
            cancelled = true;
            if (window != null) {
                window.stop();
            }
            isRunning = running != null;
            isStuck = isRunning;
            if (isRunning) {
                running.interrupt();
            }
        }
        if (isRunning) {
            pool.countStuck(1);
        }
        return true;
    }

    /** Whether nobody waits any more; what {@code $cancelled} is. */
    @Override
    public boolean getAsBoolean() {
        return cancelled;
    }

    @Override
    public void run() {
        CallThread thread = (CallThread) Thread.currentThread();
        try {
            enter(thread);
            Reply.send(this, thread.scratch.clear(), dispatch());
        } catch (OutOfMemoryError full) {
            worker.outOfMemory(this, full);
        } catch (Throwable thrown) {
            if (!worker.noticeMemory(this, thrown)) {
                fail(thrown);
            }
        } finally {
            leave(thread);
        }
    }

    /**
     * The thread is the call's. The pool says so the moment it gives the call away: whoever is
     * answered after that finds this call begun.
     */
    synchronized void begin(CallThread thread) {
        if (!cancelled) {
            running = thread;
        }
    }

    private void enter(CallThread thread) {
        if (running == null) {
            throw Refusal.cancelled();
        }
        if (worker.exited() != null) {
            throw worker.exited();
        }
        thread.call(this);
        thread.setContextClassLoader(worker.bundle().loader());
    }

    private Map<Object, Object> dispatch() {
        Bundle bundle = worker.bundle();
        Func func = bundle.func(head.key, head.operationId);
        if (func == null) {
            throw Refusal.missing("the bundle has no Func " + head.operationId);
        }
        BodyData data = BodyData.of(head, func, body, inbound);
        Map<Object, Object> request = RequestMap.of(this, bundle, func, data);
        return func.dispatcher(bundle).apply(data.input, request);
    }

    /** The thread is free; nothing of the call may reach it any more. */
    private void leave(CallThread thread) {
        boolean wasStuck;
        synchronized (this) {
            running = null;
            wasStuck = isStuck;
        }
        if (wasStuck) {
            pool.countStuck(-1);
        }
        Thread.interrupted();
        thread.call(null);
        if (inbound != null) {
            inbound.breakOff("the call has ended");
        }
    }

    /** Ends the call with what went wrong. */
    public void fail(Throwable thrown) {
        byte[] failure = null;
        int length = 0;
        if (!answered) {
            Bytes json = new Bytes();
            Failure.write(json, thrown);
            failure = json.array();
            length = json.length();
        }
        if (claim()) {
            writer().put(Frame.FAIL, stream, failure, length);
            over();
        }
    }

    /** Whether the caller is the one who ends this call. */
    boolean claim() {
        LineBuffer.endAll(lines);
        synchronized (this) {
            if (answered) {
                return false;
            }
            answered = true;
            return true;
        }
    }

    /** After the frame that ended it was given to the writer. */
    void over() {
        worker.callEnded(stream);
    }

    /** Begins an answer in chunks. */
    synchronized ReplyWindow openWindow() {
        window = new ReplyWindow();
        if (cancelled) {
            window.stop();
        }
        return window;
    }

    /** The stream's number as it is, for frames of the answer. */
    int number() {
        return stream;
    }

    boolean isAnswered() {
        return answered;
    }

    FrameWriter writer() {
        return worker.writer();
    }

    /** What the call has printed of a line that has not ended; one for each of two levels. */
    public synchronized LineBuffer lines(int index, String level) {
        if (lines == null) {
            lines = new LineBuffer[2];
        }
        if (lines[index] == null) {
            lines[index] = new LineBuffer(worker.lines(), level, this);
        }
        return lines[index];
    }
}
