package funcatron.jvm_services.clojure;

import clojure.lang.BigInt;
import clojure.lang.IPersistentMap;
import clojure.lang.Keyword;
import clojure.lang.Named;
import clojure.lang.Ratio;
import funcatron.intf.MetaResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.w3c.dom.Node;

/**
 * What a function returned, as JSON writers know it, and its head if it was a Ring response.
 *
 * @param value the body
 * @param head {@code status}, {@code headers} and {@code content-type}
 */
record FunctionResult(Object value, Map<Object, Object> head) {
    private static final Keyword STATUS = Keyword.intern("status");
    private static final Keyword HEADERS = Keyword.intern("headers");
    private static final Keyword BODY = Keyword.intern("body");

    static FunctionResult of(Object returned) {
        if (!isRing(returned)) return new FunctionResult(plain(returned), Map.of());
        IPersistentMap response = (IPersistentMap) returned;
        Map<Object, Object> head = new HashMap<>();
        head.put("status", response.valAt(STATUS));
        if (response.valAt(HEADERS) instanceof Map<?, ?> headers) {
            head.put("headers", plain(headers));
        }
        Object body = response.valAt(BODY);
        if (body instanceof String text) {
            head.put("content-type", "text/plain; charset=utf-8");
            return new FunctionResult(text.getBytes(StandardCharsets.UTF_8), head);
        }
        if (body instanceof byte[]) head.put("content-type", "application/octet-stream");
        return new FunctionResult(plain(body), head);
    }

    /** A map of :status, and of :headers and :body at most. */
    private static boolean isRing(Object returned) {
        if (!(returned instanceof IPersistentMap map)) return false;
        if (!(map.valAt(STATUS) instanceof Number)) return false;
        Set<?> keys = ((Map<?, ?>) returned).keySet();
        return List.of(STATUS, HEADERS, BODY).containsAll(keys);
    }

    /** Keywords and symbols as their names, sequences as lists, Clojure's numbers as Java's. */
    static Object plain(Object value) {
        if (value instanceof MetaResponse || value instanceof Node) return value;
        if (value instanceof Named named) return named.getName();
        if (value instanceof Ratio ratio) return ratio.doubleValue();
        if (value instanceof BigInt number) return number.toBigInteger();
        if (value instanceof Map<?, ?> map) {
            Map<Object, Object> plain = new LinkedHashMap<>();
            map.forEach((key, item) -> plain.put(plain(key), plain(item)));
            return plain;
        }
        if (value instanceof Collection<?> items) {
            List<Object> plain = new ArrayList<>();
            items.forEach(item -> plain.add(plain(item)));
            return plain;
        }
        return value;
    }
}
