package funcatron.intf.impl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import funcatron.intf.Context;
import funcatron.intf.Func;
import funcatron.intf.MetaResponse;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DatabaseTest {
    private static final String URL = "jdbc:h2:mem:shop";

    private Connection seen;
    private Host host;

    @BeforeEach
    void start() throws Exception {
        seen = DriverManager.getConnection(URL);
        try (Statement statement = seen.createStatement()) {
            statement.execute("create table sale (item varchar primary key)");
        }
        host = host(Map.of("type", "database", "url", URL));
    }

    @AfterEach
    void end() throws Exception {
        ContextImpl.endLife();
        seen.close();
    }

    private static Host host(Map<String, Object> database) throws Exception {
        return new Host(Map.of("db", database), DatabaseTest.class.getClassLoader());
    }

    private List<String> sales() throws SQLException {
        List<String> items = new ArrayList<>();
        try (Statement statement = seen.createStatement();
                ResultSet rows = statement.executeQuery("select item from sale order by item")) {
            while (rows.next()) items.add(rows.getString(1));
        }
        return items;
    }

    public static class Sell implements Func<String> {
        @Override
        public Object post(String item, Context context) throws Exception {
            try (Connection connection =
                            context.vendForName("db", Connection.class).orElseThrow();
                    Statement statement = connection.createStatement()) {
                statement.execute("insert into sale values ('" + item + "')");
            }
            if (item.equals("unlucky")) throw new IllegalStateException("no luck");
            if (item.equals("sold out")) return new SoldOut();
            return item;
        }
    }

    private static class SoldOut implements MetaResponse {
        @Override
        public int getResponseCode() {
            return 409;
        }
    }

    @Test
    void commitsWhenTheFuncReturnsAndRollsBackWhenItThrows() throws Exception {
        host.call(Sell.class, "post", "apple");
        assertThrows(
                IllegalStateException.class, () -> host.call(Sell.class, "post", "unlucky"));
        assertEquals(List.of("apple"), sales());
        assertThrows(RuntimeException.class, () -> host.call(Sell.class, "post", "apple"));
        host.call(Sell.class, "post", "pear");
        assertEquals(List.of("apple", "pear"), sales());
    }

    @Test
    void aResponseOfAnErrorCommits() throws Exception {
        assertEquals(409, host.call(Sell.class, "post", "sold out").get("status"));
        assertEquals(List.of("sold out"), sales());
    }

    @Test
    void connectionsGoBackToThePool() throws Exception {
        host = host(Map.of("type", "database", "url", URL, "pool", Map.of("maximumPoolSize", 1)));
        for (int i = 0; i < 5; i++) host.call(Sell.class, "post", "item " + i);
        assertEquals(5, sales().size());
    }

    @Test
    void aPoolConnectsWhenItIsFirstAsked() throws Exception {
        String nowhere = "jdbc:h2:tcp://127.0.0.1:1/nowhere";
        Host started = host(Map.of("type", "database", "url", nowhere));
        assertThrows(RuntimeException.class, () -> started.call(Sell.class, "post", "x"));
    }

    @Test
    void serviceIsSeenByNameAndType() {
        Context context = new ContextImpl(Host.request("get"), Host.LOGGER);
        assertTrue(context.serviceForName("db", Connection.class).isPresent());
        assertFalse(context.serviceForName("db", String.class).isPresent());
        assertFalse(context.serviceForName("other").isPresent());
        assertEquals("db", context.serviceForName("db").orElseThrow().name());
    }

    @Test
    void whatTheDriverIsToldIsText() throws Exception {
        Map<String, Object> props = new HashMap<>();
        props.put("type", "database");
        props.put("url", URL);
        props.put("classname", "org.h2.Driver");
        props.put("username", "");
        props.put("IFEXISTS", true);
        props.put("extra", Map.of("not", "used"));
        host = host(props);
        host.call(Sell.class, "post", "apple");
        assertEquals(List.of("apple"), sales());
    }

    @Test
    void propsThatCannotBeAreNamed() {
        refused(Map.of(), "the prop \"db.url\" is missing");
        refused(Map.of("url", 5), "the prop \"db.url\" must be a string, but is a number");
        refused(
                Map.of("url", URL, "password", 1234),
                "the prop \"db.password\" must be a string, but is a number");
        refused(
                Map.of("url", URL, "pool", List.of()),
                "the prop \"db.pool\" must be an object, but is a list");
        refused(Map.of("url", URL, "pool", Map.of("depth", 1)), "the prop \"db.pool\" has");
    }

    @Test
    void driversThatAreMissingAreNamed() {
        refused(
                Map.of("url", "jdbc:postgresql://u:secret@h/d"),
                "jdbc:postgresql:...: add the dependency org.postgresql:postgresql");
        refused(
                Map.of("url", "jdbc:mysql://h/d", "classname", "com.mysql.cj.jdbc.Driver"),
                "names the driver com.mysql.cj.jdbc.Driver, which is not in the bundle: add the"
                        + " dependency com.mysql:mysql-connector-j");
        refused(
                Map.of("url", URL, "classname", "java.lang.String"),
                "names java.lang.String, which is no java.sql.Driver");
    }

    private static void refused(Map<String, Object> given, String words) {
        Map<String, Object> props = new HashMap<>(given);
        props.put("type", "database");
        Throwable error = assertThrows(IllegalStateException.class, () -> host(props));
        assertTrue(error.getMessage().contains(words), error.getMessage());
        assertFalse(error.getMessage().contains("secret"), error.getMessage());
    }
}
