package funcatron.service.spring_boot.servlet;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.MappingMatch;
import java.io.IOException;

/** Sends a request on to a path, or to a servlet by its name. */
final class Forward implements RequestDispatcher {
    private final WebContext context;
    private final String path;
    private final ServletHolder servlet;

    private Forward(WebContext context, String path, ServletHolder servlet) {
        this.context = context;
        this.path = path;
        this.servlet = servlet;
    }

    /** To a path within the application, with or without a query. */
    static Forward to(WebContext context, String path) {
        return new Forward(context, path, null);
    }

    /** To a servlet; the request keeps its path. */
    static Forward to(WebContext context, ServletHolder servlet) {
        return new Forward(context, null, servlet);
    }

    @Override
    public void forward(ServletRequest request, ServletResponse response)
            throws ServletException, IOException {
        response.resetBuffer();
        send(DispatcherType.FORWARD, (HttpServletRequest) request, response);
    }

    @Override
    public void include(ServletRequest request, ServletResponse response)
            throws ServletException, IOException {
        send(DispatcherType.INCLUDE, (HttpServletRequest) request, response);
    }

    /** Runs what stands at the other place. */
    void send(DispatcherType type, HttpServletRequest request, ServletResponse response)
            throws ServletException, IOException {
        Target here =
                new Target(
                        request.getRequestURI(),
                        request.getContextPath(),
                        request.getServletPath() + orEmpty(request.getPathInfo()),
                        null);
        Target there = path == null ? here : here.within(path);
        Match match = context.routes().find(there.path());
        if (servlet != null)
            match = new Match(servlet, there.path(), null, "", MappingMatch.EXACT, "");
        Redispatched sent = new Redispatched(request, type, there, match);
        Chain.run(context, type, there.path(), match, sent, response);
    }

    private static String orEmpty(String text) {
        return text == null ? "" : text;
    }
}
