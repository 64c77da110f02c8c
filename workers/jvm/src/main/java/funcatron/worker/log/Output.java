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
    private final int index;
    private final String level;
    private final FileOutputStream process;

    private Output(int index, String level, FileDescriptor process) {
        this.index = index;
        this.level = level;
        this.process = new FileOutputStream(process);
    }

    /** Takes the place of both for good. */
    public static void install() {
        System.setOut(stream(new Output(0, "info", FileDescriptor.out)));
        System.setErr(stream(new Output(1, "warn", FileDescriptor.err)));
    }

    private static PrintStream stream(Output output) {
        return new PrintStream(output, false, StandardCharsets.UTF_8);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        Thread thread = Thread.currentThread();
        Call call = thread instanceof CallThread own ? own.call() : null;
        Worker worker = call == null ? Worker.of(thread) : null;
        if (call != null) {
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
