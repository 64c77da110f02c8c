package funcatron.service.spring_boot;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** A request map in the making. */
final class Call {
    private final Map<Object, Object> request = new HashMap<>();
    private final Map<String, Object> headers = new HashMap<>();
    private InputStream body;
    private String template;

    Call(String method, String pathAndQuery) {
        int mark = pathAndQuery.indexOf('?');
        request.put("request-method", method);
        request.put("uri", mark < 0 ? pathAndQuery : pathAndQuery.substring(0, mark));
        request.put("query-string", mark < 0 ? "" : pathAndQuery.substring(mark + 1));
        request.put("scheme", "http");
        request.put("remote-addr", "10.0.0.9");
        request.put("headers", headers);
        headers.put("host", "shop.example.com:8080");
    }

    Call header(String name, Object value) {
        headers.put(name, value);
        return this;
    }

    Call body(String type, byte[] bytes) {
        headers.put("content-type", type);
        headers.put("content-length", String.valueOf(bytes.length));
        body = new ByteArrayInputStream(bytes);
        return this;
    }

    Call json(String text) {
        return body("application/json", text.getBytes(StandardCharsets.UTF_8));
    }

    /** A form, as the platform parses it. */
    Call fields(String key, String type, Map<String, Object> fields) {
        headers.put("content-type", type);
        request.put(key, fields);
        return this;
    }

    /** The path of the operation in the contract. */
    Call of(String path) {
        template = path;
        return this;
    }

    Map<Object, Object> request() {
        return request;
    }

    InputStream body() {
        return body;
    }

    String template() {
        return template;
    }
}
