package funcatron.intf.impl;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.logging.Logger;

/** Starts bundles and calls their Funcs as a host does, with JSON that is easy to see through. */
final class Host {
    static final Logger LOGGER = Logger.getLogger("host");

    static {
        // Warnings that tests provoke are no news to those who run them.
        LOGGER.setUseParentHandlers(false);
    }

    private final Function<String, BiFunction<Map<Object, Object>, Logger, Object>> operations;

    Host(Map<String, Object> props, ClassLoader loader) throws Exception {
        operations = ContextImpl.initContext(props, loader, LOGGER);
    }

    static Host start() throws Exception {
        return new Host(Map.of(), Host.class.getClassLoader());
    }

    /** A loader that sees a folder before everything else the test sees. */
    static ClassLoader over(Path folder) {
        try {
            return new URLClassLoader(
                    new URL[] {folder.toUri().toURL()}, Host.class.getClassLoader());
        } catch (MalformedURLException error) {
            throw new AssertionError(error);
        }
    }

    /** Names a provider, as a file of META-INF/services does. */
    static void provide(Path folder, Class<?> type, Class<?>... providers) throws IOException {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        StringBuilder names = new StringBuilder();
        for (Class<?> provider : providers) names.append(provider.getName()).append('\n');
        Files.writeString(services.resolve(type.getName()), names);
    }

    Object run(String operation, Map<Object, Object> info) {
        return operations.apply(operation).apply(info, LOGGER);
    }

    boolean knows(String operation) {
        return operations.apply(operation) != null;
    }

    BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> dispatcher(String func) {
        Map<Object, Object> info = new HashMap<>();
        info.put("$operationId", func);
        BiFunction<InputStream, Class<?>, Object> read = Host::read;
        Function<Object, byte[]> write =
                value -> ("json:" + value).getBytes(StandardCharsets.UTF_8);
        info.put("$deserializer", read);
        info.put("$serializer", write);
        return dispatcher(info);
    }

    @SuppressWarnings("unchecked")
    BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> dispatcher(
            Map<Object, Object> info) {
        return (BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>>)
                run("dispatcherFor", info);
    }

    private static Object read(InputStream body, Class<?> type) {
        try {
            String text = new String(body.readAllBytes(), StandardCharsets.UTF_8);
            if (type == Map.class) return Map.of("text", text);
            if (type == String.class) return text;
            return type.getDeclaredConstructor(String.class).newInstance(text);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        } catch (ReflectiveOperationException error) {
            throw new IllegalArgumentException(error);
        }
    }

    Map<Object, Object> call(Class<?> func, String method, String body) {
        return call(func, request(method), body);
    }

    Map<Object, Object> call(Class<?> func, Map<Object, Object> request, String body) {
        return dispatcher(func.getName()).apply(stream(body), request);
    }

    static Map<Object, Object> request(String method) {
        Map<Object, Object> request = new HashMap<>();
        request.put("request-method", method);
        request.put("uri", "/sample/x");
        return request;
    }

    static InputStream stream(String body) {
        return body == null
                ? null
                : new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8));
    }

    static String text(Map<Object, Object> result) {
        return new String((byte[]) result.get("body"), StandardCharsets.UTF_8);
    }

    static Object header(Map<Object, Object> result, String name) {
        return ((Map<?, ?>) result.get("headers")).get(name);
    }
}
