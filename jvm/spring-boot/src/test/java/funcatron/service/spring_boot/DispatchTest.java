package funcatron.service.spring_boot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class DispatchTest {
    private static Host host;

    @BeforeAll
    static void start() throws Exception {
        host = new Host(Map.of("spring.datasource.url", "jdbc:h2:mem:dispatch"));
    }

    @AfterAll
    static void end() throws Exception {
        host.close();
    }

    @Test
    void queryPathAndHostArriveAsTheyWere() throws Exception {
        JsonNode said = host.get("/shop/greeting?name=Ada+L&name=B%C3%B6b").json();
        assertEquals("Hello, Ada L and Böb", said.path("text").asText());
        assertEquals("/shop/greeting", said.path("uri").asText());
        assertEquals("http://shop.example.com:8080/shop/greeting", said.path("url").asText());
        assertEquals("/shop", said.path("contextPath").asText());
        assertEquals("/shop/greeting", said.path("local").asText());
        assertEquals("ä b", host.get("/shop/words/%C3%A4%20b").text());
    }

    @Test
    void anotherBasePathIsTheContextPathOfTheCall() throws Exception {
        Call call = new Call("get", "/v2/our/greeting?name=x").of("/greeting");
        JsonNode said = host.send(call).json();
        assertEquals("/v2/our", said.path("contextPath").asText());
        assertEquals("/v2/our/greeting", said.path("uri").asText());
        assertEquals("y", host.send(new Call("get", "/words/y").of("/words/{word}")).text());
    }

    @Test
    void headIsGetWithoutItsBody() throws Exception {
        Answer got = host.get("/shop/greeting?name=x");
        Answer head = host.send(new Call("head", "/shop/greeting?name=x"));
        assertEquals(200, head.status());
        assertEquals("application/json", head.header("content-type"));
        assertEquals(0, head.bytes().length);
        int length = got.bytes().length + "HEAD".length() - "GET".length();
        assertEquals(String.valueOf(length), head.header("content-length"));
        assertEquals(200, host.send(new Call("head", "/shop/stream?megabytes=3")).status());
    }

    @Test
    void optionsAndUnknownMethodsAreSpringsToAnswer() throws Exception {
        Answer options = host.send(new Call("options", "/shop/greeting"));
        assertEquals(200, options.status());
        assertEquals("GET,HEAD,OPTIONS", options.header("allow"));
        assertEquals(405, host.send(new Call("delete", "/shop/greeting")).status());
    }

    @Test
    void patchTakesABody() throws Exception {
        Answer patched = host.send(new Call("patch", "/shop/items/tea").json("{\"amount\":7}"));
        assertEquals("tea", patched.json().path("name").asText());
        assertEquals(7, patched.json().path("change").path("amount").asInt());
    }

    @Test
    void validationAndErrorsAreAnsweredInJson() throws Exception {
        Call blank = new Call("post", "/shop/items").json("{\"name\":\" \",\"amount\":1}");
        Answer bad = host.send(blank);
        assertEquals(400, bad.status());
        assertEquals("application/json", bad.header("content-type"));
        assertEquals("/shop/items", bad.json().path("path").asText());
        assertEquals(400, host.send(new Call("post", "/shop/items").json("{")).status());

        Answer missing = host.get("/shop/items/none");
        assertEquals(404, missing.status());
        assertEquals("there is no none", missing.json().path("detail").asText());
        assertEquals("application/problem+json", missing.header("content-type"));

        Answer broken = host.get("/shop/broken");
        assertEquals(500, broken.status());
        assertEquals("it is broken", broken.json().path("message").asText());
        assertTrue(broken.json().path("trace").isMissingNode());

        Answer nowhere = host.get("/shop/nowhere");
        assertEquals(404, nowhere.status());
        assertEquals("/shop/nowhere", nowhere.json().path("path").asText());
        assertEquals(500, host.get("/shop/late-error").status());
    }

    @Test
    void whatIsThrownInATransactionUndoesIt() throws Exception {
        Call add = new Call("post", "/shop/items").json("{\"name\":\"a\",\"amount\":5}");
        Answer made = host.send(add);
        assertEquals(201, made.status());
        assertEquals(List.of("yes", "indeed"), made.header("x-made"));
        assertEquals(404, host.send(new Call("post", "/shop/items/move?from=a&to=b")).status());
        assertEquals(5, host.get("/shop/items/a").json().path("amount").asInt());
        host.send(new Call("post", "/shop/items").json("{\"name\":\"b\",\"amount\":0}"));
        assertEquals(200, host.send(new Call("post", "/shop/items/move?from=a&to=b")).status());
        assertEquals(4, host.get("/shop/items/a").json().path("amount").asInt());
        assertEquals(1, host.get("/shop/items/b").json().path("amount").asInt());
        assertEquals(204, host.send(new Call("delete", "/shop/items/a")).status());
        Answer gone = host.send(new Call("delete", "/shop/items/a"));
        assertEquals(410, gone.status());
        assertEquals("no a any more", gone.json().path("message").asText());
    }

    @Test
    void formsComeParsedOrRaw() throws Exception {
        String form = "application/x-www-form-urlencoded";
        Call parsed = new Call("post", "/shop/form?x=1");
        parsed.fields("form-params", form, Map.of("a", "ä&=", "b", 4));
        assertEquals("ä&=/4", host.send(parsed).text());
        byte[] raw = "a=%C3%A4+%26&b=5".getBytes(StandardCharsets.US_ASCII);
        assertEquals("ä &/5", host.send(new Call("post", "/shop/form").body(form, raw)).text());
        Call put = new Call("put", "/shop/form");
        put.fields("form-params", form, Map.of("a", List.of("1", "2")));
        assertEquals("[1, 2]", host.send(put).text());
    }

    @Test
    void partsAreRebuilt() throws Exception {
        Map<String, Object> file =
                Map.of("filename", "a.txt", "content-type", "text/plain", "bytes", new byte[9]);
        Map<String, Object> fields =
                Map.of("file", file, "item", Map.of("name", "n", "amount", 3L), "note", "ö");
        String type = "multipart/form-data; boundary=x";
        Call call = new Call("post", "/shop/upload").fields("multipart-params", type, fields);
        JsonNode said = host.send(call).json();
        assertEquals("a.txt", said.path("name").asText());
        assertEquals("text/plain", said.path("type").asText());
        assertEquals(9, said.path("size").asInt());
        assertEquals(3, said.path("item").path("amount").asInt());
        assertEquals("ö", said.path("note").asText());
        Map<String, Object> large = Map.of("filename", "l", "bytes", new byte[200_000]);
        call.fields("multipart-params", type, Map.of("file", large, "item", Map.of(), "note", ""));
        assertEquals(413, host.send(call).status());
    }

    @Test
    void partsThatNobodyReadBeforeAreRead() throws Exception {
        String form =
                """
                --b
                Content-Disposition: form-data; name="note"

                hi
                --b
                Content-Disposition: form-data; name="item"
                Content-Type: application/json

                {"name": "n", "amount": 3}
                --b
                Content-Disposition: form-data; name="file"; filename="ü.txt"
                Content-Type: text/plain

                %s
                --b--
                """;
        String text = form.replace("\n", "\r\n").formatted("x".repeat(70_000));
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        String type = "multipart/form-data; boundary=b";
        JsonNode said = host.send(new Call("post", "/shop/upload").body(type, bytes)).json();
        assertEquals("ü.txt", said.path("name").asText());
        assertEquals(70_000, said.path("size").asInt());
        assertEquals("hi", said.path("note").asText());
        byte[] large = text.replace("xxxxxxx", "xxxxxxxxxxxxxx").getBytes(StandardCharsets.UTF_8);
        Answer refused = host.send(new Call("post", "/shop/upload").body(type, large));
        assertEquals(413, refused.status());
        Call cut = new Call("post", "/shop/upload").body(type, Arrays.copyOf(bytes, 60_000));
        Answer broken = host.send(cut);
        assertEquals(500, broken.status(), broken::toString);
    }

    @Test
    void cookiesComeAndGo() throws Exception {
        Answer first = host.get("/shop/cookie");
        assertEquals("was null", first.text());
        String set = (String) first.header("set-cookie");
        assertTrue(set.matches("taste=sweet; Max-Age=60; Expires=.* GMT; SameSite=Lax"), set);
        Call call = new Call("get", "/shop/cookie").header("cookie", "x=1; taste=sour");
        assertEquals("was sour", host.send(call).text());
    }

    @Test
    void sessionsAreRemembered() throws Exception {
        Answer first = host.get("/shop/visits");
        assertEquals("1", first.text());
        String set = (String) first.header("set-cookie");
        assertTrue(set.matches("JSESSIONID=[0-9A-F]{32}; Path=/shop; HttpOnly"), set);
        String cookie = set.substring(0, set.indexOf(';'));
        Answer second = host.send(new Call("get", "/shop/visits").header("cookie", cookie));
        assertEquals("2", second.text());
        assertNull(second.header("set-cookie"));
        assertEquals("1", host.get("/shop/visits").text());
    }

    @Test
    void theFiltersOfSpringSecurityStandBeforeThePaths() throws Exception {
        Answer nobody = host.get("/shop/private/me");
        assertEquals(401, nobody.status());
        assertTrue(nobody.header("www-authenticate").toString().startsWith("Basic realm="));
        assertEquals("ada", asUser("/shop/private/me", "ada:lace").text());
        assertEquals(401, asUser("/shop/private/me", "ada:wrong").status());
        assertEquals(403, asUser("/shop/private/admin", "ada:lace").status());
        assertEquals("at your service", asUser("/shop/private/admin", "bob:by").text());
        Call elsewhere = new Call("get", "/v2/private/me").of("/private/me");
        assertEquals(401, host.send(elsewhere).status());
        assertEquals("nosniff", nobody.header("x-content-type-options"));
    }

    private static Answer asUser(String path, String user) throws Exception {
        String encoded = Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8));
        return host.send(new Call("get", path).header("authorization", "Basic " + encoded));
    }

    @Test
    void requestsAreForwardedAndRedirected() throws Exception {
        JsonNode forwarded = host.get("/shop/forward?name=asked").json();
        assertEquals("Hello, forwarded and asked", forwarded.path("text").asText());
        assertEquals("/shop/greeting", forwarded.path("uri").asText());
        Answer redirected = host.get("/shop/elsewhere");
        assertEquals(302, redirected.status());
        assertEquals("/shop/greeting?name=redirected", redirected.header("location"));
    }

    @Test
    void writersUseTheCharsetThatWasSaid() throws Exception {
        Answer said = host.get("/shop/text");
        assertEquals("text/plain;charset=UTF-8", said.header("content-type"));
        assertEquals("grüezi", said.text());
    }

    @Test
    void largeBodiesPass() throws Exception {
        byte[] large = new byte[20 << 20];
        for (int i = 0; i < large.length; i += 1000) large[i] = (byte) (i / 1000);
        Call call = new Call("post", "/shop/bytes").body("application/octet-stream", large);
        assertArrayEquals(large, host.send(call).bytes());
    }

    @Test
    void callsRunAtOnce() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(16);
        try {
            List<Callable<String>> calls = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                String word = "w" + i;
                calls.add(() -> word + "=" + host.get("/shop/words/" + word).text());
            }
            for (Future<String> said : pool.invokeAll(calls)) {
                String[] pair = said.get().split("=");
                assertEquals(pair[0], pair[1]);
            }
        } finally {
            pool.shutdownNow();
        }
    }
}
