package funcatron.worker.log;

import funcatron.worker.Worker;
import funcatron.worker.call.Call;
import funcatron.worker.call.CallThread;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What goes to java.util.logging by other ways than the logger a bundle is given. */
public final class LogHandler extends Handler {
    private LogHandler() {}

    /** Takes the place of the console for good. */
    public static void install() {
        Logger root = Logger.getLogger("");
        for (Handler handler : root.getHandlers()) {
            root.removeHandler(handler);
        }
        root.addHandler(new LogHandler());
    }

    @Override
    public void publish(LogRecord record) {
        Thread thread = Thread.currentThread();
        Call call = thread instanceof CallThread own ? own.call() : null;
        Worker worker = Worker.of(thread);
        if (worker != null) {
            LogText.send(worker.lines(), record, named(record), call);
        } else if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
            System.err.println(named(record).append(record.getMessage()));
        }
    }

    /** Names the logger only where it is none of the Func's own. */
    private static StringBuilder named(LogRecord record) {
        String name = record.getLoggerName();
        StringBuilder text = new StringBuilder(128);
        if (name != null && !name.isEmpty() && !name.equals(record.getSourceClassName())) {
            text.append(name).append(": ");
        }
        return text;
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
}
