package funcatron.intf;

import java.io.InputStream;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * Code around every operation of a bundle. Found by {@link java.util.ServiceLoader}. The one of the
 * highest order is the nearest to the Func.
 */
public interface MiddlewareProvider extends OrderedProvider {
    /**
     * Wraps an operation.
     *
     * @param function takes the body and the request map, gives the result map ({@code status},
     *     {@code headers}, {@code body})
     * @return the same, with something done before or after
     */
    BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> wrap(
            BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> function);
}
