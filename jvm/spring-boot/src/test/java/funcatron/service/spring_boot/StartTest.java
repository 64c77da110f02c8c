package funcatron.service.spring_boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class StartTest {
    @Test
    void propsGoBeforeAllOtherProperties() throws Exception {
        Map<String, Object> shop = Map.of("greeting", "Hi");
        Map<String, Object> spring =
                Map.of("datasource", Map.of("url", "jdbc:h2:mem:props"), "profiles", Map.of());
        try (Host host = new Host(Map.of("shop", shop, "spring", spring))) {
            assertTrue(host.get("/shop/greeting?name=x").text().contains("Hi, x"));
        }
    }

    @Test
    void propsMayChooseProfiles() throws Exception {
        Map<String, Object> props =
                Map.of(
                        "spring.profiles.active", "loud",
                        "spring.datasource.url", "jdbc:h2:mem:profiles",
                        "server", Map.of("servlet", Map.of("contextPath", "/loud")));
        try (Host host = new Host(props)) {
            assertTrue(host.get("/loud/greeting?name=x").text().contains("HELLO, x"));
        }
    }

    @Test
    void propsAreFlattened() {
        Map<String, Object> nested = new HashMap<>();
        nested.put("a", Map.of("b", List.of(1, Map.of("c", true))));
        nested.put("d.e", "f");
        nested.put("nothing", null);
        Map<String, Object> flat = Map.of("a.b[0]", 1, "a.b[1].c", true, "d.e", "f");
        assertEquals(flat, PropSource.flatten(nested));
    }

    @Test
    void noServerOpensAPort() throws Exception {
        for (String application : List.of("small", "tomcat", "component"))
            try (Host host = new Host(Map.of("application", application, "server.port", 80))) {
                assertEquals("hello", host.get("/shop").text(), application);
                assertEquals("hello", host.get("/shop/").text(), application);
            }
    }

    @Test
    void theLogOfOthersIsLeftAlone() throws Exception {
        List<Handler> before = handlers();
        try (Host host = new Host(Map.of("application", "small"))) {
            host.get("/shop");
            assertEquals(before, handlers());
        }
        assertEquals(before, handlers());
    }

    @Test
    void theHostGetsTheLogWithItsLevels() throws Exception {
        List<String> lines = new CopyOnWriteArrayList<>();
        Handler handler = collecting(lines);
        Logger root = LogManager.getLogManager().getLogger("");
        root.addHandler(handler);
        try (Host host = new Host(Map.of("spring.datasource.url", "jdbc:h2:mem:log"))) {
            host.get("/shop/broken");
        } finally {
            root.removeHandler(handler);
        }
        assertTrue(lines.stream().anyMatch(line -> line.startsWith("INFO Started ")), "" + lines);
        assertTrue(lines.contains("SEVERE GET /shop/broken failed it is broken"), "" + lines);
    }

    private static Handler collecting(List<String> lines) {
        return new Handler() {
            @Override
            public void publish(LogRecord line) {
                Throwable thrown = line.getThrown();
                String why = thrown == null ? "" : " " + thrown.getMessage();
                lines.add(line.getLevel() + " " + line.getMessage() + why);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
    }

    private static List<Handler> handlers() {
        return List.of(LogManager.getLogManager().getLogger("").getHandlers());
    }

    @Test
    void whatKeepsItFromStartingIsSaidEachTime() throws Exception {
        try (Host host = new Host(Map.of("application", "broken"))) {
            for (int i = 0; i < 2; i++) {
                Throwable thrown = assertThrows(Error.class, () -> host.get("/shop"));
                String words = thrown.getMessage();
                assertTrue(words.startsWith("the Spring application does not start: "), words);
                assertTrue(words.contains("shop.secret"), words);
            }
        }
        try (Host host = new Host(Map.of("application", "broken", "shop.secret", "x"))) {
            assertEquals("hello", host.get("/shop").text());
        }
    }
}
