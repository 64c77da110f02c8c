package funcatron.intf.impl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import funcatron.intf.Context;
import funcatron.intf.Func;
import funcatron.intf.FuncException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Node;

class DispatchTest {
    private Host host;

    @BeforeEach
    void start() throws Exception {
        host = Host.start();
    }

    public static class Anything implements Func<Object> {
        @Override
        public Object apply(Object body, Context context) {
            return body;
        }
    }

    public record Pet(String name) {}

    public static class Pets implements Func<Pet> {
        @Override
        public Object apply(Pet pet, Context context) {
            return pet == null ? "no pet" : pet.name();
        }
    }

    public static class Text implements Func<String> {
        @Override
        public Object apply(String text, Context context) {
            return text;
        }
    }

    public static class Maps implements Func<Map<String, Object>> {
        @Override
        public Object apply(Map<String, Object> map, Context context) {
            return map.get("text");
        }
    }

    public static class Streams implements Func<InputStream> {
        @Override
        public Object apply(InputStream body, Context context) {
            return body;
        }
    }

    public static class Documents implements Func<Document> {
        @Override
        public Object apply(Document body, Context context) {
            return body.getDocumentElement().getTagName();
        }
    }

    public static class Nodes implements Func<Node> {
        @Override
        public Object apply(Node body, Context context) {
            return body;
        }
    }

    public static class Own implements Func<Pet> {
        @Override
        public Object apply(Pet pet, Context context) {
            return pet;
        }

        @Override
        public Function<InputStream, Pet> jsonDecoder() {
            return stream -> new Pet("decoded");
        }

        @Override
        public Function<Object, byte[]> jsonEncoder() {
            return value -> "encoded".getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public String contentType() {
            return "text/x-pet";
        }

        @Override
        public int statusCode() {
            return 201;
        }

        @Override
        public Map<String, Object> headers() {
            return Map.of("x-list", List.of("a", "b"));
        }
    }

    public static class Methods implements Func<Object> {
        @Override
        public Object get(Context context) {
            return "get";
        }

        @Override
        public Object post(Object body, Context context) {
            return "post";
        }

        @Override
        public Object put(Object body, Context context) {
            return "put";
        }

        @Override
        public Object patch(Object body, Context context) {
            return "patch";
        }

        @Override
        public Object delete(Context context) {
            return "delete";
        }

        @Override
        public Object apply(Object body, Context context) {
            return "apply";
        }
    }

    public static class Nothing implements Func<Object> {}

    public static class Throwing implements Func<Object> {
        @Override
        public Object get(Context context) throws Exception {
            throw new IOException("no disk");
        }

        @Override
        public Object delete(Context context) {
            throw new FuncException(409, "in use");
        }
    }

    public static class Unmade implements Func<Object> {
        public Unmade(String name) {}
    }

    @Test
    void bodiesAreReadByType() {
        assertArrayEquals(
                "raw".getBytes(StandardCharsets.UTF_8),
                (byte[]) host.call(Anything.class, "post", "raw").get("body"));
        assertEquals("json:Rex", Host.text(host.call(Pets.class, "post", "Rex")));
        assertEquals("json:x", Host.text(host.call(Text.class, "put", "x")));
        assertEquals("json:x", Host.text(host.call(Maps.class, "patch", "x")));
        assertEquals("json:dog", Host.text(host.call(Documents.class, "post", "<dog/>")));
    }

    @Test
    void noBodyIsNull() {
        assertEquals("json:no pet", Host.text(host.call(Pets.class, "post", null)));
        assertEquals("json:no pet", Host.text(host.call(Pets.class, "get", "never read")));
        assertEquals("json:no pet", Host.text(host.call(Pets.class, "delete", "never read")));
    }

