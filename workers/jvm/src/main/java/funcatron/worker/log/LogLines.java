package funcatron.worker.log;

import funcatron.worker.call.Call;
import funcatron.worker.json.Bytes;
import funcatron.worker.wire.Frame;
import funcatron.worker.wire.FrameWriter;
import java.nio.charset.StandardCharsets;

/** Sends what a bundle says as LOG, within the bounds the protocol has for that. */
public final class LogLines {
    private static final int TEXT_MAX = 64 * 1024;
    private static final int LINES_PER_SECOND = 1000;
    private static final long SECOND_NANOS = 1_000_000_000L;

    /** A runner that does not read is not buried in lines. */
    private static final int BACKLOG_MAX = 8 * 1024 * 1024;

    private final FrameWriter writer;
    private long second = System.nanoTime();
    private int count;
    private int dropped;

    /** Lines go out by a writer. */
    public LogLines(FrameWriter writer) {
        this.writer = writer;
    }

    /** Sends one line, of a call or ({@code null}) of the bundle. */
    public void line(String level, String text, Call call) {
        if (!mayPass()) {
            return;
        }
        Bytes json = new Bytes();
        json.raw("{\"level\":\"").raw(level).raw("\",\"text\":").string(cut(text));
        if (call != null && call.id() != null) {
            json.raw(",\"id\":").string(call.id());
        }
        json.raw("}");
        writer.put(Frame.LOG, call == null ? 0 : call.stream(), json.array(), json.length());
        writer.flush();
    }

    private boolean mayPass() {
        int lost = 0;
        boolean may;
        synchronized (this) {
            long now = System.nanoTime();
            if (now - second >= SECOND_NANOS) {
                second = now;
                count = 0;
                lost = dropped;
                dropped = 0;
            }
            may = count < LINES_PER_SECOND && writer.backlog() < BACKLOG_MAX;
            if (may) {
                count++;
            } else {
                dropped++;
            }
        }
        if (lost > 0) {
            tellDropped(lost);
        }
        return may;
    }

    private void tellDropped(int lines) {
        String text = "dropped " + lines + " lines: over " + LINES_PER_SECOND + " in a second";
        byte[] json =
                ("{\"level\":\"warn\",\"text\":\"" + text + "\"}")
                        .getBytes(StandardCharsets.US_ASCII);
        writer.put(Frame.LOG, 0, json, json.length);
    }

    private static String cut(String text) {
        return text.length() <= TEXT_MAX ? text : text.substring(0, TEXT_MAX) + "... (cut)";
    }
}
