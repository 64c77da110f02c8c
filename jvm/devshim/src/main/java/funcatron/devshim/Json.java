package funcatron.devshim;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import com.fasterxml.jackson.module.paramnames.ParameterNamesModule;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;

/** Reads and writes JSON with the settings that a worker has, so that bodies become the same. */
final class Json {
    private static final ObjectMapper MAPPER =
            JsonMapper.builder()
                    .addModule(new ParameterNamesModule())
                    .addModule(new Jdk8Module())
                    .addModule(new JavaTimeModule())
                    .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
                    .build();

    private Json() {}

    static Object read(InputStream stream, Type type) {
        try {
            return MAPPER.readValue(stream, MAPPER.constructType(type));
        } catch (IOException error) {
            throw new UncheckedIOException(error.getMessage(), error);
        }
    }

    static byte[] write(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException error) {
            throw new IllegalArgumentException(
                    "the Func returned what JSON cannot express: " + error.getOriginalMessage(),
                    error);
        }
    }

    /** Reads an object. */
    @SuppressWarnings("unchecked")
    static Map<String, Object> object(byte[] bytes) throws IOException {
        return MAPPER.readValue(bytes, Map.class);
    }

    /** Reads a line of the connection: Base64 of an object. */
    static Map<String, Object> line(String line) throws IOException {
        try {
            return object(Base64.getDecoder().decode(line.trim()));
        } catch (IllegalArgumentException error) {
            throw new IOException("a line is no Base64", error);
        }
    }

    /** Writes a line of the connection, with its end. */
    static byte[] line(Map<String, Object> message) {
        byte[] line = Base64.getEncoder().encode(write(message));
        byte[] ended = java.util.Arrays.copyOf(line, line.length + 1);
        ended[line.length] = '\n';
        return ended;
    }

    static String base64(byte[] bytes) {
        return new String(Base64.getEncoder().encode(bytes), StandardCharsets.ISO_8859_1);
    }
}
