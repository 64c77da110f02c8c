package funcatron.devshim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import funcatron.intf.Context;
import funcatron.intf.Func;
import funcatron.intf.FuncException;
import funcatron.intf.impl.ContextImpl;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RegisterTest {
    @TempDir Path folder;
    private File swagger;
    private File props;
    private Dev dev;

    @BeforeEach
    void listen() throws IOException {
        dev = new Dev(0);
        swagger = folder.resolve("funcatron.yaml").toFile();
        props = folder.resolve("props.json").toFile();
        Files.writeString(swagger.toPath(), "swagger: first");
        Files.writeString(props.toPath(), "{\"my-greeting\": \"hello\"}");
        // What these tests provoke is no news to those who run them.
        Logger.getLogger("funcatron").setUseParentHandlers(false);
    }

    @AfterEach
    void end() throws IOException {
        Register.shutdown();
        ContextImpl.endLife();
        dev.close();
    }

    public record Pet(String name, LocalDate born) {}

    public static class Pets implements Func<Pet> {
        @Override
        public Object post(Pet pet, Context context) {
            return new Pet(pet.name() + "!", pet.born());
        }

        @Override
        public Object get(Context context) {
            return context.properties().get("myGreeting");
        }

        @Override
        public Object delete(Context context) throws Exception {
            if (context.getPathParams().isEmpty()) throw new FuncException(409, "in use");
            throw new IOException("no disk");
        }

        @Override
        public Object put(Pet pet, Context context) {
            return context.getPathParams().get("id").getClass().getSimpleName()
                    + context.getQueryParams().get("day").getClass().getSimpleName();
        }
    }

    @Test
    void answersCallsOfTheContract() throws Exception {
        Register.register(dev.port(), swagger, props);
        assertEquals("swagger: first", dev.greeted());
        Map<?, ?> pet =
                dev.call(
                        Pets.class,
                        Dev.request("post", "{'name': 'Rex', \"born\": \"2020-01-02\"}"));
        assertEquals(200, pet.get("status"));
        assertEquals("{\"name\":\"Rex!\",\"born\":[2020,1,2]}", Dev.text(pet));
        assertEquals("application/json", ((Map<?, ?>) pet.get("headers")).get("content-type"));
        assertEquals("\"hello\"", Dev.text(dev.call(Pets.class, Dev.request("get", ""))));
    }

    @Test
    void parametersHaveTheTypesOfTheContract() throws Exception {
        Register.register(dev.port(), swagger);
        dev.greeted();
        Map<String, Object> request = Dev.request("put", "{}");
        request.put(
                "parameters",
                Map.of("path", Map.of("id", 5), "query", Map.of("day", "2020-01-02")));
        List<Map<String, Object>> declared =
                List.of(
                        Map.of("in", "path", "name", "id", "type", "integer"),
                        Map.of(
                                "in", "query", "name", "day", "schema",
                                Map.of("type", "string", "format", "date")));
        request.put("swagger", Map.of("request", Map.of("parameters", declared)));
        assertEquals("\"LongLocalDate\"", Dev.text(dev.call(Pets.class, request)));
    }

    public static class Upload implements Func<Object> {
        @Override
        public Object post(Object body, Context context) {
            Map<?, ?> file = (Map<?, ?>) context.getRequestParams().get("formData").get("photo");
            return file.get("filename") + " " + ((byte[]) file.get("bytes")).length;
        }
    }

    @Test
    void filesOfFormsAreBytes() throws Exception {
        Register.register(dev.port(), swagger);
        dev.greeted();
        Map<String, Object> request = Dev.request("post", "");
        Map<String, Object> file =
                Map.of("filename", "a", "content-type", "b/c", "size", 3, "bytes", "YWJj");
        request.put("parameters", Map.of("formData", Map.of("photo", file)));
        assertEquals("\"a 3\"", Dev.text(dev.call(Upload.class, request)));
    }

    @Test
    void exceptionsAreToldWithoutTheirStack() throws Exception {
        Register.register(dev.port(), swagger);
        dev.greeted();
        Map<?, ?> refused = dev.call(Pets.class, Dev.request("delete", ""));
        assertEquals(409, refused.get("status"));
        assertEquals("in use", refused.get("body"));
        Map<String, Object> request = Dev.request("delete", "");
        request.put("parameters", Map.of("path", Map.of("id", 1)));
        Map<?, ?> failed = dev.call(Pets.class, request);
        assertEquals(500, failed.get("status"));
        assertEquals("java.io.IOException: no disk", failed.get("body"));
        assertEquals("text/plain", ((Map<?, ?>) failed.get("headers")).get("Content-Type"));
        String missing = (String) dev.call(Pet.class, Dev.request("get", "")).get("body");
        assertTrue(missing.contains("names a class that is no Func"), missing);
    }

    @Test
    void editsAreTakenUp() throws Exception {
        Register.register(dev.port(), swagger, props);
        dev.greeted();
        assertEquals("\"hello\"", Dev.text(dev.call(Pets.class, Dev.request("get", ""))));
        Files.writeString(props.toPath(), "{\"my_greeting\": \"ciao\"}");
        assertEquals("\"ciao\"", Dev.text(dev.call(Pets.class, Dev.request("get", ""))));
        Files.writeString(props.toPath(), "no JSON");
        assertEquals("\"ciao\"", Dev.text(dev.call(Pets.class, Dev.request("get", ""))));
        Files.writeString(swagger.toPath(), "swagger: second");
        assertEquals("swagger: second", dev.contract());
    }

    @Test
    void startsOnceForTheSameProps() throws Exception {
        Register.register(dev.port(), swagger, props);
        dev.greeted();
        dev.call(Pets.class, Dev.request("get", ""));
        Map<String, Object> first = ContextImpl.staticProperties();
        dev.call(Pets.class, Dev.request("get", ""));
        assertTrue(first == ContextImpl.staticProperties());
    }

    @Test
    void propsOfDevAreTakenWhereThereIsNoFile() throws Exception {
        Register.register(dev.port(), swagger);
        dev.greeted();
        Map<String, Object> request = Dev.request("get", "");
        request.put("$props", Map.of("my-greeting", "hi"));
        assertEquals("\"hi\"", Dev.text(dev.call(Pets.class, request)));
    }

    @Test
    void connectsAgainWhenDevHasGone() throws Exception {
        Register.register(dev.port(), swagger);
        dev.greeted();
        int port = dev.port();
        dev.close();
        dev = new Dev(port);
        assertEquals("swagger: first", dev.greeted());
        assertEquals(200, dev.call(Pets.class, Dev.request("get", "")).get("status"));
    }

    @Test
    void stopsWhenDevSaysWhy() throws Exception {
        Register.register(dev.port(), swagger);
        dev.greeted();
        dev.say(Map.of("cmd", "error", "message", "another shim is connected"));
        dev.hangUp();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().equals("funcatron dev shim")) thread.join();
        }
        assertFalse(
                Thread.getAllStackTraces().keySet().stream()
                        .anyMatch(thread -> thread.getName().equals("funcatron dev shim")));
    }

    @Test
    void whatIsAskedForNobodyIsAnswered() throws Exception {
        Register.register(dev.port(), swagger);
        dev.greeted();
        dev.say(Map.of("cmd", "invoke", "class", "$ping", "replyTo", "p", "req", Map.of()));
        assertEquals("p", dev.heard().get("replyTo"));
        Register.shutdown();
        assertTrue(dev.isLeft());
    }

    @Test
    void aFileThatIsMissingIsNamed() {
        File missing = folder.resolve("missing.yaml").toFile();
        Throwable error =
                assertThrows(
                        FileNotFoundException.class, () -> Register.register(dev.port(), missing));
        assertTrue(error.getMessage().contains("missing.yaml"), error.getMessage());
    }
}
