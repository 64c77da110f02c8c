package funcatron.service.spring_boot;

import java.io.File;
import java.io.InputStream;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.logging.Logger;

/**
 * Runs the bundle of the tests as a worker would: in a class loader of its own over that of the
 * platform, through its operations, with nothing but classes of the JDK between the two.
 */
final class Host implements AutoCloseable {
    private static final Logger LOGGER = Logger.getLogger("host");

    private final URLClassLoader loader;
    private final Function<String, BiFunction<Map<Object, Object>, Logger, Object>> operations;

    Host(Map<String, Object> props) throws Exception {
        loader = new URLClassLoader(classPath(), ClassLoader.getPlatformClassLoader());
        operations = within(() -> initContext(props));
    }

    private interface Work<T> {
        T run() throws Exception;
    }

    private <T> T within(Work<T> work) throws Exception {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        try {
            return work.run();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @SuppressWarnings("unchecked")
    private Function<String, BiFunction<Map<Object, Object>, Logger, Object>> initContext(
            Map<String, Object> props) throws Exception {
        return (Function<String, BiFunction<Map<Object, Object>, Logger, Object>>)
                loader.loadClass("funcatron.intf.impl.ContextImpl")
                        .getMethod("initContext", Map.class, ClassLoader.class, Logger.class)
                        .invoke(null, props, loader, LOGGER);
    }

    private static URL[] classPath() throws MalformedURLException {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator))
            urls.add(Path.of(entry).toUri().toURL());
        return urls.toArray(new URL[0]);
    }

    ClassLoader loader() {
        return loader;
    }

    Object operation(String name, Map<Object, Object> info) throws Exception {
        return within(() -> operations.apply(name).apply(info, LOGGER));
    }

    /** The contract, as JSON. */
    String contract() throws Exception {
        Map<?, ?> given = (Map<?, ?>) operation("getSwagger", new HashMap<>());
        if (!"json".equals(given.get("type"))) throw new AssertionError(given.get("type"));
        return (String) given.get("swagger");
    }

    Answer send(Call call) throws Exception {
        Map<Object, Object> info = new HashMap<>();
        info.put("$operationId", "any");
        if (call.template() != null) info.put("path", call.template());
        Object found = operation("dispatcherFor", info);
        @SuppressWarnings("unchecked")
        var dispatcher = (BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>>) found;
        return within(() -> new Answer(dispatcher.apply(call.body(), call.request())));
    }

    Answer get(String uri) throws Exception {
        return send(new Call("get", uri));
    }

    @Override
    public void close() throws Exception {
        operation("endLife", new HashMap<>());
        loader.close();
    }
}
