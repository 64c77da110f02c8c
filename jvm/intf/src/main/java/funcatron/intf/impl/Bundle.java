package funcatron.intf.impl;

import funcatron.intf.ClassloaderProvider;
import funcatron.intf.MiddlewareProvider;
import funcatron.intf.OperationProvider;
import funcatron.intf.ServiceVendor;
import java.io.InputStream;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The bundle of this class loader: what its providers made, from start to end. */
final class Bundle {
    private final Operations operations = new Operations();
    private final Consumer<Operations> builtIn;
    private final Map<String, ServiceVendor<?>> services = new ConcurrentHashMap<>();
    /** Asked for by code of the bundle itself, mostly when its classes load: for every start. */
    private final List<Function<Logger, Void>> endOfLife = new CopyOnWriteArrayList<>();
    /** Asked for by providers, which are asked again at the next start. */
    private final List<Function<Logger, Void>> endOfStart = new CopyOnWriteArrayList<>();

    private volatile ClassLoader loader = Bundle.class.getClassLoader();
    private volatile Map<String, Object> props = Collections.emptyMap();
    private volatile List<MiddlewareProvider> middleware = List.of();

    private boolean started;
    private boolean wasStarted;

    Bundle(Consumer<Operations> builtIn) {
        this.builtIn = builtIn;
        builtIn.accept(operations);
    }

    synchronized void start(Map<String, Object> given, ClassLoader base, Logger logger) {
        if (started) end(logger);
        if (wasStarted) {
            // What providers of the last start installed; what code of the bundle itself added to
            // it before its first start stays.
            operations.clear();
            builtIn.accept(operations);
        }
        started = true;
        wasStarted = true;
        props = Collections.unmodifiableMap(given == null ? new HashMap<>() : new HashMap<>(given));
        logger.log(Level.FINE, () -> "Starting with the props " + props.keySet());
        try {
            useLoader(base);
            layerLoaders(logger);
            installOperations(logger);
            services.putAll(Services.of(props, loader, logger));
            middleware = Providers.sorted(MiddlewareProvider.class, loader);
        } catch (RuntimeException | Error error) {
            end(logger);
            throw error;
        }
    }

    private void useLoader(ClassLoader next) {
        loader = next;
        Thread.currentThread().setContextClassLoader(next);
    }

    private void layerLoaders(Logger logger) {
        for (ClassloaderProvider provider : Providers.sorted(ClassloaderProvider.class, loader)) {
            ClassLoader next =
                    Providers.ask(
                            provider,
                            "make a class loader",
                            () -> provider.buildFrom(loader, this::addEndOfStart, logger));
            if (next != null) useLoader(next);
        }
    }

    private void installOperations(Logger logger) {
        for (OperationProvider provider : Providers.sorted(OperationProvider.class, loader)) {
            try {
                provider.installOperation(
                        (name, operation) -> {
                            operations.put(name, operation);
                            return null;
                        },
                        operations::get,
                        this::addEndOfStart,
                        loader,
                        logger);
            } catch (Exception error) {
                logger.log(
                        Level.WARNING,
                        error,
                        () -> provider.getClass().getName() + " failed to install its operations");
            }
        }
    }

    private Void addEndOfStart(Function<Logger, Void> function) {
        endOfStart.add(function);
        return null;
    }

    void addEndOfLife(Function<Logger, Void> function) {
        endOfLife.add(function);
    }

    synchronized void end(Logger logger) {
        services.values().forEach(service -> quietly(logger, service::endLife));
        services.clear();
        endOfStart.forEach(function -> quietly(logger, () -> function.apply(logger)));
        endOfStart.clear();
        endOfLife.forEach(function -> quietly(logger, () -> function.apply(logger)));
        middleware = List.of();
        JdbcDriver.deregisterAll(loader);
        started = false;
    }

    synchronized boolean isStarted() {
        return started;
    }

    private static void quietly(Logger logger, Runnable ending) {
        try {
            ending.run();
        } catch (Exception error) {
            logger.log(Level.WARNING, error, () -> "Something of the bundle failed to end");
        }
    }

    BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> wrap(
            BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> function) {
        BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> wrapped = function;
        for (MiddlewareProvider provider : middleware) {
            BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> inner = wrapped;
            wrapped = Providers.ask(provider, "wrap a Func", () -> provider.wrap(inner));
        }
        return wrapped;
    }

    Operations operations() {
        return operations;
    }

    ClassLoader loader() {
        return loader;
    }

    Map<String, Object> props() {
        return props;
    }

    Map<String, ServiceVendor<?>> services() {
        return services;
    }
}
