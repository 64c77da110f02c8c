package funcatron.jvm_services.jdbc_middleware;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import funcatron.intf.impl.ContextImpl;
import java.io.InputStream;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JDBCProviderTest {
    private static final String URL = "jdbc:h2:mem:bank";

    private Connection seen;

    @BeforeEach
    void create() throws SQLException {
        seen = DriverManager.getConnection(URL);
        try (Statement statement = seen.createStatement()) {
            statement.execute("create table account (owner varchar)");
        }
    }

    @AfterEach
    void end() throws SQLException {
        ContextImpl.endLife();
        seen.close();
    }

    /** The provider is found by the file of META-INF/services that the artifact has. */
    private static BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> start(
            Map<String, Object> props,
            BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> function)
            throws Exception {
        ContextImpl.initContext(
                props, JDBCProviderTest.class.getClassLoader(), Logger.getLogger("test"));
        return ContextImpl.wrapWithMiddleware(function);
    }

    private static Map<Object, Object> open(InputStream body, Map<Object, Object> request) {
        Connection connection = JDBCProvider.connectionFromMap(request);
        assertSame(connection, request.get("jdbc.connection"));
        String owner = (String) request.get("owner");
        try (Statement statement = connection.createStatement()) {
            statement.execute("insert into account values ('" + owner + "')");
        } catch (SQLException error) {
            throw new IllegalStateException(error);
        }
        if (owner.equals("mallory")) throw new IllegalStateException("refused");
        return Map.of("status", 200);
    }

    private List<String> owners() throws SQLException {
        List<String> owners = new ArrayList<>();
        try (Statement statement = seen.createStatement();
                ResultSet rows = statement.executeQuery("select owner from account")) {
            while (rows.next()) owners.add(rows.getString(1));
        }
        return owners;
    }

    @Test
    void commitsRollsBackAndGivesBack() throws Exception {
        Map<String, Object> props =
                Map.of("jdbc.url", URL, "jdbc.classname", "org.h2.Driver", "jdbc.username", "");
        var function = start(props, JDBCProviderTest::open);
        // More calls than the pool has connections: none stays behind.
        for (int i = 0; i < 15; i++) {
            function.apply(null, Map.of("owner", "alice"));
            assertThrows(
                    IllegalStateException.class,
                    () -> function.apply(null, Map.of("owner", "mallory")));
        }
        assertEquals(15, owners().size());
        assertTrue(owners().stream().allMatch("alice"::equals));
    }

    @Test
    void withoutAUrlThereIsNoConnection() throws Exception {
        Map<Object, Object> result =
                start(
                                Map.of(),
                                (body, request) -> {
                                    assertNull(JDBCProvider.connectionFromMap(request));
                                    return request;
                                })
                        .apply(null, Map.of("a", "b"));
        assertEquals(Map.of("a", "b"), result);
    }

    @Test
    void aSecondStartHasTheNewDatabase() throws Exception {
        start(Map.of("jdbc.url", "jdbc:h2:mem:other"), JDBCProviderTest::open);
        start(Map.of("jdbc.url", URL), JDBCProviderTest::open)
                .apply(null, Map.of("owner", "bob"));
        assertEquals(List.of("bob"), owners());
    }

    @Test
    void whatIsWrongIsNamed() {
        Map<String, Object> props = new HashMap<>();
        props.put("jdbc.url", "jdbc:postgresql://h/d");
        Throwable error =
                assertThrows(IllegalStateException.class, () -> start(props, (a, b) -> b));
        assertTrue(error.getMessage().contains("org.postgresql:postgresql"), error.getMessage());
        props.put("jdbc.url", 5);
        error = assertThrows(IllegalStateException.class, () -> start(props, (a, b) -> b));
        assertTrue(
                error.getMessage().contains("\"jdbc.url\" must be a string"), error.getMessage());
    }
}
