package funcatron.worker.json;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;

/**
 * Writes what was made of JSON as JSON again, and what is like it. The same values are the same
 * text in every JVM: what promises no order is sorted (that of {@code Map.of} differs from start to
 * start).
 */
public final class JsonText {
    private JsonText() {}

    /** Adds a value: maps, collections, strings, numbers, booleans; anything else as its text. */
    public static void write(Bytes to, Object value) {
        if (value == null || value instanceof Boolean) {
            to.raw(String.valueOf(value));
        } else if (value instanceof Number number) {
            writeNumber(to, number);
        } else if (value instanceof Map<?, ?> map) {
            writeMap(to, map);
        } else if (value instanceof Iterable<?> items) {
            writeAll(to, inOrder(items));
        } else if (value instanceof Object[] items) {
            writeAll(to, Arrays.asList(items));
        } else {
            to.string(value.toString());
        }
    }

    private static void writeNumber(Bytes to, Number number) {
        double value = number.doubleValue();
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            to.raw("null");
        } else {
            to.raw(number.toString());
        }
    }

    private static void writeMap(Bytes to, Map<?, ?> map) {
        List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
        if (!(map instanceof LinkedHashMap || map instanceof SortedMap)) {
            entries.sort(Comparator.comparing(entry -> String.valueOf(entry.getKey())));
        }
        String before = "{";
        for (Map.Entry<?, ?> entry : entries) {
            to.raw(before).string(String.valueOf(entry.getKey())).raw(":");
            write(to, entry.getValue());
            before = ",";
        }
        to.raw(map.isEmpty() ? "{}" : "}");
    }

    private static Iterable<?> inOrder(Iterable<?> items) {
        boolean isOrdered = items instanceof LinkedHashSet || items instanceof SortedSet;
        if (isOrdered || !(items instanceof Set<?> set)) {
            return items;
        }
        List<Object> sorted = new ArrayList<>(set);
        sorted.sort(Comparator.comparing(String::valueOf));
        return sorted;
    }

    private static void writeAll(Bytes to, Iterable<?> items) {
        to.raw("[");
        String before = "";
        for (Object item : items) {
            to.raw(before);
            write(to, item);
            before = ",";
        }
        to.raw("]");
    }
}
