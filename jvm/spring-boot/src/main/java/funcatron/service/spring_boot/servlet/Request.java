package funcatron.service.spring_boot.servlet;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestAttributeEvent;
import jakarta.servlet.ServletRequestAttributeListener;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletMapping;
import jakarta.servlet.http.HttpSession;
import java.io.InputStream;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;

/** A call, as servlets and filters see it. */
final class Request extends RequestContent {
    private final Exchange exchange;
    private final WebApp app;
    private final Target target;
    private final Match match;
    private final Map<String, Object> attributes = new ConcurrentHashMap<>();
    private Session session;

    Request(Exchange exchange, Facts facts, Target target, InputStream given) {
        super(facts, given, exchange.app().context().getRequestCharacterEncoding());
        this.exchange = exchange;
        this.app = exchange.app();
        this.target = target;
        match = app.context().routes().find(target.path());
    }

    @Override
    Target target() {
        return target;
    }

    @Override
    Match match() {
        return match;
    }

    @Override
    public String getRequestURI() {
        return target.uri();
    }

    @Override
    public String getContextPath() {
        return target.contextPath();
    }

    @Override
    public String getServletPath() {
        return match == null ? target.path() : match.servletPath();
    }

    @Override
    public String getPathInfo() {
        return match == null ? null : match.pathInfo();
    }

    @Override
    public HttpServletMapping getHttpServletMapping() {
        return match;
    }

    @Override
    public String getQueryString() {
        return target.query();
    }

    @Override
    public DispatcherType getDispatcherType() {
        return DispatcherType.REQUEST;
    }

    @Override
    public ServletContext getServletContext() {
        return app.context();
    }

    @Override
    public RequestDispatcher getRequestDispatcher(String path) {
        if (path.startsWith("/")) return Forward.to(app.context(), path);
        String here = target.path().substring(0, target.path().lastIndexOf('/') + 1);
        return Forward.to(app.context(), here + path);
    }

    @Override
    public Object getAttribute(String name) {
        return attributes.get(name);
    }

    @Override
    public Enumeration<String> getAttributeNames() {
        return Collections.enumeration(List.copyOf(attributes.keySet()));
    }

    @Override
    public void setAttribute(String name, Object value) {
        if (value == null) {
            removeAttribute(name);
            return;
        }
        Object before = attributes.put(name, value);
        if (before == null) tell(name, value, ServletRequestAttributeListener::attributeAdded);
        else tell(name, before, ServletRequestAttributeListener::attributeReplaced);
    }

    @Override
    public void removeAttribute(String name) {
        Object value = attributes.remove(name);
        if (value != null) tell(name, value, ServletRequestAttributeListener::attributeRemoved);
    }

    private void tell(
            String name,
            Object value,
            BiConsumer<ServletRequestAttributeListener, ServletRequestAttributeEvent> event) {
        ServletRequestAttributeEvent what =
                new ServletRequestAttributeEvent(app.context(), this, name, value);
        app.context()
                .listeners()
                .tell(ServletRequestAttributeListener.class, one -> event.accept(one, what));
    }

    @Override
    public HttpSession getSession() {
        return getSession(true);
    }

    @Override
    public HttpSession getSession(boolean create) {
        if (session != null && !session.isOver()) return session;
        String id = getRequestedSessionId();
        session = id == null || session != null ? null : app.sessions().find(id);
        if (session != null) session.use();
        else if (create) {
            exchange.mustNotBeCommitted("a session cannot begin");
            session = app.sessions().create();
            exchange.nameSession(session.getId());
        }
        return session;
    }

    @Override
    public String changeSessionId() {
        if (getSession(false) == null) throw new IllegalStateException("there is no session");
        String id = app.sessions().changeId(session);
        exchange.nameSession(id);
        return id;
    }

    @Override
    public String getRequestedSessionId() {
        Cookie[] cookies = getCookies();
        String name = app.context().getSessionCookieConfig().getName();
        if (cookies == null) return null;
        for (Cookie cookie : cookies) if (cookie.getName().equals(name)) return cookie.getValue();
        return null;
    }

    @Override
    public boolean isRequestedSessionIdValid() {
        HttpSession now = getSession(false);
        return now != null && now.getId().equals(getRequestedSessionId());
    }

    @Override
    public boolean isRequestedSessionIdFromCookie() {
        return getRequestedSessionId() != null;
    }

    @Override
    public boolean isRequestedSessionIdFromURL() {
        return false;
    }

    @Override
    public AsyncContext startAsync() {
        return exchange.startAsync(this, exchange.response(), true);
    }

    @Override
    public AsyncContext startAsync(ServletRequest request, ServletResponse response) {
        boolean isOriginal = request == this && response == exchange.response();
        return exchange.startAsync(request, response, isOriginal);
    }

    @Override
    public boolean isAsyncStarted() {
        return exchange.isAsyncStarted();
    }

    @Override
    public boolean isAsyncSupported() {
        return true;
    }

    @Override
    public AsyncContext getAsyncContext() {
        AsyncContext async = exchange.async();
        if (async == null) throw new IllegalStateException("the call is not asynchronous");
        return async;
    }
}
