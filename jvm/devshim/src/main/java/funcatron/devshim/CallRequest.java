package funcatron.devshim;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Logger;

/** Makes the request map of a call out of what funcatron dev sent of it. */
final class CallRequest {
    private static final List<String> PLACES =
            List.of("path", "query", "header", "formData", "body");

    private static final List<String> WITH_FILES =
            List.of("parameters", "multipart-params", "params");
    private static final Set<String> FILE = Set.of("filename", "content-type", "size", "bytes");

    private CallRequest() {}

    static byte[] body(Map<String, Object> request) {
        return request.get("body") instanceof String text
                ? Base64.getDecoder().decode(text)
                : new byte[0];
    }

    /** The operation of the contract, or an empty map. */
    static Map<?, ?> operation(Map<String, Object> request) {
        return request.get("swagger") instanceof Map<?, ?> swagger
                        && swagger.get("request") instanceof Map<?, ?> operation
                ? operation
                : Map.of();
    }

    static Map<Object, Object> map(Map<String, Object> request, byte[] body, Logger logger) {
        Map<Object, Object> map = new HashMap<>(request);
        map.remove("$props");
        map.put("body", new ByteArrayInputStream(body));
        map.put("body-bytes", body);
        map.put("parameters", parameters(request));
        for (String key : WITH_FILES) map.computeIfPresent(key, (name, value) -> files(value));
        map.put("$logger", logger);
        return map;
    }

    /** JSON has numbers and text only; the contract says what they stand for. */
    private static Map<String, Object> parameters(Map<String, Object> request) {
        Map<String, Object> typed = new HashMap<>();
        typed.put("path", new HashMap<>());
        typed.put("query", new HashMap<>());
        typed.put("body", new HashMap<>());
        if (!(request.get("parameters") instanceof Map<?, ?> given)) return typed;
        Map<?, ?> operation = operation(request);
        for (String place : PLACES) {
            if (!(given.get(place) instanceof Map<?, ?> values)) continue;
            Map<Object, Object> known = new HashMap<>(values);
            if (operation.get("parameters") instanceof List<?> declared) {
                known.replaceAll(
                        (name, value) ->
                                ParameterType.of(declared, place, name).read(value));
            }
            typed.put(place, known);
        }
        return typed;
    }

    /** Files of forms have their bytes again, which came as Base64. */
    private static Object files(Object value) {
        if (value instanceof List<?> list) {
            List<Object> changed = new ArrayList<>();
            list.forEach(item -> changed.add(files(item)));
            return changed;
        }
        if (!(value instanceof Map<?, ?> map)) return value;
        Map<Object, Object> changed = new HashMap<>();
        map.forEach((name, item) -> changed.put(name, files(item)));
        if (map.keySet().equals(FILE) && map.get("bytes") instanceof String text) {
            changed.put("bytes", Base64.getDecoder().decode(text));
        }
        return changed;
    }
}
