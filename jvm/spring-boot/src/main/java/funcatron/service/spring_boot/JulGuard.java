package funcatron.service.spring_boot;

import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Keeps Spring Boot, while it starts, from taking the java.util.logging of the whole JVM for its
 * own: it does so where it finds no handler but the console, and other bundles log through it, too.
 */
final class JulGuard extends Handler {
    private final Logger root = LogManager.getLogManager().getLogger("");

    JulGuard() {
        root.addHandler(this);
    }

    @Override
    public void publish(LogRecord line) {}

    @Override
    public void flush() {}

    @Override
    public void close() {
        root.removeHandler(this);
    }
}
