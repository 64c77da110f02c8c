package funcatron.devshim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PropNamesTest {
    @Test
    void namesAreCamelCased() {
        assertEquals("myDb", PropNames.camel("my-db"));
        assertEquals("myDb", PropNames.camel("my_db"));
        assertEquals("myDb", PropNames.camel("MY_DB"));
        assertEquals("myDB", PropNames.camel("my-DB"));
        assertEquals("myDb", PropNames.camel("_my__db-"));
        assertEquals("jdbc.url", PropNames.camel("jdbc.url"));
        assertEquals("$log", PropNames.camel("$log"));
        assertEquals("Kept", PropNames.camel("Kept"));
    }

    @Test
    void namesWithinValuesToo() {
        Map<String, Object> props =
                Map.of("a-b", Map.of("c-d", List.of(Map.of("e-f", 1), "g-h")));
        assertEquals(
                Map.of("aB", Map.of("cD", List.of(Map.of("eF", 1), "g-h"))),
                PropNames.changeAll(props));
    }
}
