package funcatron.service.spring_boot.servlet;

import jakarta.servlet.http.HttpServletMapping;
import jakarta.servlet.http.MappingMatch;

/**
 * Which servlet answers a path, and why (specification, chapter 12).
 *
 * @param servlet that answers
 * @param servletPath the part of the path that chose it, decoded
 * @param pathInfo the rest of the path, or null
 * @param pattern that it matched
 * @param kind of that pattern
 * @param value what stood for the star of the pattern
 */
record Match(
        ServletHolder servlet,
        String servletPath,
        String pathInfo,
        String pattern,
        MappingMatch kind,
        String value)
        implements HttpServletMapping {

    @Override
    public String getMatchValue() {
        return value;
    }

    @Override
    public String getPattern() {
        return pattern;
    }

    @Override
    public String getServletName() {
        return servlet.getName();
    }

    @Override
    public MappingMatch getMappingMatch() {
        return kind;
    }
}
