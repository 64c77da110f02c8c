package funcatron.intf.impl;

import funcatron.intf.Constants;
import funcatron.intf.Func;
import funcatron.intf.MetaResponse;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.logging.Logger;
import org.w3c.dom.Node;

/** Makes the result map of what a Func returned. */
final class Answer {
    private static final String JSON = "application/json";
    private static final String BYTES = "application/octet-stream";
    private static final String CONTENT_TYPE = "content-type";

    private final Object body;
    private final String contentType;

    private Answer(Object body, String contentType) {
        this.body = body;
        this.contentType = contentType;
    }

    /** `alternative` says status, headers and content-type where there is no Func. */
    static Map<Object, Object> of(
            Func<Object> func,
            Object returned,
            Function<Object, byte[]> host,
            Map<Object, Object> alternative,
            Logger logger) {
        if (returned instanceof MetaResponse response) return of(response);
        Map<Object, Object> said = alternative == null ? Map.of() : alternative;
        Answer answer = body(func, returned, host, said, logger);
        String type = func == null ? null : Defaults.or(null, func::contentType);
        if (func == null && said.get(CONTENT_TYPE) instanceof String text) type = text;
        Map<String, Object> headers = new HashMap<>(headers(func, said));
        if (!hasContentType(headers)) {
            headers.put(CONTENT_TYPE, type == null ? answer.contentType : type);
        }
        return result(status(func, said), headers, answer.body);
    }

    private static Map<Object, Object> of(MetaResponse response) {
        Object body = response.isLargeBody() ? response.getBodyStream() : response.getBody();
        Map<String, String> given = response.getHeaders();
        Map<String, Object> headers = given == null ? new HashMap<>() : new HashMap<>(given);
        boolean empty = body == null || (body instanceof byte[] bytes && bytes.length == 0);
        if (!empty && !hasContentType(headers) && response.getContentType() != null) {
            headers.put(CONTENT_TYPE, response.getContentType());
        }
        return result(response.getResponseCode(), headers, body);
    }

    private static Map<Object, Object> result(
            int status, Map<String, Object> headers, Object body) {
        Map<Object, Object> result = new HashMap<>();
        result.put("status", status);
        result.put("headers", headers);
        result.put("body", body);
        return result;
    }

    private static boolean hasContentType(Map<String, Object> headers) {
        return headers.keySet().stream().anyMatch(CONTENT_TYPE::equalsIgnoreCase);
    }

    @SuppressWarnings("unchecked")
    private static Answer body(
            Func<Object> func,
            Object returned,
            Function<Object, byte[]> host,
            Map<Object, Object> said,
            Logger logger) {
        if (returned == null) return new Answer(new byte[0], JSON);
        if (returned instanceof byte[]) return new Answer(returned, JSON);
        if (returned instanceof InputStream) return new Answer(returned, BYTES);
        if (returned instanceof ByteArrayOutputStream bytes) {
            return new Answer(bytes.toByteArray(), JSON);
        }
        Function<Object, byte[]> own =
                func == null ? null : Defaults.or(null, func::jsonEncoder);
        if (own != null) return new Answer(own.apply(returned), JSON);
        if (returned instanceof Node node) return new Answer(Xml.write(node), "text/xml");
        BiFunction<Object, String, byte[]> ofBundle =
                ContextImpl.runOperation(
                        Constants.GetSerializerConst, said, logger, BiFunction.class);
        return new Answer(
                ofBundle == null ? host.apply(returned) : ofBundle.apply(returned, JSON), JSON);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> headers(Func<Object> func, Map<Object, Object> said) {
        Map<String, Object> headers =
                func == null
                        ? (said.get("headers") instanceof Map<?, ?> map
                                ? (Map<String, Object>) map
                                : null)
                        : Defaults.or(null, func::headers);
        return headers == null ? Map.of() : headers;
    }

    private static int status(Func<Object> func, Map<Object, Object> said) {
        if (func != null) return Defaults.or(200, func::statusCode);
        return said.get("status") instanceof Number status ? status.intValue() : 200;
    }
}
