package funcatron.service.spring_boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ContractTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void annotationsAreTheContract() throws Exception {
        Map<String, Object> props = Map.of("spring.datasource.url", "jdbc:h2:mem:contract");
        String text;
        try (Host host = new Host(props)) {
            text = host.contract();
        }
        try (Host host = new Host(props)) {
            assertEquals(text, host.contract(), "the same application, another contract");
        }
        JsonNode document = JSON.readTree(text);
        assertTrue(document.path("openapi").asText().startsWith("3."));
        assertEquals("Test shop", document.path("info").path("title").asText());
        assertEquals("[{\"url\":\"/shop\"}]", document.path("servers").toString());
        assertEquals("Test-shop", document.path("x-funcatron").path("name").asText());
        assertEquals("jvm", document.path("x-funcatron").path("runtime").asText());
        assertEquals("5s", document.path("x-funcatron").path("timeout").asText());
        assertEquals(1, document.at("/x-funcatron/instances/min").asInt());
        assertEveryOperationIsOne(document.path("paths"));
        JsonNode greeting = document.path("paths").path("/greeting").path("get");
        assertEquals("greet", greeting.path("operationId").asText());
        assertEquals("name", greeting.path("parameters").path(0).path("name").asText());
        JsonNode upload = document.path("paths").path("/upload").path("post");
        JsonNode fields = upload.path("requestBody").path("content").path("multipart/form-data");
        assertEquals("binary", fields.at("/schema/properties/file/format").asText());
        assertFalse(document.path("paths").has("/error"));
        assertFalse(document.path("paths").has("/v3/api-docs"));
    }

    private static void assertEveryOperationIsOne(JsonNode paths) {
        Set<String> ids = new HashSet<>();
        for (JsonNode path : paths)
            for (JsonNode operation : path) {
                String id = operation.path("operationId").asText();
                assertTrue(ids.add(id), id);
                assertTrue(operation.path("responses").has("default"), id);
            }
        assertTrue(ids.size() > 20);
    }

    @Test
    void anApplicationMayGuardItself() throws Exception {
        Map<String, Object> props =
                Map.of("application", "small", "funcatron", Map.of("security", "application"));
        try (Host host = new Host(props)) {
            JsonNode document = JSON.readTree(host.contract());
            assertEquals("/shop", document.path("servers").path(0).path("url").asText());
            assertFalse(document.has("security"));
            assertTrue(document.has("x-security"));
            assertFalse(document.path("paths").path("/").path("get").has("security"));
        }
        try (Host host = new Host(Map.of("application", "small"))) {
            assertTrue(JSON.readTree(host.contract()).has("security"));
        }
    }

    @Test
    void namesOfBundlesAreMadeOfNamesOfApplications() {
        assertEquals("My-shop.2", Contract.nameOf("My shop.2"));
        assertEquals("x", Contract.nameOf("--x"));
        assertEquals("application", Contract.nameOf("日本"));
        assertEquals(64, Contract.nameOf("x".repeat(99)).length());
    }
}
