package funcatron.service.spring_boot.servlet;

import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** A web application that is called by maps instead of over a network. */
public final class WebApp {
    private final Settings settings;
    private final WebContext context;
    private final Sessions sessions;
    private final ErrorPages errorPages;
    private volatile boolean hasEnded;

    /**
     * An application without servlets yet.
     *
     * @param settings of its server
     */
    public WebApp(Settings settings) {
        this.settings = settings;
        context = new WebContext(settings);
        sessions = new Sessions(context, context.listeners(), settings.sessionsMax());
        errorPages = new ErrorPages(context, settings.errorPages());
    }

    /**
     * Where servlets, filters and listeners are registered.
     *
     * @return the context
     */
    public ServletContext servletContext() {
        return context;
    }

    WebContext context() {
        return context;
    }

    Sessions sessions() {
        return sessions;
    }

    ErrorPages errorPages() {
        return errorPages;
    }

    String sameSite(Cookie cookie) {
        return settings.sameSite().apply(cookie);
    }

    /**
     * Starts listeners and filters, once all are registered.
     *
     * @throws ServletException if one of them fails
     */
    public void initialise() throws ServletException {
        ServletContextEvent event = new ServletContextEvent(context);
        context.listeners()
                .tell(ServletContextListener.class, one -> one.contextInitialized(event));
        context.startFilters();
    }

    /**
     * Starts the servlets that want to start before the first call.
     *
     * @throws ServletException if one of them fails
     */
    public void start() throws ServletException {
        List<ServletHolder> eager =
                context.servlets().stream()
                        .filter(servlet -> servlet.loadOnStartup() >= 0)
                        .sorted(Comparator.comparingInt(ServletHolder::loadOnStartup))
                        .toList();
        for (ServletHolder servlet : eager) servlet.ready();
    }

    /** Ends sessions, servlets, filters and listeners. */
    public void stop() {
        hasEnded = true;
        sessions.endAll();
        context.servlets().forEach(ServletHolder::destroy);
        context.endFilters();
        ServletContextEvent event = new ServletContextEvent(context);
        context.listeners()
                .tellBackwards(ServletContextListener.class, one -> one.contextDestroyed(event));
    }

    /**
     * A request that nobody sent, for those who want to know of one.
     *
     * @param uri it would ask for
     * @return a GET of it
     */
    public HttpServletRequest request(String uri) {
        Facts facts = new Facts(Map.of("request-method", "get", "uri", uri));
        String contextPath = settings.contextPath();
        Target target = Target.of(uri, null, null, contextPath, contextPath);
        return new Exchange(this, facts, target, null).request();
    }

    /**
     * Serves a call.
     *
     * @param body its bytes, or null
     * @param request the request map
     * @param template path of the operation within the contract, or null
     * @param basePath of the contract
     * @return {@code status}, {@code headers} with names in lower case, and {@code body}: bytes, a
     *     stream that is to be closed, or null for none
     * @throws IOException if what was written cannot be kept
     */
    public Map<Object, Object> serve(
            InputStream body, Map<Object, Object> request, String template, String basePath)
            throws IOException {
        if (hasEnded) throw new IllegalStateException("the application has ended");
        Facts facts = new Facts(request);
        String uri = facts.text("uri");
        String contextPath = settings.contextPath();
        Target target =
                Target.of(
                        uri == null ? "/" : uri,
                        facts.text("query-string"),
                        template,
                        contextPath,
                        basePath);
        return new Driver(new Exchange(this, facts, target, body)).run();
    }
}
