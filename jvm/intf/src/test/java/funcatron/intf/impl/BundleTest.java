package funcatron.intf.impl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import funcatron.intf.ClassloaderProvider;
import funcatron.intf.Context;
import funcatron.intf.Func;
import funcatron.intf.MiddlewareProvider;
import funcatron.intf.OperationProvider;
import funcatron.intf.ServiceVendorProvider;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.logging.Logger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundleTest {
    private static final List<String> EVENTS = Greetings.EVENTS;

    @TempDir Path folder;

    @BeforeEach
    void clear() throws Exception {
        Host.start().run("endLife", Map.of());
        EVENTS.clear();
    }

    public static class Hello implements Func<Object> {
        @Override
        public Object get(Context context) throws Exception {
            String vended = context.vendForName("greeting", String.class).orElse("nobody");
            if (context.getRequestInfo().containsKey("fail")) throw new StackOverflowError();
            return "hello " + vended;
        }
    }

    abstract static class Marking implements MiddlewareProvider {
        @Override
        public BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> wrap(
                BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> function) {
            return (body, request) -> {
                EVENTS.add(getClass().getSimpleName());
                return function.apply(body, request);
            };
        }
    }

    public static class Inner extends Marking {
        @Override
        public int order() {
            return 10;
        }
    }

    public static class Outer extends Marking {}

    public static class Extra implements OperationProvider {
        @Override
        public void installOperation(
                BiFunction<String, BiFunction<Map<Object, Object>, Logger, Object>, Void> add,
                Function<String, BiFunction<Map<Object, Object>, Logger, Object>> get,
                Function<Function<Logger, Void>, Void> addEndOfLife,
                ClassLoader loader,
                Logger logger) {
            add.apply("extra", (info, log) -> get.apply("getVersion") != null);
            addEndOfLife.apply(
                    log -> {
                        EVENTS.add("end extra");
                        return null;
                    });
        }
    }

    public static class FailingOperation implements OperationProvider {
        @Override
        public void installOperation(
                BiFunction<String, BiFunction<Map<Object, Object>, Logger, Object>, Void> add,
                Function<String, BiFunction<Map<Object, Object>, Logger, Object>> get,
                Function<Function<Logger, Void>, Void> addEndOfLife,
                ClassLoader loader,
                Logger logger) {
            throw new IllegalStateException("not today");
        }
    }

    public static class Layer implements ClassloaderProvider {
        @Override
        public ClassLoader buildFrom(
                ClassLoader loader,
                Function<Function<Logger, Void>, Void> addEndOfLife,
                Logger logger) {
            return new URLClassLoader(new URL[0], loader);
        }
    }

    public static class NoLayer implements ClassloaderProvider {
        @Override
        public ClassLoader buildFrom(
                ClassLoader loader,
                Function<Function<Logger, Void>, Void> addEndOfLife,
                Logger logger) {
            throw new IllegalStateException("no layer");
        }
    }

    private Host start(Map<String, Object> props) throws Exception {
        return new Host(props, Host.over(folder));
    }

    @Test
    void hasTheOperationsThatHostsKnow() throws Exception {
        Host host = start(Map.of());
        Set<String> names =
                Set.of(
                        "operations", "endLife", "getClassloader", "getSwagger", "getVersion",
                        "dispatcherFor", "getSerializer", "getDeserializer", "wrapWithMiddleware");
        assertEquals(names, host.run("operations", Map.of()));
        assertFalse(host.knows("unheard"));
        assertNull(host.run("getSerializer", Map.of()));
        assertNull(host.run("getDeserializer", Map.of()));
        assertEquals("?", host.run("getVersion", Map.of()));
    }

    @Test
    void findsTheContractInAllItsFiles() throws Exception {
        assertNull(start(Map.of()).run("getSwagger", Map.of()));
        for (String file : List.of("funcatron.json", "funcatron.yml", "funcatron.yaml")) {
            Files.writeString(folder.resolve(file), "text of " + file);
            String type = file.endsWith("json") ? "json" : "yaml";
            assertEquals(
                    Map.of("type", type, "swagger", "text of " + file),
                    start(Map.of()).run("getSwagger", Map.of()));
        }
    }

    @Test
    void readsItsVersion() throws Exception {
        Path pom = folder.resolve("META-INF/maven/funcatron/intf/pom.properties");
        Files.createDirectories(pom.getParent());
        Files.writeString(pom, "version=0.4.0\n");
        assertEquals("0.4.0", start(Map.of()).run("getVersion", Map.of()));
    }

    @Test
    void servicesAreReleasedOnceAndClosed() throws Exception {
        Host.provide(folder, ServiceVendorProvider.class, Greetings.class);
        Host host = start(Map.of("greeting", Map.of("type", "greeting", "to", "world")));
        assertEquals("json:hello world", Host.text(host.call(Hello.class, "get", null)));
        Map<Object, Object> failing = Host.request("get");
        failing.put("fail", true);
        assertThrows(StackOverflowError.class, () -> host.call(Hello.class, failing, null));
        host.run("endLife", Map.of());
        assertEquals(List.of("commit world", "rollback world", "end greeting"), EVENTS);
        assertEquals("json:hello nobody", Host.text(host.call(Hello.class, "get", null)));
    }

    @Test
    void aCommitThatFailsFailsTheCall() throws Exception {
        Host.provide(folder, ServiceVendorProvider.class, Greetings.class);
        Host host = start(Map.of("greeting", Map.of("type", "greeting", "to", "failing")));
        RuntimeException error =
                assertThrows(RuntimeException.class, () -> host.call(Hello.class, "get", null));
        assertEquals(
                "the service \"greeting\" could not commit: disk full", error.getMessage());
        assertEquals(List.of("commit failing"), EVENTS);
    }

    @Test
    void propsThatNoProviderKnowsAreJustProps() throws Exception {
        Host.provide(folder, ServiceVendorProvider.class, Greetings.class);
        Map<String, Object> props = new HashMap<>();
        props.put("cache", Map.of("type", "redis"));
        props.put("none", Map.of("type", "greeting", "none", true));
        props.put("number", 1);
        props.put("nothing", null);
        start(props);
        Context context = new ContextImpl(Host.request("get"), Host.LOGGER);
        assertEquals(Set.of(), context.services());
        assertEquals(props, context.properties());
        assertThrows(
                UnsupportedOperationException.class, () -> context.properties().put("a", "b"));
    }

    @Test
    void middlewareOfTheHighestOrderIsTheInnermost() throws Exception {
        Host.provide(folder, MiddlewareProvider.class, Inner.class, Outer.class);
        start(Map.of()).call(Hello.class, "get", null);
        assertEquals(List.of("Outer", "Inner"), EVENTS);
    }

    @Test
    void anyFunctionCanBeWrapped() throws Exception {
        Host.provide(folder, MiddlewareProvider.class, Outer.class);
        BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> function =
                (body, request) -> request;
        @SuppressWarnings("unchecked")
        BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> wrapped =
                (BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>>)
                        start(Map.of()).run("wrapWithMiddleware", Map.of("function", function));
        assertEquals(Map.of("a", 1), wrapped.apply(null, Map.of("a", 1)));
        assertEquals(List.of("Outer"), EVENTS);
    }

    @Test
    void operationsCanBeAddedAndOneThatFailsIsLeftOut() throws Exception {
        Host.provide(folder, OperationProvider.class, FailingOperation.class, Extra.class);
        Host host = start(Map.of());
        assertEquals(true, host.run("extra", Map.of()));
        host.run("endLife", Map.of());
        assertEquals(List.of("end extra"), EVENTS);
        Files.delete(folder.resolve("META-INF/services/" + OperationProvider.class.getName()));
        assertFalse(start(Map.of()).knows("extra"));
    }

    @Test
    void loadersAreLayered() throws Exception {
        Host.provide(folder, ClassloaderProvider.class, Layer.class);
        ClassLoader base = Host.over(folder);
        Host host = new Host(Map.of(), base);
        ClassLoader layered = (ClassLoader) host.run("getClassloader", Map.of());
        assertNotSame(base, layered);
        assertSame(base, layered.getParent());
        assertSame(layered, Thread.currentThread().getContextClassLoader());
    }

    @Test
    void aProviderThatThrowsIsNamed() throws Exception {
        Host.provide(folder, ServiceVendorProvider.class, Greetings.class);
        Map<String, Object> props = new java.util.TreeMap<>();
        props.put("a", Map.of("type", "greeting", "to", "world"));
        props.put("b", Map.of("type", "greeting", "refuse", true));
        refused(props, "Greetings failed to make the service \"b\" of type greeting: no greetings");
        assertEquals(List.of("end a"), EVENTS);
        Host.provide(folder, ClassloaderProvider.class, NoLayer.class);
        refused(Map.of(), "NoLayer failed to make a class loader: no layer");
    }

    @Test
    void aProviderThatCannotBeMadeIsNamed() throws Exception {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.write(
                services.resolve(MiddlewareProvider.class.getName()),
                "shop.Missing\n".getBytes(StandardCharsets.UTF_8));
        refused(Map.of(), "shop.Missing not found");
    }

    private void refused(Map<String, Object> props, String words) {
        Throwable error = assertThrows(IllegalStateException.class, () -> start(props));
        assertTrue(error.getMessage().contains(words), error.getMessage());
    }
}
