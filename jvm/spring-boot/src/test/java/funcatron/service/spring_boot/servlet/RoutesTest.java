package funcatron.service.spring_boot.servlet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.servlet.http.HttpServlet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RoutesTest {
    private final Routes routes = new Routes();

    private ServletHolder servlet(String name, String... patterns) {
        ServletHolder holder = new ServletHolder(name, new HttpServlet() {}, null, routes);
        assertEquals(Set.of(), holder.addMapping(patterns));
        return holder;
    }

    private String find(String path) {
        Match match = routes.find(path);
        String info = match.pathInfo() == null ? "" : " " + match.pathInfo();
        return match.getServletName() + " " + match.servletPath() + info;
    }

    @Test
    void theMostExactPatternWins() {
        assertNull(routes.find("/x"));
        servlet("exact", "/a/b");
        servlet("near", "/a/b/*");
        servlet("far", "/a/*");
        servlet("ending", "*.html");
        servlet("rest", "/");
        servlet("root", "");
        assertEquals("exact /a/b", find("/a/b"));
        assertEquals("near /a/b /c/d", find("/a/b/c/d"));
        assertEquals("near /a/b /", find("/a/b/"));
        assertEquals("far /a", find("/a"));
        assertEquals("far /a /bc.html", find("/a/bc.html"));
        assertEquals("ending /x/y.html", find("/x/y.html"));
        assertEquals("rest /x.html/y", find("/x.html/y"));
        assertEquals("root  /", find("/"));
    }

    @Test
    void patternsThatAnotherHasAreRefusedTogether() {
        servlet("one", "/a/*");
        ServletHolder two = new ServletHolder("two", new HttpServlet() {}, null, routes);
        assertEquals(Set.of("/a/*"), two.addMapping("/b/*", "/a/*"));
        assertNull(routes.find("/b/x"));
        assertTrue(two.getMappings().isEmpty());
    }

    @Test
    void filtersMatchAsServletsDo() {
        assertTrue(Routes.matches("/a/*", "/a"));
        assertTrue(Routes.matches("/a/*", "/a/b"));
        assertFalse(Routes.matches("/a/*", "/ab"));
        assertTrue(Routes.matches("*.x", "/a/b.x"));
        assertFalse(Routes.matches("*.x", "/a.x/b"));
        assertTrue(Routes.matches("/a", "/a"));
        assertFalse(Routes.matches("/a", "/a/b"));
    }
}
