package funcatron.service.spring_boot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;

class RequestShapeTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SCHEMAS =
            "{'components': {'schemas': {'Person': {'type': 'object', 'required': ['name'],"
                    + " 'properties': {'home': {'$ref': '#/components/schemas/Home'},"
                    + " 'age': {'type': 'integer'}, 'name': {'type': 'string'}}},"
                    + " 'Home': {'type': 'object'}}}}";

    private static ObjectNode read(String text) throws Exception {
        return (ObjectNode) JSON.readTree(text.replace('\'', '"'));
    }

    private static void assertMended(String before, String after) throws Exception {
        ObjectNode operation = read(before);
        new RequestShape(read(SCHEMAS)).mend(operation);
        assertEquals(read(after), operation);
    }

    private static String query(String name, boolean isRequired, String schema) {
        return "{'in': 'query', 'name': '" + name + "', 'required': " + isRequired
                + ", 'schema': " + schema + "}";
    }

    private static String body(String type, String properties) {
        return "'requestBody': {'content': {'" + type
                + "': {'schema': {'properties': {" + properties + "}}}}}";
    }

    private static final String TEXT = "{'type': 'string'}";
    private static final String FILE = "'file': {'type': 'string', 'format': 'binary'}";

    @Test
    void objectsAreTheirProperties() throws Exception {
        String person = query("person", true, "{'$ref': '#/components/schemas/Person'}");
        String map = query("all", true, "{'type': 'object', 'additionalProperties': {}}");
        String deep =
                "{'in': 'query', 'name': 'deep', 'style': 'deepObject',"
                        + " 'schema': {'type': 'object'}}";
        String path = "{'in': 'path', 'name': 'id', 'schema': " + TEXT + "}";
        String name = query("name", true, TEXT);
        String age = query("age", false, "{'type': 'integer'}");
        assertMended(
                "{'parameters': [" + String.join(", ", path, person, map, deep) + "]}",
                "{'parameters': [" + String.join(", ", path, name, age, deep) + "]}");
    }

    @Test
    void filesComeByForms() throws Exception {
        assertMended(
                "{" + body("application/json", FILE) + "}",
                "{" + body("multipart/form-data", FILE) + "}");
        String many = "'files': {'type': 'array', 'items': {'type': 'string', 'format': 'binary'}}";
        assertMended(
                "{" + body("application/json", many) + "}",
                "{" + body("multipart/form-data", many) + "}");
        String json = "{" + body("application/json", "'name': " + TEXT) + "}";
        assertMended(json, json);
    }

    @Test
    void requestParametersMayBeInTheForm() throws Exception {
        String form = "application/x-www-form-urlencoded";
        assertMended(
                "{'parameters': [" + query("a", true, TEXT) + "], "
                        + body(form, "'b': " + TEXT) + "}",
                "{'parameters': [" + query("a", false, TEXT) + "], "
                        + body(form, "'b': " + TEXT + ", 'a': " + TEXT) + "}");
        String beside =
                "{'parameters': [" + query("a", true, TEXT) + "], "
                        + body("application/json", "'b': " + TEXT) + "}";
        assertMended(beside, beside);
    }
}