    @Test
    void genericTypesAreToldToHostsThatCanReadThem() {
        Map<Object, Object> info = new HashMap<>();
        info.put("$operationId", Maps.class.getName());
        BiFunction<InputStream, Type, Object> typed =
                (stream, type) -> Map.of("text", type.getTypeName());
        Function<Object, byte[]> write = value -> value.toString().getBytes(StandardCharsets.UTF_8);
        info.put("$typeDeserializer", typed);
        info.put("$serializer", write);
        Map<Object, Object> result =
                host.dispatcher(info).apply(Host.stream("x"), Host.request("post"));
        assertEquals("java.util.Map<java.lang.String, java.lang.Object>", Host.text(result));
    }

    @Test
    void everyMethodHasItsOwn() {
        for (String method : List.of("get", "post", "put", "patch", "delete")) {
            assertEquals("json:" + method, Host.text(host.call(Methods.class, method, "x")));
        }
        assertEquals("json:apply", Host.text(host.call(Methods.class, "options", null)));
    }

    @Test
    void answersHaveTheContentTypeOfWhatWasReturned() throws Exception {
        Map<Object, Object> json = host.call(Pets.class, "get", null);
        assertEquals(200, json.get("status"));
        assertEquals("application/json", Host.header(json, "content-type"));
        Map<Object, Object> nothing = host.call(Anything.class, "get", null);
        assertEquals("", Host.text(nothing));
        assertEquals("application/json", Host.header(nothing, "content-type"));
        Map<Object, Object> xml = host.call(Nodes.class, "post", "<a b='4'>c</a>");
        assertEquals("text/xml", Host.header(xml, "content-type"));
        assertTrue(Host.text(xml).endsWith("<a b=\"4\">c</a>"));
        Map<Object, Object> stream = host.call(Streams.class, "post", "flow");
        assertEquals("application/octet-stream", Host.header(stream, "content-type"));
        assertEquals("flow", new String(((InputStream) stream.get("body")).readAllBytes()));
    }

    @Test
    void aFuncMayDoAllOfItItself() {
        Map<Object, Object> own = host.call(Own.class, "post", "x");
        assertEquals("encoded", Host.text(own));
        assertEquals("text/x-pet", Host.header(own, "content-type"));
        assertEquals(List.of("a", "b"), Host.header(own, "x-list"));
        assertEquals(201, own.get("status"));
    }

    @Test
    void documentTypesAreRefused() {
        String fetching = "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>";
        RuntimeException error =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> host.call(Documents.class, "post", fetching));
        assertTrue(error.getMessage().contains("DOCTYPE"), error.getMessage());
    }

    @Test
    void exceptionsComeThrough() {
        RuntimeException wrapped =
                assertThrows(
                        RuntimeException.class, () -> host.call(Throwing.class, "get", null));
        assertEquals("Failed to apply function", wrapped.getMessage());
        assertEquals("no disk", wrapped.getCause().getMessage());
        FuncException refusal =
                assertThrows(
                        FuncException.class, () -> host.call(Throwing.class, "delete", null));
        assertEquals(409, refusal.status());
        assertNull(refusal.getCause());
        RuntimeException missing =
                assertThrows(RuntimeException.class, () -> host.call(Nothing.class, "get", null));
        assertTrue(missing.getMessage().contains("does not answer GET"), missing.getMessage());
    }

    @Test
    void classesThatCannotAnswerAreNamed() {
        refused("shop.Missing", "names a class that is not in the bundle");
        refused("java.lang.String", "names a class that is no Func");
        refused(Unmade.class.getName(), "a constructor without parameters");
    }

    private void refused(String operationId, String words) {
        Throwable error =
                assertThrows(
                        IllegalArgumentException.class, () -> host.dispatcher(operationId));
        assertTrue(error.getMessage().contains(operationId), error.getMessage());
        assertTrue(error.getMessage().contains(words), error.getMessage());
    }

    @Test
    void statusesOfRefusalsAreThoseOfErrors() {
        Throwable cause = new IOException("x");
        assertSame(cause, new FuncException(503, "later", cause).getCause());
        assertThrows(IllegalArgumentException.class, () -> new FuncException(200, "fine"));
    }
}
