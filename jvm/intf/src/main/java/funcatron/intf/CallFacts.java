package funcatron.intf;

import java.util.Collections;
import java.util.Map;

/** Reads of the request map what hosts of before this interface did not put there. */
final class CallFacts {
    private CallFacts() {}

    /** The map under a key, or an empty one. */
    @SuppressWarnings("unchecked")
    static Map<String, Object> map(Map<Object, Object> request, String key) {
        return request.get(key) instanceof Map<?, ?> map
                ? (Map<String, Object>) map
                : Collections.emptyMap();
    }
}
