package funcatron.intf.impl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import funcatron.intf.Context;
import funcatron.intf.Func;
import funcatron.intf.MetaResponse;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MetaResponseTest {
    private record Response(int code, Map<String, String> headers, String text, boolean large)
            implements MetaResponse {
        @Override
        public int getResponseCode() {
            return code;
        }

        @Override
        public Map<String, String> getHeaders() {
            return headers;
        }

        @Override
        public String getContentType() {
            return "text/plain";
        }

        @Override
        public boolean isLargeBody() {
            return large;
        }

        @Override
        public byte[] getBody() {
            return text == null || large ? null : text.getBytes();
        }

        @Override
        public InputStream getBodyStream() {
            return large ? Host.stream(text) : null;
        }
    }

    public static class Answering implements Func<Object> {
        @Override
        public Object get(Context context) {
            return context.getRequestInfo().get("answer");
        }
    }

    private static Map<Object, Object> answer(MetaResponse response) throws Exception {
        Map<Object, Object> request = Host.request("get");
        request.put("answer", response);
        return Host.start().call(Answering.class, request, null);
    }

    @Test
    void itsContentTypeIsSentUnlessItsHeadersHaveOne() throws Exception {
        Map<Object, Object> plain = answer(new Response(402, Map.of("x", "y"), "pay", false));
        assertEquals(402, plain.get("status"));
        assertEquals("pay", Host.text(plain));
        assertEquals("y", Host.header(plain, "x"));
        assertEquals("text/plain", Host.header(plain, "content-type"));
        Map<Object, Object> said =
                answer(new Response(200, Map.of("Content-Type", "a/b"), "x", false));
        assertEquals("a/b", Host.header(said, "Content-Type"));
        assertNull(Host.header(said, "content-type"));
        assertNull(Host.header(answer(new Response(204, null, null, false)), "content-type"));
    }

    @Test
    void aLargeBodyIsAStream() throws Exception {
        Map<Object, Object> large = answer(new Response(200, Map.of(), "flow", true));
        assertEquals("flow", new String(((InputStream) large.get("body")).readAllBytes()));
        assertEquals("text/plain", Host.header(large, "content-type"));
    }

    @Test
    void itCanBeReadAsNamedValues() {
        Map<String, Object> fields = new HashMap<>();
        new Response(201, Map.of(), "x", false)
                .forEach(field -> fields.put(field.getKey(), field.getValue()));
        assertEquals(201, fields.get("responseCode"));
        assertEquals("1", fields.get("version"));
        assertEquals(false, fields.get("largeBody"));
        assertTrue(fields.get("body") instanceof byte[]);
    }
}
