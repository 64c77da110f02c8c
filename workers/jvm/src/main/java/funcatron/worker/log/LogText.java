package funcatron.worker.log;

import funcatron.worker.call.Call;
import funcatron.worker.call.StackText;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/** Makes one line of a log record. */
final class LogText {
    private LogText() {}

    /** Sends a record behind what the text already says; its parameters follow its message. */
    static void send(LogLines lines, LogRecord record, StringBuilder text, Call call) {
        text.append(record.getMessage());
        Object[] parameters = record.getParameters();
        if (parameters != null) {
            for (Object parameter : parameters) {
                text.append(' ').append(parameter);
            }
        }
        if (record.getThrown() != null) {
            text.append('\n').append(StackText.of(record.getThrown()));
        }
        lines.line(level(record.getLevel()), text.toString(), call);
    }

    private static String level(Level level) {
        int value = level.intValue();
        if (value >= Level.SEVERE.intValue()) {
            return "error";
        }
        if (value >= Level.WARNING.intValue()) {
            return "warn";
        }
        return value >= Level.INFO.intValue() ? "info" : "debug";
    }
}
