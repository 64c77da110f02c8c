package funcatron.worker.json;

import java.util.Map;

/** Writes what was made of JSON as JSON again, and what is like it. */
public final class JsonText {
    private JsonText() {}

    /** Adds a value: maps, collections, strings, numbers and booleans; anything else as its text. */
    public static void write(Bytes to, Object value) {
        if (value == null || value instanceof Boolean) {
            to.raw(String.valueOf(value));
        } else if (value instanceof Number number) {
            writeNumber(to, number);
        } else if (value instanceof Map<?, ?> map) {
            writeMap(to, map);
        } else if (value instanceof Iterable<?> items) {
            writeAll(to, items);
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
        String before = "{";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            to.raw(before).string(String.valueOf(entry.getKey())).raw(":");
            write(to, entry.getValue());
            before = ",";
        }
        to.raw(map.isEmpty() ? "{}" : "}");
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
