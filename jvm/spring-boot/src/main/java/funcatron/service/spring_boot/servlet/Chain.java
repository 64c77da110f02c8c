package funcatron.service.spring_boot.servlet;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The filters that stand before a servlet, and then the servlet, for one dispatch. */
final class Chain implements FilterChain {
    private final List<FilterHolder> filters;
    private final Match match;
    private int next;

    private Chain(List<FilterHolder> filters, Match match) {
        this.filters = filters;
        this.match = match;
    }

    /** Runs a dispatch; where no servlet has the path, its filters and then 404. */
    static void run(
            Registry registry,
            DispatcherType type,
            String path,
            Match match,
            ServletRequest request,
            ServletResponse response)
            throws IOException, ServletException {
        String name = match == null ? null : match.getServletName();
        List<FilterHolder> standing = new ArrayList<>();
        for (FilterHolder filter : registry.filters())
            if (filter.standsBefore(type, path, name)) standing.add(filter);
        new Chain(standing, match).doFilter(request, response);
    }

    @Override
    public void doFilter(ServletRequest request, ServletResponse response)
            throws IOException, ServletException {
        if (next < filters.size()) {
            filters.get(next++).filter().doFilter(request, response, this);
        } else if (match != null) {
            match.servlet().ready().service(request, response);
        } else if (response instanceof HttpServletResponse http) {
            http.sendError(HttpServletResponse.SC_NOT_FOUND);
        }
    }
}
