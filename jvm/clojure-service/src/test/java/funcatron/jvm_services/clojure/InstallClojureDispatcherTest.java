package funcatron.jvm_services.clojure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import clojure.lang.ExceptionInfo;
import funcatron.intf.Context;
import funcatron.intf.Func;
import funcatron.intf.FuncException;
import funcatron.intf.impl.ContextImpl;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.logging.Logger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class InstallClojureDispatcherTest {
    private static final Logger LOGGER = Logger.getLogger("test");
    private static BiFunction<Map<Object, Object>, Logger, Object> dispatcherFor;

    /** The provider is found by the file of META-INF/services that the artifact has. */
    @BeforeAll
    static void start() throws Exception {
        dispatcherFor =
                ContextImpl.initContext(
                                Map.of(),
                                InstallClojureDispatcherTest.class.getClassLoader(),
                                LOGGER)
                        .apply("dispatcherFor");
    }

    public static class Classic implements Func<Object> {
        @Override
        public Object get(Context context) {
            return "a class";
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<Object, Object> call(
            String operationId, String body, Map<Object, Object> more) {
        Map<Object, Object> info = new HashMap<>();
        BiFunction<InputStream, Class<?>, Object> reader =
                (stream, type) -> Map.of("name", "Rex", "tags", List.of("a", "b"));
        Function<Object, byte[]> writer =
                value ->
                        (value instanceof Map<?, ?> map ? new TreeMap<>(map) : value)
                                .toString()
                                .getBytes(StandardCharsets.UTF_8);
        info.put("$operationId", operationId);
        info.put("$deserializer", reader);
        info.put("$serializer", writer);
        Map<Object, Object> request = new HashMap<>(more);
        request.putIfAbsent("request-method", "get");
        request.put("uri", "/pets");
        InputStream stream = body == null ? null : new ByteArrayInputStream(body.getBytes());
        return ((BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>>)
                        dispatcherFor.apply(info, LOGGER))
                .apply(stream, request);
    }

    private static String text(Map<Object, Object> result) {
        return new String((byte[]) result.get("body"), StandardCharsets.UTF_8);
    }

    private static Map<Object, Object> type(String contentType) {
        return Map.of("headers", Map.of("content-type", contentType));
    }

    @Test
    void readsTheRequestMapAndReturnsPlainData() {
        Map<Object, Object> parameters =
                Map.of("parameters", Map.of("path", new HashMap<>(Map.of("id", 5L))));
        assertEquals(
                "{big=3, half=0.5, id=5, method=get, missing=none, name=Rex, tags=[good],"
                        + " uri=/pets}",
                text(call("shop.pets-test#read-pet", null, parameters)));
    }

    @Test
    void theBodyIsParsed() {
        assertEquals(
                "{first=a, more=[a, b, new], name=Rex, uri=/pets}",
                text(call("shop.pets-test#add-pet", "{}", Map.of("request-method", "post"))));
    }

    @Test
    void bodiesThatAreNoJsonAreWhatTheyAre() {
        String echo = "shop.pets-test#echo";
        assertEquals("plain", text(call(echo, "plain", type("text/plain; charset=utf-8"))));
        assertArrayEquals(
                new byte[] {'x'}, (byte[]) call(echo, "x", type("image/png")).get("body"));
        Map<Object, Object> form = new HashMap<>(type("application/x-www-form-urlencoded"));
        form.put("parameters", Map.of("formData", Map.of("a", List.of("b"))));
        assertEquals("{a=[b]}", text(call(echo, "a=b", form)));
        assertEquals("", text(call(echo, null, Map.of())));
    }

    @Test
    void aRingResponseIsTakenAsItIs() {
        Map<Object, Object> made = call("shop.pets-test#ring", null, Map.of());
        assertEquals(201, ((Number) made.get("status")).intValue());
        assertEquals("made", text(made));
        assertEquals(
                Map.of("x-a", "b", "content-type", "text/plain; charset=utf-8"),
                made.get("headers"));
    }

    @Test
    void exceptionsMayHaveAStatus() {
        FuncException refusal =
                assertThrows(
                        FuncException.class,
                        () -> call("shop.pets-test#refuse", null, Map.of()));
        assertEquals(409, refusal.status());
        assertEquals("in use", refusal.getMessage());
        assertThrows(ExceptionInfo.class, () -> call("shop.pets-test#fail", null, Map.of()));
    }

    @Test
    void classesAreDispatchedToAsWell() {
        assertEquals("a class", text(call(Classic.class.getName(), null, Map.of())));
    }

    @Test
    void whatIsMissingIsNamed() {
        missing("shop.pets-test#sell", "the namespace shop.pets-test does not define: (defn sell");
        missing("shop.pets-test#greeting", "does not define: (defn greeting");
        missing("shop.no-where#x", "there is no shop/no_where.clj");
        Throwable broken =
                assertThrows(
                        IllegalStateException.class, () -> call("shop.broken#x", null, Map.of()));
        assertTrue(broken.getMessage().contains("shop/nowhere"), broken.getMessage());
    }

    private static void missing(String operationId, String words) {
        Throwable error =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> call(operationId, null, Map.of()));
        assertTrue(error.getMessage().contains(operationId), error.getMessage());
        assertTrue(error.getMessage().contains(words), error.getMessage());
    }
}
