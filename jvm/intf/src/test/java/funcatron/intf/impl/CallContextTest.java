package funcatron.intf.impl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import funcatron.intf.Context;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

class CallContextTest {
    private final Map<Object, Object> request = Host.request("get");
    private final Context context = new ContextImpl(request, Host.LOGGER);

    @Test
    void readsTheRequestMap() {
        request.put("scheme", "https");
        request.put("host", "example.org");
        assertEquals("get", context.getMethod());
        assertEquals("/sample/x", context.getURI());
        assertEquals("https", context.getScheme());
        assertEquals("example.org", context.getHost());
        assertEquals(request, context.getRequestInfo());
        assertEquals(Host.LOGGER, context.getLogger());
    }

    @Test
    void parametersAreThereEvenWhenTheMapHasNone() {
        assertEquals(Map.of(), context.getPathParams());
        assertEquals(Map.of(), context.getMergedParams());
        request.put(
                "parameters",
                Map.of(
                        "path", Map.of("id", 1L, "both", "path"),
                        "query", Map.of("both", "query"),
                        "body", Map.of("pet", Map.of("name", "Rex"))));
        assertEquals(1L, context.getPathParams().get("id"));
        assertEquals("query", context.getQueryParams().get("both"));
        assertEquals(Map.of("name", "Rex"), context.getBodyParams().get("pet"));
        assertEquals(Map.of("id", 1L, "both", "query"), context.getMergedParams());
    }

    @Test
    void hostAndContentTypeAreFoundInHeaders() {
        assertNull(context.contentType());
        assertNull(context.getHost());
        request.put("headers", Map.of("content-type", List.of("text/plain", "x"), "host", "h:1"));
        assertEquals("text/plain", context.contentType());
        assertEquals("h:1", context.getHost());
        request.put("headers", Map.of("Content-Type", "a/b"));
        assertEquals("a/b", context.contentType());
    }

    @Test
    void whatHostsOfTodayAddIsThere() {
        assertEquals(Map.of(), context.getBundle());
        assertEquals(Optional.empty(), context.getAuth());
        assertNull(context.getRequestId());
        assertEquals(Map.of(), context.getCookies());
        assertFalse(context.isCancelled());
        AtomicBoolean cancelled = new AtomicBoolean();
        BooleanSupplier supplier = cancelled::get;
        Map<String, Object> auth = new HashMap<>(Map.of("scheme", "key", "subject", "alice"));
        request.put("$bundle", Map.of("name", "pets", "sha", "ab", "version", "1"));
        request.put("$auth", auth);
        request.put("$requestId", "r1");
        request.put("$cookies", Map.of("c", "v"));
        request.put("$cancelled", supplier);
        assertEquals("pets", context.getBundle().get("name"));
        assertEquals("alice", context.getAuth().orElseThrow().get("subject"));
        assertEquals("r1", context.getRequestId());
        assertEquals("v", context.getCookies().get("c"));
        cancelled.set(true);
        assertTrue(context.isCancelled());
    }
}
