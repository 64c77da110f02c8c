package funcatron.service.spring_boot;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.ConsoleAppender;
import java.util.Arrays;
import java.util.logging.ConsoleHandler;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives what Logback would write to the console to the host, which takes java.util.logging: with
 * its level, the call it belongs to, and its stack in one piece.
 */
final class HostAppender extends AppenderBase<ILoggingEvent> {
    private static final String CONSOLE = "CONSOLE";

    private final Handler[] host;

    private HostAppender(Handler[] host) {
        this.host = host;
    }

    /** Takes the place of Spring Boot's console, if there is a host and nobody changed it. */
    static void install() {
        Handler[] host =
                Arrays.stream(Logger.getLogger("").getHandlers())
                        .filter(one -> !(one instanceof ConsoleHandler || one instanceof JulGuard))
                        .toArray(Handler[]::new);
        if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) return;
        ch.qos.logback.classic.Logger root =
                context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        boolean isUsual =
                root.getAppender(CONSOLE) instanceof ConsoleAppender<ILoggingEvent> console
                        && console.getEncoder() instanceof PatternLayoutEncoder;
        if (host.length == 0 || !isUsual) return;
        HostAppender appender = new HostAppender(host);
        appender.setContext(context);
        appender.setName("HOST");
        appender.start();
        root.addAppender(appender);
        root.detachAppender(CONSOLE);
    }

    @Override
    protected void append(ILoggingEvent event) {
        LogRecord line = new LogRecord(levelOf(event.getLevel()), event.getFormattedMessage());
        line.setInstant(event.getInstant());
        line.setLoggerName(event.getLoggerName());
        line.setSourceClassName(null);
        if (event.getThrowableProxy() instanceof ThrowableProxy proxy)
            line.setThrown(proxy.getThrowable());
        for (Handler handler : host) handler.publish(line);
    }

    private static java.util.logging.Level levelOf(Level level) {
        return switch (level.toInt()) {
            case Level.ERROR_INT -> java.util.logging.Level.SEVERE;
            case Level.WARN_INT -> java.util.logging.Level.WARNING;
            case Level.INFO_INT -> java.util.logging.Level.INFO;
            default -> java.util.logging.Level.FINE;
        };
    }
}
