package funcatron.worker.call;

import funcatron.worker.bundle.Func;
import funcatron.worker.json.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.AbstractMap;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A request body as its kind has it. */
final class BodyData {
    /** What the Func reads, or {@code null}. */
    final InputStream input;

    /** All of it, or {@code null} where there is none or it comes as a stream. */
    final byte[] bytes;

    /** What {@code parameters.body} is. */
    final Map<String, Object> parameters;

    /** Fields of a form, or {@code null}. */
    final Map<String, Object> form;

    private BodyData(
            InputStream input,
            byte[] bytes,
            Map<String, Object> parameters,
            Map<String, Object> form) {
        this.input = input;
        this.bytes = bytes;
        this.parameters = parameters;
        this.form = form;
    }

    static BodyData of(Head head, Func func, byte[] bytes, InputStream stream) {
        if (stream != null) {
            return new BodyData(stream, null, Map.of(), null);
        }
        return switch (head.kind) {
            case "json" -> json(func, bytes);
            case "text" -> whole(bytes, one(func, new String(bytes, StandardCharsets.UTF_8)));
            case "binary" -> whole(bytes, one(func, bytes));
            case "form" -> form(bytes);
            case "multipart" -> multipart(bytes);
            default -> new BodyData(null, null, Map.of(), null);
        };
    }

    private static BodyData whole(byte[] bytes, Map<String, Object> parameters) {
        InputStream input = bytes.length == 0 ? null : new ByteArrayInputStream(bytes);
        return new BodyData(input, bytes, parameters, null);
    }

    private static Map<String, Object> one(Func func, Object value) {
        return Collections.singletonMap(func.bodyName, value);
    }

    private static BodyData json(Func func, byte[] bytes) {
        if (bytes.length == 0) {
            return whole(bytes, Map.of());
        }
        try {
            Json.check(bytes, 0, bytes.length);
        } catch (IOException wrong) {
            throw Refusal.malformedBody("the body is no JSON: " + reason(wrong));
        }
        return whole(bytes, new LazyJson(func.bodyName, bytes));
    }

    private static BodyData form(byte[] bytes) {
        Map<String, Object> fields = Json.map(parsed(bytes, 0, bytes.length));
        InputStream input = bytes.length == 0 ? null : new ByteArrayInputStream(bytes);
        return new BodyData(input, bytes, Map.of(), fields);
    }

    /** {@code u32 JSON length | JSON | files}. */
    private static BodyData multipart(byte[] bytes) {
        if (bytes.length < 4) {
            return new BodyData(null, null, Map.of(), Map.of());
        }
        int length = java.nio.ByteBuffer.wrap(bytes).getInt();
        Object fields = withFiles(parsed(bytes, 4, length), bytes, 4 + length);
        return new BodyData(null, null, Map.of(), Json.map(fields));
    }

    /** Puts the files' bytes where the JSON says {@code {"$file": ...}}. */
    private static Object withFiles(Object value, byte[] bytes, int start) {
        if (value instanceof List<?>) {
            java.util.ListIterator<Object> items = Json.list(value).listIterator();
            while (items.hasNext()) {
                items.set(withFiles(items.next(), bytes, start));
            }
        } else if (value instanceof Map<?, ?> map) {
            if (map.get("$file") instanceof Map<?, ?> file) {
                return file(Json.map(file), bytes, start);
            }
            for (Map.Entry<String, Object> entry : Json.map(map).entrySet()) {
                entry.setValue(withFiles(entry.getValue(), bytes, start));
            }
        }
        return value;
    }

    private static Map<String, Object> file(Map<String, Object> given, byte[] bytes, int start) {
        int from = start + ((Number) given.get("offset")).intValue();
        int size = ((Number) given.get("size")).intValue();
        Map<String, Object> file = new LinkedHashMap<>();
        file.put("filename", given.get("filename"));
        file.put("content-type", given.get("contentType"));
        file.put("bytes", Arrays.copyOfRange(bytes, from, from + size));
        file.put("size", (long) size);
        return file;
    }

    private static Object parsed(byte[] bytes, int offset, int length) {
        if (length == 0) {
            return null;
        }
        try {
            return Json.parse(bytes, offset, length);
        } catch (IOException wrong) {
            throw Refusal.malformedBody("the body cannot be read: " + reason(wrong));
        }
    }

    /** The first line; what follows is where in our own buffers. */
    private static String reason(IOException wrong) {
        String message = String.valueOf(wrong.getMessage());
        int end = message.indexOf('\n');
        return end < 0 ? message : message.substring(0, end);
    }

    /** Parses when it is looked at: many Funcs read the body with a reader of their own. */
    private static final class LazyJson extends AbstractMap<String, Object> {
        private final String name;
        private final byte[] bytes;
        private Set<Entry<String, Object>> entries;

        LazyJson(String name, byte[] bytes) {
            this.name = name;
            this.bytes = bytes;
        }

        @Override
        public synchronized Set<Entry<String, Object>> entrySet() {
            if (entries == null) {
                try {
                    Object value = Json.parse(bytes, 0, bytes.length);
                    entries = Collections.singletonMap(name, value).entrySet();
                } catch (IOException wrong) {
                    throw new UncheckedIOException(wrong);
                }
            }
            return entries;
        }
    }
}
