package funcatron.service.spring_boot.servlet;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextAttributeEvent;
import jakarta.servlet.ServletContextAttributeListener;
import jakarta.servlet.SessionCookieConfig;
import jakarta.servlet.SessionTrackingMode;
import jakarta.servlet.descriptor.JspConfigDescriptor;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.Collections;
import java.util.Enumeration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/** What the parts of an application ask about it; registering is in {@link Registry}. */
final class WebContext extends Registry implements ServletContext {
    private static final Log LOG = LogFactory.getLog(WebContext.class);

    private final Settings settings;
    private final ClassLoader loader = Thread.currentThread().getContextClassLoader();
    private final Map<String, Object> attributes = new ConcurrentHashMap<>();
    private final Map<String, String> initParameters;
    private final SessionCookie sessionCookie = new SessionCookie();
    private int sessionTimeoutMin;
    private String requestEncoding;
    private String responseEncoding;

    WebContext(Settings settings) {
        this.settings = settings;
        initParameters = new ConcurrentHashMap<>(settings.initParameters());
        sessionTimeoutMin = (int) settings.sessionTimeout().toMinutes();
        attributes.put(TEMPDIR, new File(System.getProperty("java.io.tmpdir")));
    }

    SessionCookie sessionCookie() {
        return sessionCookie;
    }

    @Override
    public String getContextPath() {
        return settings.contextPath();
    }

    /** There is one application here; it knows no other. */
    @Override
    public ServletContext getContext(String path) {
        return null;
    }

    @Override
    public int getMajorVersion() {
        return 6;
    }

    @Override
    public int getMinorVersion() {
        return 0;
    }

    @Override
    public int getEffectiveMajorVersion() {
        return 6;
    }

    @Override
    public int getEffectiveMinorVersion() {
        return 0;
    }

    @Override
    public String getMimeType(String file) {
        int dot = file.lastIndexOf('.');
        return dot < 0 ? null : settings.mediaTypes().apply(file.substring(dot + 1));
    }

    @Override
    public Set<String> getResourcePaths(String path) {
        return null;
    }

    /** Resources of an application are in {@code META-INF/resources} of its JARs. */
    @Override
    public URL getResource(String path) {
        if (!path.startsWith("/") || path.contains("..")) return null;
        return loader.getResource("META-INF/resources" + path);
    }

    @Override
    public InputStream getResourceAsStream(String path) {
        URL found = getResource(path);
        try {
            return found == null ? null : found.openStream();
        } catch (IOException unreadable) {
            return null;
        }
    }

    @Override
    public RequestDispatcher getRequestDispatcher(String path) {
        return path.startsWith("/") ? Forward.to(this, path) : null;
    }

    @Override
    public RequestDispatcher getNamedDispatcher(String name) {
        ServletHolder servlet = servlet(name);
        return servlet == null ? null : Forward.to(this, servlet);
    }

    @Override
    public void log(String message) {
        LOG.info(message);
    }

    @Override
    public void log(String message, Throwable thrown) {
        LOG.error(message, thrown);
    }

    /** Nothing of a bundle is a file. */
    @Override
    public String getRealPath(String path) {
        return null;
    }

    @Override
    public String getServerInfo() {
        return "Funcatron";
    }

    @Override
    public String getInitParameter(String name) {
        return initParameters.get(name);
    }

    @Override
    public Enumeration<String> getInitParameterNames() {
        return Collections.enumeration(initParameters.keySet());
    }

    @Override
    public boolean setInitParameter(String name, String value) {
        return initParameters.putIfAbsent(name, value) == null;
    }

    @Override
    public Object getAttribute(String name) {
        return attributes.get(name);
    }

    @Override
    public Enumeration<String> getAttributeNames() {
        return Collections.enumeration(attributes.keySet());
    }

    @Override
    public void setAttribute(String name, Object value) {
        if (value == null) {
            removeAttribute(name);
            return;
        }
        Object before = attributes.put(name, value);
        if (before == null) tell(name, value, ServletContextAttributeListener::attributeAdded);
        else tell(name, before, ServletContextAttributeListener::attributeReplaced);
    }

    @Override
    public void removeAttribute(String name) {
        Object value = attributes.remove(name);
        if (value != null) tell(name, value, ServletContextAttributeListener::attributeRemoved);
    }

    private void tell(
            String name,
            Object value,
            BiConsumer<ServletContextAttributeListener, ServletContextAttributeEvent> event) {
        ServletContextAttributeEvent what = new ServletContextAttributeEvent(this, name, value);
        listeners().tell(ServletContextAttributeListener.class, one -> event.accept(one, what));
    }

    @Override
    public String getServletContextName() {
        return settings.name();
    }

    @Override
    public SessionCookieConfig getSessionCookieConfig() {
        return sessionCookie;
    }

    /** Sessions are named by cookies and by nothing else. */
    @Override
    public void setSessionTrackingModes(Set<SessionTrackingMode> modes) {}

    @Override
    public Set<SessionTrackingMode> getDefaultSessionTrackingModes() {
        return Set.of(SessionTrackingMode.COOKIE);
    }

    @Override
    public Set<SessionTrackingMode> getEffectiveSessionTrackingModes() {
        return getDefaultSessionTrackingModes();
    }

    @Override
    public JspConfigDescriptor getJspConfigDescriptor() {
        return null;
    }

    @Override
    public ClassLoader getClassLoader() {
        return loader;
    }

    @Override
    public void declareRoles(String... roles) {}

    @Override
    public String getVirtualServerName() {
        return "funcatron";
    }

    @Override
    public int getSessionTimeout() {
        return sessionTimeoutMin;
    }

    @Override
    public void setSessionTimeout(int minutes) {
        sessionTimeoutMin = minutes;
    }

    @Override
    public String getRequestCharacterEncoding() {
        return requestEncoding;
    }

    @Override
    public void setRequestCharacterEncoding(String encoding) {
        requestEncoding = encoding;
    }

    @Override
    public String getResponseCharacterEncoding() {
        return responseEncoding;
    }

    @Override
    public void setResponseCharacterEncoding(String encoding) {
        responseEncoding = encoding;
    }
}
