package funcatron.service.spring_boot.servlet;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Reads the map that a call comes as. */
final class Facts {
    private final Map<Object, Object> request;
    /** Names in lower case. */
    private final Map<String, List<String>> headers = new LinkedHashMap<>();

    Facts(Map<Object, Object> request) {
        this.request = request;
        map("headers").forEach(
                (name, value) ->
                        headers.putIfAbsent(
                                String.valueOf(name).toLowerCase(Locale.ROOT), texts(value)));
    }

    /** The value of a key as text; null if there is none. */
    String text(String key) {
        Object value = request.get(key);
        return value == null ? null : value.toString();
    }

    Object get(String key) {
        return request.get(key);
    }

    /** The map under a key; empty if there is none. */
    Map<?, ?> map(String key) {
        return request.get(key) instanceof Map<?, ?> map ? map : Collections.emptyMap();
    }

    Map<Object, Object> all() {
        return request;
    }

    Map<String, List<String>> headers() {
        return headers;
    }

    /** The first value of a header; null if there is none. */
    String header(String name) {
        List<String> values = headers.get(name.toLowerCase(Locale.ROOT));
        return values == null || values.isEmpty() ? null : values.get(0);
    }

    /** One value, or a list of them, as text. */
    static List<String> texts(Object value) {
        List<String> texts = new ArrayList<>();
        if (value instanceof Iterable<?> list) list.forEach(one -> texts.add(String.valueOf(one)));
        else if (value != null) texts.add(value.toString());
        return texts;
    }
}
