package funcatron.service.spring_boot.servlet;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletMapping;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A request that is sent on to another place of the application. */
final class Redispatched extends HttpServletRequestWrapper {
    private final DispatcherType type;
    private final Target target;
    private final Match match;
    /** Where it came from, or for an inclusion, where it is. */
    private final Map<String, Object> places = new LinkedHashMap<>();

    private Parameters parameters;

    Redispatched(HttpServletRequest request, DispatcherType type, Target target, Match match) {
        super(request);
        this.type = type;
        this.target = target;
        this.match = match;
        switch (type) {
            case FORWARD, ERROR -> remember(RequestDispatcher.FORWARD_REQUEST_URI, request);
            case ASYNC -> remember(AsyncContext.ASYNC_REQUEST_URI, request);
            case INCLUDE -> remember(RequestDispatcher.INCLUDE_REQUEST_URI, this);
            default -> throw new IllegalArgumentException("no request is sent on as " + type);
        }
    }

    /** The names of all places of a kind begin as that of the URI does. */
    private void remember(String uriName, HttpServletRequest from) {
        String start = uriName.substring(0, uriName.length() - "request_uri".length());
        boolean isHere = from == this;
        if (!isHere && from.getAttribute(uriName) != null) return;
        put(uriName, isHere ? target.uri() : from.getRequestURI());
        put(start + "context_path", from.getContextPath());
        put(start + "servlet_path", isHere ? servletPath() : from.getServletPath());
        put(start + "path_info", isHere ? info() : from.getPathInfo());
        put(start + "query_string", isHere ? target.query() : from.getQueryString());
        put(start + "mapping", isHere ? match : from.getHttpServletMapping());
    }

    private void put(String name, Object value) {
        if (value != null) places.put(name, value);
    }

    private boolean isInclusion() {
        return type == DispatcherType.INCLUDE;
    }

    private String servletPath() {
        return match == null ? target.path() : match.servletPath();
    }

    private String info() {
        return match == null ? null : match.pathInfo();
    }

    @Override
    public DispatcherType getDispatcherType() {
        return type;
    }

    @Override
    public String getRequestURI() {
        return isInclusion() ? super.getRequestURI() : target.uri();
    }

    @Override
    public StringBuffer getRequestURL() {
        if (isInclusion()) return super.getRequestURL();
        StringBuffer url = super.getRequestURL();
        url.setLength(url.length() - super.getRequestURI().length());
        return url.append(target.uri());
    }

    @Override
    public String getServletPath() {
        return isInclusion() ? super.getServletPath() : servletPath();
    }

    @Override
    public String getPathInfo() {
        return isInclusion() ? super.getPathInfo() : info();
    }

    @Override
    public HttpServletMapping getHttpServletMapping() {
        return isInclusion() ? super.getHttpServletMapping() : match;
    }

    @Override
    public String getQueryString() {
        boolean isOld = isInclusion() || target.query() == null;
        return isOld ? super.getQueryString() : target.query();
    }

    /** Those of the new query come before those that were there. */
    private Parameters parameters() {
        if (parameters != null) return parameters;
        parameters = new Parameters().addEncoded(target.query());
        for (Map.Entry<String, String[]> old : super.getParameterMap().entrySet())
            for (String value : old.getValue()) parameters.add(old.getKey(), value);
        return parameters;
    }

    @Override
    public String getParameter(String name) {
        return target.query() == null ? super.getParameter(name) : parameters().first(name);
    }

    @Override
    public String[] getParameterValues(String name) {
        return target.query() == null ? super.getParameterValues(name) : parameters().values(name);
    }

    @Override
    public Map<String, String[]> getParameterMap() {
        return target.query() == null ? super.getParameterMap() : parameters().map();
    }

    @Override
    public Enumeration<String> getParameterNames() {
        return Collections.enumeration(getParameterMap().keySet());
    }

    @Override
    public Object getAttribute(String name) {
        Object place = places.get(name);
        return place == null ? super.getAttribute(name) : place;
    }

    @Override
    public Enumeration<String> getAttributeNames() {
        Set<String> names = new LinkedHashSet<>(places.keySet());
        names.addAll(List.copyOf(Collections.list(super.getAttributeNames())));
        return Collections.enumeration(names);
    }
}
