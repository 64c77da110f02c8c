package funcatron.service.spring_boot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;

/** Says of requests what Spring takes, where springdoc says something else. */
final class RequestShape {
    private static final String MULTIPART = "multipart/form-data";
    private static final String JSON = "application/json";
    private static final List<String> FORMS =
            List.of(MULTIPART, "application/x-www-form-urlencoded");

    private final ObjectNode document;

    RequestShape(ObjectNode document) {
        this.document = document;
    }

    void mend(ObjectNode operation) {
        if (operation.path("parameters") instanceof ArrayNode parameters) flatten(parameters);
        if (operation.path("requestBody").path("content") instanceof ObjectNode content) {
            sendFilesByForm(content);
            allowInForm(operation, content);
        }
    }

    /** Files cannot be in JSON: what takes some takes a form, even if it does not say so. */
    private void sendFilesByForm(ObjectNode content) {
        boolean hasFile = false;
        for (JsonNode field : content.path(JSON).path("schema").path("properties"))
            hasFile |= isFile(field) || isFile(field.path("items"));
        if (hasFile && !content.has(MULTIPART)) content.set(MULTIPART, content.remove(JSON));
    }

    private static boolean isFile(JsonNode schema) {
        return schema.path("format").asText().equals("binary");
    }

    /** The properties of an object come as parameters; of a map, whatever comes. */
    private void flatten(ArrayNode parameters) {
        for (int i = parameters.size() - 1; i >= 0; i--) {
            JsonNode parameter = parameters.get(i);
            JsonNode schema = resolve(parameter.path("schema"));
            boolean isPlain = !parameter.has("style") && !parameter.has("explode");
            boolean isQuery = parameter.path("in").asText().equals("query");
            if (!isQuery || !isPlain || !schema.path("type").asText().equals("object")) continue;
            parameters.remove(i);
            for (Map.Entry<String, JsonNode> property : schema.path("properties").properties())
                if (!resolve(property.getValue()).path("type").asText().equals("object"))
                    parameters.insert(i, flat(property, schema.path("required")));
        }
    }

    private static JsonNode flat(Map.Entry<String, JsonNode> property, JsonNode required) {
        boolean isRequired = false;
        for (JsonNode name : required) isRequired |= name.asText().equals(property.getKey());
        ObjectNode parameter = JsonNodeFactory.instance.objectNode();
        parameter.put("name", property.getKey()).put("in", "query").put("required", isRequired);
        parameter.set("schema", property.getValue());
        return parameter;
    }

    /**
     * What Spring calls a request parameter comes in the query or in the form. Where springdoc has
     * told only of the query, and there is a form, it may be in either.
     */
    private void allowInForm(ObjectNode operation, ObjectNode content) {
        for (String type : FORMS) {
            JsonNode properties = content.path(type).path("schema").path("properties");
            if (!(properties instanceof ObjectNode fields)) continue;
            for (JsonNode parameter : operation.path("parameters")) {
                String name = parameter.path("name").asText();
                boolean isQuery = parameter.path("in").asText().equals("query");
                if (!isQuery || fields.has(name)) continue;
                fields.set(name, parameter.path("schema").deepCopy());
                ((ObjectNode) parameter).put("required", false);
            }
        }
    }

    private JsonNode resolve(JsonNode schema) {
        String reference = schema.path("$ref").asText();
        return reference.startsWith("#/") ? document.at(reference.substring(1)) : schema;
    }
}
