package funcatron.intf;

import java.util.function.Function;
import java.util.logging.Logger;

/**
 * Puts a class loader of its own over the bundle's. Found by {@link java.util.ServiceLoader}, and
 * asked before every other provider.
 */
public interface ClassloaderProvider extends OrderedProvider {
    /**
     * Makes a class loader.
     *
     * @param loader the bundle's, or that of the provider asked before
     * @param addEndOfLife takes a function that is to run when the bundle ends
     * @param logger of the bundle
     * @return the loader to use from now on
     */
    ClassLoader buildFrom(
            ClassLoader loader, Function<Function<Logger, Void>, Void> addEndOfLife, Logger logger);
}
