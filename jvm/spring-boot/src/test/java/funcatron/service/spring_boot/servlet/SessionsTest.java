package funcatron.service.spring_boot.servlet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.servlet.http.HttpSessionEvent;
import jakarta.servlet.http.HttpSessionListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SessionsTest {
    private final WebApp app =
            new WebApp(
                    new Settings(
                            "",
                            "test",
                            Map.of(),
                            ending -> null,
                            List.of(),
                            Duration.ofMinutes(30),
                            2,
                            cookie -> null));
    private final Sessions sessions = app.sessions();
    private final List<Object> ended = new ArrayList<>();

    SessionsTest() {
        app.servletContext()
                .addListener(
                        new HttpSessionListener() {
                            @Override
                            public void sessionDestroyed(HttpSessionEvent event) {
                                ended.add(event.getSession().getAttribute("name"));
                            }
                        });
    }

    private Session named(String name) {
        Session session = sessions.create();
        session.setAttribute("name", name);
        return session;
    }

    @Test
    void theOneUnusedForLongestMakesRoom() {
        Session a = named("a");
        Session b = named("b");
        assertSame(a, sessions.find(a.getId()));
        named("c");
        assertEquals(List.of("b"), ended);
        assertNull(sessions.find(b.getId()));
        assertSame(a, sessions.find(a.getId()));
        assertThrows(IllegalStateException.class, () -> b.getAttribute("name"));
    }

    @Test
    void theyEndWhenTheirTimeIsOver() throws InterruptedException {
        Session a = named("a");
        assertEquals(1800, a.getMaxInactiveInterval());
        a.setMaxInactiveInterval(1);
        assertTrue(a.isExpired(System.currentTimeMillis() + 1001));
        Thread.sleep(1010);
        assertNull(sessions.find(a.getId()));
        assertEquals(List.of("a"), ended);
        Session b = named("b");
        b.invalidate();
        assertNull(sessions.find(b.getId()));
        assertEquals(List.of("a", "b"), ended);
    }

    @Test
    void anotherIdIsTheOnlyOne() {
        Session a = named("a");
        String before = a.getId();
        String after = sessions.changeId(a);
        assertNotEquals(before, after);
        assertNull(sessions.find(before));
        assertSame(a, sessions.find(after));
        app.stop();
        assertEquals(List.of("a"), ended);
    }
}
