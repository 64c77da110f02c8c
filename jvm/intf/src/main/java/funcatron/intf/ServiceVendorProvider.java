package funcatron.intf;

import java.util.Map;
import java.util.Optional;
import java.util.logging.Logger;

/**
 * Makes services of props. A prop that is an object with a {@code type} is made a service by the
 * provider of that type; the key of the prop is the service's name. Found by
 * {@link java.util.ServiceLoader}.
 */
public interface ServiceVendorProvider {
    /**
     * The type of props it understands.
     *
     * @return the type, for example {@code redis}
     */
    String forType();

    /**
     * Makes a service. An exception refuses the bundle.
     *
     * @param name the key of the prop
     * @param properties the prop
     * @param logger of the bundle
     * @return the service, or nothing to go on without it
     */
    Optional<ServiceVendor<?>> buildVendor(
            String name, Map<String, Object> properties, Logger logger);
}
