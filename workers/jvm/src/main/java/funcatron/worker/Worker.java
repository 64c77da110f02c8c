package funcatron.worker;

import funcatron.worker.bundle.Assignment;
import funcatron.worker.bundle.Bundle;
import funcatron.worker.bundle.BundleLoader;
import funcatron.worker.bundle.LoadFailure;
import funcatron.worker.call.Call;
import funcatron.worker.call.CallPool;
import funcatron.worker.call.Failure;
import funcatron.worker.call.StackText;
import funcatron.worker.end.Ending;
import funcatron.worker.end.WorkerGroup;
import funcatron.worker.guest.Exited;
import funcatron.worker.guest.GuestHost;
import funcatron.worker.guest.GuestState;
import funcatron.worker.json.Bytes;
import funcatron.worker.log.FuncLogger;
import funcatron.worker.log.LineBuffer;
import funcatron.worker.log.LogLines;
import funcatron.worker.log.Output;
import funcatron.worker.wire.Connection;
import funcatron.worker.wire.Frame;
import funcatron.worker.wire.FrameWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/** One bundle of this process: its connection, its classes, its threads, its calls. */
public final class Worker implements GuestHost {
    private final int number;
    private final Control control;
    private final Connection connection;
    private final FrameWriter writer;
    private final LogLines lines;
    private final LineBuffer[] ownLines;
    private final ConcurrentHashMap<Integer, Call> calls = new ConcurrentHashMap<>();
    private final GuestState state = new GuestState(Output.console());
    private final Set<Thread> hooks = new LinkedHashSet<>();
    private final AtomicBoolean over = new AtomicBoolean();
    private volatile Exited exited;
    private final WorkerGroup group;
    private volatile CallPool pool;
    private volatile Bundle bundle;
    private volatile boolean draining;

    /** Worker of a number, at a connection of its own. */
    Worker(int number, Control control, Connection connection) {
        this.number = number;
        this.control = control;
        this.connection = connection;
        writer = connection.writer();
        lines = new LogLines(writer);
        ownLines =
                new LineBuffer[] {
                    new LineBuffer(lines, "info", null), new LineBuffer(lines, "warn", null)
                };
        group = new WorkerGroup(this);
    }

    /** The worker whose bundle a thread belongs to, or {@code null}. */
    public static Worker of(Thread thread) {
        for (ThreadGroup at = thread.getThreadGroup(); at != null; at = at.getParent()) {
            if (at instanceof WorkerGroup own) {
                return own.worker();
            }
        }
        return BundleLoader.hostOf(thread.getContextClassLoader()) instanceof Worker worker
                ? worker
                : null;
    }

    /** The number the runner gave it. */
    public int number() {
        return number;
    }

    /** The group of all threads of the bundle. */
    public WorkerGroup group() {
        return group;
    }

    /** Where its frames go. */
    public FrameWriter writer() {
        return writer;
    }

    /** Its connection. */
    public Connection connection() {
        return connection;
    }

    /** Where its log goes. */
    public LogLines lines() {
        return lines;
    }

    /** What is printed by threads that run no call, of one of two levels. */
    public LineBuffer ownLines(int index) {
        return ownLines[index];
    }

    /** The threads of its calls. */
    public CallPool pool() {
        return pool;
    }

    /** Its bundle, or {@code null} before ASSIGN. */
    public Bundle bundle() {
        return bundle;
    }

    /** The calls that were not ended. */
    ConcurrentHashMap<Integer, Call> calls() {
        return calls;
    }

    /** Takes ASSIGN: a thread of the bundle loads it, since its code may do anything. */
    void assign(byte[] payload) throws IOException {
        Assignment assignment = new Assignment(payload);
        group.name(assignment.name);
        state.begin(assignment.isAlone, text -> lines.line("warn", text, null));
        pool = new CallPool(this, writer, assignment.name, assignment.concurrency);
        pool.submit(
                new Runnable() {
                    @Override
                    public void run() {
                        load(assignment);
                    }
                });
    }

