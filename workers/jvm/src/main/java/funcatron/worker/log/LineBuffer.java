package funcatron.worker.log;

import funcatron.worker.call.Call;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Makes lines of bytes that somebody prints. */
public final class LineBuffer {
    private static final int BYTES_MAX = 64 * 1024;

    private final LogLines lines;
    private final String level;
    private final Call call;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream(128);
    private boolean isCut;

    /** Lines of a level, of a call or ({@code null}) of the bundle. */
    public LineBuffer(LogLines lines, String level, Call call) {
        this.lines = lines;
        this.level = level;
        this.call = call;
    }

    /** Adds bytes; every line that ends in them is sent. */
    synchronized void write(byte[] bytes, int offset, int length) {
        int start = offset;
        int end = offset + length;
        for (int at = offset; at < end; at++) {
            if (bytes[at] == '\n') {
                add(bytes, start, at);
                send();
                start = at + 1;
            }
        }
        add(bytes, start, end);
    }

    /** Sends lines that have not ended; takes {@code null}, or an array with such in it. */
    public static void endAll(LineBuffer[] buffers) {
        if (buffers != null) {
            for (LineBuffer buffer : buffers) {
                if (buffer != null) {
                    buffer.end();
                }
            }
        }
    }

    private synchronized void end() {
        if (line.size() > 0) {
            send();
        }
    }

    private void add(byte[] bytes, int start, int end) {
        int count = Math.min(end - start, BYTES_MAX - line.size());
        line.write(bytes, start, count);
        isCut = isCut || count < end - start;
    }

    private void send() {
        String text = line.toString(StandardCharsets.UTF_8);
        line.reset();
        if (text.endsWith("\r")) {
            text = text.substring(0, text.length() - 1);
        }
        lines.line(level, isCut ? text + "... (cut)" : text, call);
        isCut = false;
    }
}
