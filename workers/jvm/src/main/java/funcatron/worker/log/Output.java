package funcatron.worker.log;

import funcatron.worker.Worker;
import funcatron.worker.call.Call;
import funcatron.worker.call.CallThread;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** System.out or System.err: what is printed belongs to the call, or the bundle, of the thread. */
public final class Output extends OutputStream {
    private static final PrintStream[] CONSOLE = {stream(0, true), stream(1, true)};

    private final int index;
    private final String level;
    private final boolean isConsole;
    private final FileOutputStream process;

    private Output(int index, boolean isConsole) {
        this.index = index;
        this.isConsole = isConsole;
        level = index == 0 ? "info" : "warn";
        process = new FileOutputStream(index == 0 ? FileDescriptor.out : FileDescriptor.err);
    }

    /** What System.out and System.err are to a bundle that has set neither. */
    public static PrintStream[] console() {
        return CONSOLE.clone();
    }

    /** Takes the place of both for good. */
    public static void install() {
        System.setOut(stream(0, false));
        System.setErr(stream(1, false));
    }

    private static PrintStream stream(int index, boolean isConsole) {
        return new PrintStream(new Output(index, isConsole), false, StandardCharsets.UTF_8);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        Thread thread = Thread.currentThread();
        Call call = thread instanceof CallThread own ? own.call() : null;
        Worker worker = call == null ? Worker.of(thread) : ((CallThread) thread).worker;
        // What Java itself prints, such as a stack, goes where the bundle wants it.
        PrintStream chosen = isConsole || worker == null ? null : worker.state().chosen(index);
        if (chosen != null) {
            chosen.write(bytes, offset, length);
        } else if (call != null) {
            call.lines(index, level).write(bytes, offset, length);
        } else if (worker != null) {
            worker.ownLines(index).write(bytes, offset, length);
        } else {
            process.write(bytes, offset, length);
        }
    }

    @Override
    public void write(int single) throws IOException {
        write(new byte[] {(byte) single}, 0, 1);
    }
}
