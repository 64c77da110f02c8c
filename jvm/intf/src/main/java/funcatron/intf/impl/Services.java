package funcatron.intf.impl;

import funcatron.intf.ServiceVendor;
import funcatron.intf.ServiceVendorProvider;
import java.util.HashMap;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Makes the services that the props of a bundle ask for. */
final class Services {
    private Services() {}

    /** Name to service. When one cannot be made, those that were are closed again. */
    static Map<String, ServiceVendor<?>> of(
            Map<String, Object> props, ClassLoader loader, Logger logger) {
        Map<String, ServiceVendorProvider> providers = new HashMap<>();
        for (ServiceVendorProvider provider : Providers.all(ServiceVendorProvider.class, loader)) {
            providers.put(provider.forType(), provider);
        }
        ServiceVendorProvider database = new JDBCServiceVendorBuilder();
        providers.put(database.forType(), database);
        Map<String, ServiceVendor<?>> services = new HashMap<>();
        try {
            props.forEach((name, prop) -> add(services, providers, name, prop, logger));
        } catch (RuntimeException | Error error) {
            services.values().forEach(service -> close(service, logger));
            throw error;
        }
        return services;
    }

    @SuppressWarnings("unchecked")
    private static void add(
            Map<String, ServiceVendor<?>> services,
            Map<String, ServiceVendorProvider> providers,
            String name,
            Object prop,
            Logger logger) {
        if (!(prop instanceof Map<?, ?> map) || !(map.get("type") instanceof String type)) return;
        ServiceVendorProvider provider = providers.get(type);
        if (provider == null) return;
        Providers.ask(
                        provider,
                        "make the service \"" + name + "\" of type " + type,
                        () -> provider.buildVendor(name, (Map<String, Object>) map, logger))
                .ifPresent(service -> services.put(name, service));
    }

    private static void close(ServiceVendor<?> service, Logger logger) {
        try {
            service.endLife();
        } catch (RuntimeException error) {
            logger.log(Level.WARNING, error, () -> "Something of the bundle failed to end");
        }
    }
}
