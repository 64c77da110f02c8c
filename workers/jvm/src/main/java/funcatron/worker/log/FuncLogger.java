package funcatron.worker.log;

import funcatron.worker.call.Call;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * The logger a bundle is given: its lines begin with
 * {@code [<source class>:GIT:<commit>&REQ:<request id>] - }, as they always did.
 */
public final class FuncLogger extends Logger {
    private final LogLines lines;
    private final String gitSha;
    private final Call call;

    /** The logger of a call, or ({@code null}) of the bundle. */
    public FuncLogger(LogLines lines, String gitSha, Call call) {
        super(null, null);
        this.lines = lines;
        this.gitSha = gitSha;
        this.call = call;
    }

    @Override
    public boolean isLoggable(Level level) {
        return level.intValue() >= Level.FINE.intValue() && level != Level.OFF;
    }

    @Override
    public void log(LogRecord record) {
        if (!isLoggable(record.getLevel())) {
            return;
        }
        StringBuilder text = new StringBuilder(160);
        text.append('[').append(record.getSourceClassName()).append(":GIT:").append(gitSha);
        text.append("&REQ:").append(call == null ? "?" : call.id()).append("] - ");
        LogText.send(lines, record, text, call);
    }
}
