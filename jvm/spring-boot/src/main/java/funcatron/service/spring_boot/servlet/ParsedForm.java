package funcatron.service.spring_boot.servlet;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A form that the platform has read, made into what was sent. A value is text, a file (a map with
 * {@code bytes}), what JSON in a field said, or a list of such.
 */
final class ParsedForm {
    private static final ObjectMapper JSON = new ObjectMapper().findAndRegisterModules();

    private ParsedForm() {}

    /** The fields as parameters. */
    static Parameters parameters(Map<?, ?> fields) {
        Parameters parameters = new Parameters();
        fields.forEach(
                (name, value) -> {
                    for (Object one : listOf(value)) parameters.add(name.toString(), textOf(one));
                });
        return parameters;
    }

    /** The fields as parts. */
    static List<FormPart> parts(Map<?, ?> fields, PartLimits limits) {
        List<FormPart> parts = new ArrayList<>();
        fields.forEach(
                (name, value) -> {
                    for (Object one : listOf(value)) {
                        FormPart part = part(name.toString(), one, limits.location());
                        limits.count(part.getName(), part.getSize(), part.getSize());
                        parts.add(part);
                    }
                });
        return parts;
    }

    /** The values of a field; objects of JSON are one value together, as they came in one field. */
    private static List<?> listOf(Object value) {
        if (value == null) return List.of();
        if (!(value instanceof List<?> list)) return List.of(value);
        boolean isJson = list.stream().anyMatch(one -> isJson(one));
        return isJson ? List.of(value) : list;
    }

    private static boolean isJson(Object value) {
        return value instanceof List || (value instanceof Map<?, ?> map && !isFile(map));
    }

    private static boolean isFile(Map<?, ?> map) {
        return map.get("bytes") instanceof byte[];
    }

    private static FormPart part(String name, Object value, String location) {
        if (value instanceof Map<?, ?> file && isFile(file)) {
            Object fileName = file.get("filename");
            Object type = file.get("content-type");
            return new FormPart(
                    name,
                    fileName == null ? "" : fileName.toString(),
                    type == null ? null : type.toString(),
                    PartContent.of((byte[]) file.get("bytes")),
                    location);
        }
        byte[] bytes = textOf(value).getBytes(StandardCharsets.UTF_8);
        String type = isJson(value) ? "application/json" : null;
        return new FormPart(name, null, type, PartContent.of(bytes), location);
    }

    private static String textOf(Object value) {
        if (!isJson(value)) return value.toString();
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException cause) {
            throw new IllegalArgumentException("a field of the form is no JSON", cause);
        }
    }
}
