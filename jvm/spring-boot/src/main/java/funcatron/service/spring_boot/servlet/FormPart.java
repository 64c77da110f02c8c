package funcatron.service.spring_boot.servlet;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.http.Part;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** One part of a form: a field or a file, as the platform read it. */
final class FormPart implements Part {
    private static final ObjectMapper JSON = new ObjectMapper().findAndRegisterModules();

    private final String name;
    private final String fileName;
    private final String contentType;
    private final byte[] bytes;
    private final String location;

    private FormPart(
            String name, String fileName, String contentType, byte[] bytes, String location) {
        this.name = name;
        this.fileName = fileName;
        this.contentType = contentType;
        this.bytes = bytes;
        this.location = location;
    }

    /**
     * Makes parts of fields. A value is text, a file (a map with {@code bytes}), what JSON in a field
     * said, or a list of such.
     */
    static List<FormPart> of(Map<?, ?> fields, MultipartConfigElement limits) {
        List<FormPart> parts = new ArrayList<>();
        fields.forEach(
                (name, value) -> {
                    if (value instanceof Iterable<?> list)
                        for (Object one : list) parts.add(of(name.toString(), one, limits));
                    else if (value != null) parts.add(of(name.toString(), value, limits));
                });
        long total = 0;
        for (FormPart part : parts) {
            total += part.bytes.length;
            check(part.bytes.length, limits.getMaxFileSize(), "the part " + part.name);
        }
        check(total, limits.getMaxRequestSize(), "the request");
        return parts;
    }

    /** Spring knows a form that is too large by these words. */
    private static void check(long size, long max, String what) {
        if (max >= 0 && size > max)
            throw new IllegalStateException(
                    what + " exceeds its maximum size of " + max + " bytes: it has " + size);
    }

    private static FormPart of(String name, Object value, MultipartConfigElement limits) {
        String place = limits.getLocation();
        if (value instanceof Map<?, ?> file && file.get("bytes") instanceof byte[] bytes) {
            String fileName = text(file.get("filename"));
            String type = text(file.get("content-type"));
            return new FormPart(name, fileName == null ? "" : fileName, type, bytes, place);
        }
        if (!(value instanceof Map)) {
            byte[] bytes = value.toString().getBytes(StandardCharsets.UTF_8);
            return new FormPart(name, null, null, bytes, place);
        }
        try {
            byte[] bytes = JSON.writeValueAsBytes(value);
            return new FormPart(name, null, "application/json", bytes, place);
        } catch (JsonProcessingException cause) {
            throw new IllegalArgumentException("the part " + name + " is no JSON", cause);
        }
    }

    private static String text(Object value) {
        return value == null ? null : value.toString();
    }

    boolean isFile() {
        return fileName != null;
    }

    String text() {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public InputStream getInputStream() {
        return new ByteArrayInputStream(bytes);
    }

    @Override
    public String getContentType() {
        return contentType;
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public String getSubmittedFileName() {
        return fileName;
    }

    @Override
    public long getSize() {
        return bytes.length;
    }

    @Override
    public void write(String file) throws IOException {
        String folder = location.isEmpty() ? System.getProperty("java.io.tmpdir") : location;
        Files.write(Path.of(folder).resolve(file), bytes);
    }

    @Override
    public void delete() {}

    @Override
    public String getHeader(String header) {
        return headers().get(header.toLowerCase(Locale.ROOT));
    }

    @Override
    public Collection<String> getHeaders(String header) {
        String value = getHeader(header);
        return value == null ? List.of() : List.of(value);
    }

    @Override
    public Collection<String> getHeaderNames() {
        return headers().keySet();
    }

    private Map<String, String> headers() {
        Map<String, String> headers = new LinkedHashMap<>();
        String file = isFile() ? "; filename=\"" + quoted(fileName) + "\"" : "";
        headers.put("content-disposition", "form-data; name=\"" + quoted(name) + "\"" + file);
        if (contentType != null) headers.put("content-type", contentType);
        return headers;
    }

    private static String quoted(String value) {
        return value.replace("\\", "\\\\").replace("\"", "\\\"");
    }
}
