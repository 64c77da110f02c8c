package funcatron.worker.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON as maps, lists, strings, Long, Double and Boolean. */
public final class Json {
    /** Names come from callers: they must not fill the table of interned strings. */
    private static final JsonFactory FACTORY =
            new JsonFactoryBuilder()
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .streamReadConstraints(
                            StreamReadConstraints.builder()
                                    .maxStringLength(Integer.MAX_VALUE)
                                    .build())
                    .build();

    private Json() {}

    /** A parser of some bytes. */
    public static JsonParser parser(byte[] bytes, int offset, int length) throws IOException {
        return FACTORY.createParser(bytes, offset, length);
    }

    /** The one value that the bytes are. */
    public static Object parse(byte[] bytes, int offset, int length) throws IOException {
        try (JsonParser parser = parser(bytes, offset, length)) {
            parser.nextToken();
            Object value = value(parser);
            if (parser.nextToken() != null) {
                throw new IOException("there is more after the end of the JSON");
            }
            return value;
        }
    }

    /** The object that the bytes are. */
    public static Map<String, Object> object(byte[] bytes) throws IOException {
        return map(parse(bytes, 0, bytes.length));
    }

    /** Throws unless the bytes are one JSON value; makes nothing of it. */
    public static void check(byte[] bytes, int offset, int length) throws IOException {
        try (JsonParser parser = parser(bytes, offset, length)) {
            JsonToken first = parser.nextToken();
            if (first == null) {
                throw new IOException("there is nothing");
            }
            if (first.isStructStart()) {
                parser.skipChildren();
            } else {
                parser.finishToken();
            }
            if (parser.currentToken() == null || parser.nextToken() != null) {
                throw new IOException("it does not end where its value does");
            }
        }
    }

    /** The value the parser is at; leaves it at the value's last token. */
    public static Object value(JsonParser parser) throws IOException {
        JsonToken token = parser.currentToken();
        if (token == null) {
            throw new IOException("the JSON ends too early");
        }
        return switch (token) {
            case START_OBJECT -> objectAt(parser);
            case START_ARRAY -> arrayAt(parser);
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT -> integerAt(parser);
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> Boolean.TRUE;
            case VALUE_FALSE -> Boolean.FALSE;
            case VALUE_NULL -> null;
            default -> throw new IOException("the JSON has a stray " + token);
        };
    }

    /** A value as a map; an empty one if it is something else. */
    @SuppressWarnings("unchecked")
    public static Map<String, Object> map(Object value) {
        return value instanceof Map<?, ?> map ? (Map<String, Object>) map : Map.of();
    }

    /** A value as a list; an empty one if it is something else. */
    @SuppressWarnings("unchecked")
    public static List<Object> list(Object value) {
        return value instanceof List<?> list ? (List<Object>) list : List.of();
    }

    /** A value as text, or {@code null} if it is something else. */
    public static String text(Object value) {
        return value instanceof String text ? text : null;
    }

    private static Map<String, Object> objectAt(JsonParser parser) throws IOException {
        Map<String, Object> map = new LinkedHashMap<>();
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            parser.nextToken();
            map.put(name, value(parser));
        }
        return map;
    }

    private static List<Object> arrayAt(JsonParser parser) throws IOException {
        List<Object> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            list.add(value(parser));
        }
        return list;
    }

    private static Object integerAt(JsonParser parser) throws IOException {
        return parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                ? parser.getBigIntegerValue()
                : (Object) parser.getLongValue();
    }
}
