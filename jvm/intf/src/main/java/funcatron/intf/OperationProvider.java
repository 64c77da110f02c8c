package funcatron.intf;

import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.logging.Logger;

/**
 * Adds or replaces operations: the named functions by which a host and a bundle speak (see
 * {@link Constants}). Replacing {@code getSwagger} makes a contract of something else than a file;
 * replacing {@code dispatcherFor} calls something else than Func classes. Found by
 * {@link java.util.ServiceLoader}.
 */
public interface OperationProvider extends OrderedProvider {
    /**
     * Installs what it has. An exception is logged, and the bundle goes on without.
     *
     * @param addOperation takes a name and the operation
     * @param getOperation gives the operation of a name, or {@code null}
     * @param addEndOfLife takes a function that is to run when the bundle ends
     * @param classLoader the bundle's
     * @param logger of the bundle
     */
    void installOperation(
            BiFunction<String, BiFunction<Map<Object, Object>, Logger, Object>, Void> addOperation,
            Function<String, BiFunction<Map<Object, Object>, Logger, Object>> getOperation,
            Function<Function<Logger, Void>, Void> addEndOfLife,
            ClassLoader classLoader,
            Logger logger);
}
