package funcatron.service.spring_boot;

import funcatron.service.spring_boot.servlet.Settings;
import funcatron.service.spring_boot.servlet.WebApp;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.Cookie;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.springframework.boot.web.server.Cookie.SameSite;
import org.springframework.boot.web.server.WebServer;
import org.springframework.boot.web.server.WebServerException;
import org.springframework.boot.web.servlet.ServletContextInitializer;
import org.springframework.boot.web.servlet.server.AbstractServletWebServerFactory;
import org.springframework.boot.web.servlet.server.CookieSameSiteSupplier;
import org.springframework.context.EnvironmentAware;
import org.springframework.core.env.Environment;

/**
 * A server that opens no port: what Spring Boot registers is called by the platform. {@link
 * SpringBootWrapper} puts one into the application by itself; a component that extends this class,
 * as bundles of before have it, is used instead.
 */
public class MockServer extends AbstractServletWebServerFactory implements EnvironmentAware {
    private static final int SESSIONS_MAX = 10_000;

    private int sessionsMax = SESSIONS_MAX;

    @Override
    public void setEnvironment(Environment environment) {
        sessionsMax =
                environment.getProperty("funcatron.sessions-max", Integer.class, SESSIONS_MAX);
        if (sessionsMax < 1)
            throw new IllegalArgumentException(
                    "funcatron.sessions-max is " + sessionsMax + "; it has to be at least 1");
    }

    @Override
    public WebServer getWebServer(ServletContextInitializer... initializers) {
        WebApp app = new WebApp(settings());
        try {
            for (ServletContextInitializer one : mergeInitializers(initializers))
                one.onStartup(app.servletContext());
            app.initialise();
        } catch (ServletException cause) {
            throw new WebServerException("a servlet or a filter does not start", cause);
        }
        return new Server(app);
    }

    private Settings settings() {
        List<Settings.ErrorPage> pages =
                getErrorPages().stream()
                        .map(
                                page ->
                                        new Settings.ErrorPage(
                                                page.getPath(),
                                                page.getStatusCode(),
                                                page.getException()))
                        .toList();
        Duration timeout = getSession().getTimeout();
        return new Settings(
                getContextPath(),
                getDisplayName() == null ? "application" : getDisplayName(),
                getInitParameters(),
                getMimeMappings()::get,
                pages,
                timeout == null ? Duration.ZERO : timeout,
                sessionsMax,
                sameSite());
    }

    private Function<Cookie, String> sameSite() {
        List<CookieSameSiteSupplier> suppliers = getCookieSameSiteSuppliers();
        var sessionCookie = getSession().getCookie();
        String name = sessionCookie.getName() == null ? "JSESSIONID" : sessionCookie.getName();
        return cookie -> {
            SameSite wanted = cookie.getName().equals(name) ? sessionCookie.getSameSite() : null;
            for (CookieSameSiteSupplier supplier : suppliers)
                if (wanted == null) wanted = supplier.getSameSite(cookie);
            return wanted == null ? null : wanted.attributeValue();
        };
    }

    /** The application, as Spring Boot starts and stops it. */
    record Server(WebApp app) implements WebServer {
        @Override
        public void start() {
            try {
                app.start();
            } catch (ServletException cause) {
                throw new WebServerException("a servlet does not start", cause);
            }
        }

        @Override
        public void stop() {
            app.stop();
        }

        @Override
        public int getPort() {
            return -1;
        }
    }
}