    private void load(Assignment assignment) {
        Bytes json = new Bytes();
        try {
            bundle = new Bundle(assignment, this);
            bundle.start(new FuncLogger(lines, bundle.gitSha, null));
            bundle.describe(json);
            writer.put(Frame.ASSIGNED, 0, json.array(), json.length());
        } catch (Throwable thrown) {
            if (noticeMemory(null, thrown)) {
                return;
            }
            Throwable cause = Failure.unwrap(thrown);
            boolean isPlain = cause instanceof LoadFailure || cause instanceof Exited;
            json.clear().raw("{\"message\":");
            json.string(isPlain ? cause.getMessage() : LoadFailure.words(cause));
            if (!isPlain) {
                json.raw(",\"stack\":").string(StackText.of(cause));
            }
            json.raw("}");
            writer.put(Frame.REFUSED, 0, json.array(), json.length());
        }
        writer.flush();
        Memory.prepare();
    }

    /** A call was ended: its last frame was given to the writer. */
    public void callEnded(int stream) {
        calls.remove(stream);
        if (draining) {
            endIfDone();
        }
    }

    /** Takes no more calls, and ends after the last. */
    void drain() {
        draining = true;
        endIfDone();
    }

    private void endIfDone() {
        if (calls.isEmpty()) {
            end("drained", null, null);
        }
    }

    /** Ends it, once; what there is to do takes a thread of its own. */
    boolean end(String reason, Integer code, String words) {
        if (!over.compareAndSet(false, true)) {
            return false;
        }
        new Ending(this, control, reason, code, words).start();
        return true;
    }

    /** Whether it has ended or is about to. */
    public boolean isOver() {
        return over.get();
    }

    /** A thread of the bundle met the limit. */
    public void outOfMemory(Call call, OutOfMemoryError error) {
        Memory.relieve();
        try {
            if (Memory.isUsedUp(error)) {
                end("memory", null, error.toString());
                return;
            }
            Memory.prepare();
            if (call != null) {
                call.fail(error);
            }
        } catch (OutOfMemoryError none) {
            Memory.surrender();
        }
    }

    /** Whether something was thrown for lack of memory, and the worker ends for that. */
    public boolean noticeMemory(Call call, Throwable thrown) {
        Throwable at = thrown;
        for (int depth = 0; depth < 10 && at != null; depth++) {
            if (at instanceof OutOfMemoryError error) {
                outOfMemory(call, error);
                return call != null || isOver();
            }
            at = at.getCause();
        }
        return false;
    }

    @Override
    public void exit(int code) {
        Exited thrown = new Exited(code);
        exited = thrown;
        if (end("exit", code, thrown.getMessage())) {
            for (Call call : calls.values()) {
                call.fail(thrown);
            }
            writer.flush();
        }
        throw thrown;
    }

    /** How its bundle ended itself, or {@code null}; calls that come after that never begin. */
    public Exited exited() {
        return exited;
    }

    @Override
    public Map<String, String> environment() {
        return bundle.assignment.environment;
    }

    @Override
    public GuestState state() {
        return state;
    }

    @Override
    public void addHook(Thread hook) {
        synchronized (hooks) {
            if (isOver()) {
                throw new IllegalStateException("Shutdown in progress");
            }
            hooks.add(hook);
        }
    }

    @Override
    public boolean removeHook(Thread hook) {
        synchronized (hooks) {
            return hooks.remove(hook);
        }
    }

    /** What the bundle wanted to run at its end; they are given away once. */
    public List<Thread> takeHooks() {
        synchronized (hooks) {
            List<Thread> taken = new ArrayList<>(hooks);
            hooks.clear();
            return taken;
        }
    }

    /** Lets go of all that is the bundle's. */
    public void forget() {
        LineBuffer.endAll(ownLines);
        group.forget();
        state.forget();
        calls.clear();
        bundle = null;
        pool = null;
    }
}
