package funcatron.service.spring_boot.servlet;

import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.Servlet;
import jakarta.servlet.ServletConfig;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.ServletSecurityElement;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Set;

/** A servlet that was registered, and the patterns it answers. */
final class ServletHolder extends Holder implements ServletRegistration.Dynamic, ServletConfig {
    private final Servlet servlet;
    private final Routes routes;
    private final Set<String> patterns = new LinkedHashSet<>();
    private MultipartConfigElement multipart;
    private String runAsRole;
    private int loadOnStartup = -1;
    private boolean isInitialised;
    private boolean hasEnded;

    ServletHolder(String name, Servlet servlet, ServletContext context, Routes routes) {
        super(name, servlet.getClass().getName(), context);
        this.servlet = servlet;
        this.routes = routes;
    }

    /** The servlet, initialised: a servlet that nobody calls need not start. */
    synchronized Servlet ready() throws ServletException {
        if (hasEnded) throw new ServletException("the application has ended");
        if (!isInitialised) servlet.init(this);
        isInitialised = true;
        return servlet;
    }

    synchronized void destroy() {
        if (isInitialised) servlet.destroy();
        hasEnded = true;
    }

    int loadOnStartup() {
        return loadOnStartup;
    }

    /** Limits of multipart bodies, or null: then the servlet reads no parts. */
    MultipartConfigElement multipart() {
        return multipart;
    }

    @Override
    public String getServletName() {
        return getName();
    }

    @Override
    public Set<String> addMapping(String... urlPatterns) {
        Set<String> taken = routes.add(this, urlPatterns);
        if (taken.isEmpty()) patterns.addAll(Set.of(urlPatterns));
        return taken;
    }

    @Override
    public Collection<String> getMappings() {
        return new LinkedHashSet<>(patterns);
    }

    @Override
    public String getRunAsRole() {
        return runAsRole;
    }

    @Override
    public void setRunAsRole(String roleName) {
        runAsRole = roleName;
    }

    @Override
    public void setLoadOnStartup(int order) {
        loadOnStartup = order;
    }

    /** Constraints of a container's own security: here the application has to look after itself. */
    @Override
    public Set<String> setServletSecurity(ServletSecurityElement constraint) {
        throw new UnsupportedOperationException(
                "security constraints of servlets are not kept here: use Spring Security");
    }

    @Override
    public void setMultipartConfig(MultipartConfigElement config) {
        multipart = config;
    }
}
