package funcatron.worker.call;

import com.fasterxml.jackson.core.JsonParser;
import funcatron.worker.json.Json;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/** What CALL says of a call. */
public final class Head {
    String id;
    String key;
    String operationId;
    String method = "";
    String scheme;
    String host;
    String path;
    String query;
    String kind = "none";
    String remote;
    boolean isStream;
    Map<String, Object> headers = new HashMap<>(4);
    Map<String, Object> params = new HashMap<>(4);
    Map<String, Object> auth;

    /** Reads the head of CALL or CALL_OPEN. */
    public static Head read(byte[] bytes, int length) throws IOException {
        Head head = new Head();
        try (JsonParser parser = Json.parser(bytes, 0, length)) {
            parser.nextToken();
            for (String name = parser.nextFieldName();
                    name != null;
                    name = parser.nextFieldName()) {
                parser.nextToken();
                head.take(name, parser);
            }
        }
        return head;
    }

    private void take(String name, JsonParser parser) throws IOException {
        switch (name) {
            case "id" -> id = parser.getText();
            case "key" -> key = text(parser);
            case "op" -> operationId = parser.getText();
            case "method" -> method = parser.getText();
            case "scheme" -> scheme = text(parser);
            case "host" -> host = text(parser);
            case "path" -> path = text(parser);
            case "query" -> query = text(parser);
            case "kind" -> kind = parser.getText();
            case "remote" -> remote = text(parser);
            case "stream" -> isStream = parser.getBooleanValue();
            case "headers" -> headers = Json.map(Json.value(parser));
            case "params" -> params = Json.map(Json.value(parser));
            case "auth" -> auth = Json.map(Json.value(parser));
            default -> parser.skipChildren();
        }
    }

    private static String text(JsonParser parser) throws IOException {
        return parser.getValueAsString(null);
    }
}
