package funcatron.service.spring_boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class JpaTest {
    private static Host host;

    @BeforeAll
    static void start() throws Exception {
        host = new Host(props("jdbc:h2:mem:authors"));
    }

    @AfterAll
    static void end() throws Exception {
        host.close();
    }

    /** With what the other applications here are spared. */
    static Map<String, Object> props(String url) {
        return Map.of(
                "application", "authors",
                "spring.autoconfigure.exclude", "",
                "spring.datasource.url", url);
    }

    private static Answer add(String name, String... titles) throws Exception {
        String list = titles.length == 0 ? "" : "\"" + String.join("\",\"", titles) + "\"";
        String json = "{\"name\":\"" + name + "\",\"titles\":[" + list + "]}";
        return host.send(new Call("post", "/shop/authors").json(json));
    }

    private static JsonNode find(String start) throws Exception {
        return host.get("/shop/authors?start=" + start).json();
    }

    @Test
    void entitiesAreKeptAndFound() throws Exception {
        Answer added = add("Ada", "Notes", "Letters");
        assertEquals(201, added.status(), added.toString());
        assertEquals("Ada", added.json().path("name").asText());
        JsonNode found = find("Ad");
        assertEquals(1, found.size());
        assertEquals("[\"Notes\",\"Letters\"]", found.get(0).path("titles").toString());
        assertEquals(0, find("Zo").size());
    }

    @Test
    void whatIsLazyIsLoadedWhenItIsAsked() throws Exception {
        add("Lazy", "Slowness");
        JsonNode written = host.get("/shop/authors/of/Slowness").json();
        assertEquals("Lazy", written.path("by").asText());
        assertFalse(written.path("loaded").asBoolean(true));
    }

    @Test
    void aTransactionThatFailsLeavesNothing() throws Exception {
        long id = add("Rolf", "Back").json().path("id").asLong();
        assertEquals(500, rename(id, "Nobody"));
        JsonNode rolf = find("Rolf").get(0);
        assertEquals("[\"Back\"]", rolf.path("titles").toString());
        assertEquals(200, rename(id, "Rolf+II"));
        assertEquals("Rolf II", find("Rolf").get(0).path("name").asText());
        assertEquals(2, find("Rolf").get(0).path("titles").size());
    }

    private static int rename(long id, String name) throws Exception {
        return host.send(new Call("put", "/shop/authors/" + id + "?name=" + name)).status();
    }

    @Test
    void whatIsNotValidIsRefusedAndNotKept() throws Exception {
        assertEquals(400, add(" ", "Title").status());
        assertEquals(400, add("Vera").status());
        assertEquals(400, add("Vera", " ").status());
        assertEquals(500, add("Vera, of whom this is too long a name", "Title").status());
        assertEquals(0, find("Vera").size());
    }

    @Test
    void theContractHasWhatIsValidated() throws Exception {
        JsonNode contract = new ObjectMapper().readTree(host.contract());
        assertTrue(contract.path("paths").has("/authors/of/{title}"), contract::toString);
        JsonNode draft = contract.path("components").path("schemas").path("Draft");
        assertEquals("[\"name\",\"titles\"]", draft.path("required").toString());
    }
}
