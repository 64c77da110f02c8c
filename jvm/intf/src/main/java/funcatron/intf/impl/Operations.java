package funcatron.intf.impl;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.logging.Logger;

/** The named functions of a bundle. */
final class Operations {
    private final Map<String, BiFunction<Map<Object, Object>, Logger, Object>> byName =
            new ConcurrentHashMap<>();

    void put(String name, BiFunction<Map<Object, Object>, Logger, Object> operation) {
        byName.put(name, operation);
    }

    BiFunction<Map<Object, Object>, Logger, Object> get(String name) {
        return byName.get(name);
    }

    Set<String> names() {
        return byName.keySet();
    }

    void clear() {
        byName.clear();
    }

    <T> T run(String name, Map<Object, Object> params, Logger logger, Class<T> type) {
        BiFunction<Map<Object, Object>, Logger, Object> operation = get(name);
        Object given = operation == null ? null : operation.apply(params, logger);
        return type.isInstance(given) ? type.cast(given) : null;
    }
}
