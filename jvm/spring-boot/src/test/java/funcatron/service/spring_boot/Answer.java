package funcatron.service.spring_boot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A result map. */
record Answer(Map<Object, Object> result) {
    @Override
    public String toString() {
        try {
            return result + text();
        } catch (IOException unread) {
            return result + unread.toString();
        }
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    int status() {
        return (Integer) result.get("status");
    }

    Object header(String name) {
        return ((Map<?, ?>) result.get("headers")).get(name);
    }

    InputStream stream() {
        if (result.get("body") instanceof InputStream stream) return stream;
        throw new AssertionError("no stream: " + this);
    }

    byte[] bytes() throws IOException {
        if (result.get("body") instanceof byte[] bytes) return bytes;
        if (result.get("body") == null) return new byte[0];
        try (InputStream stream = stream()) {
            return stream.readAllBytes();
        }
    }

    String text() throws IOException {
        return new String(bytes(), StandardCharsets.UTF_8);
    }

    JsonNode json() throws IOException {
        return JSON.readTree(bytes());
    }
}
