package funcatron.service.spring_boot.servlet;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterRegistration;
import jakarta.servlet.Servlet;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRegistration;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EventListener;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Servlets, filters and listeners of an application, as it registers them when it starts. */
abstract class Registry implements ServletContext {
    private final Routes routes = new Routes();
    private final Listeners listeners = new Listeners();
    private final Map<String, ServletHolder> servlets = new LinkedHashMap<>();
    private final Map<String, FilterHolder> filters = new LinkedHashMap<>();
    private List<FilterHolder> started = List.of();

    Routes routes() {
        return routes;
    }

    Listeners listeners() {
        return listeners;
    }

    ServletHolder servlet(String name) {
        return servlets.get(name);
    }

    Collection<ServletHolder> servlets() {
        return servlets.values();
    }

    /** The filters, in the order in which they stand before a servlet. */
    List<FilterHolder> filters() {
        return started;
    }

    void startFilters() throws ServletException {
        for (FilterHolder filter : filters.values()) filter.filter().init(filter);
        started = new ArrayList<>(filters.values());
    }

    void endFilters() {
        for (FilterHolder filter : started) filter.filter().destroy();
        started = List.of();
    }

    @Override
    public ServletRegistration.Dynamic addServlet(String name, Servlet servlet) {
        if (servlets.containsKey(name)) return null;
        ServletHolder holder = new ServletHolder(name, servlet, this, routes);
        servlets.put(name, holder);
        return holder;
    }

    @Override
    public ServletRegistration.Dynamic addServlet(String name, Class<? extends Servlet> type) {
        return addServlet(name, made(type));
    }

    @Override
    public ServletRegistration.Dynamic addServlet(String name, String className) {
        return addServlet(name, made(named(className, Servlet.class)));
    }

    @Override
    public ServletRegistration.Dynamic addJspFile(String name, String file) {
        throw new UnsupportedOperationException("JSP pages are not supported: " + file);
    }

    @Override
    public <T extends Servlet> T createServlet(Class<T> type) throws ServletException {
        return made(type);
    }

    @Override
    public ServletRegistration getServletRegistration(String name) {
        return servlets.get(name);
    }

    @Override
    public Map<String, ? extends ServletRegistration> getServletRegistrations() {
        return Collections.unmodifiableMap(servlets);
    }

    @Override
    public FilterRegistration.Dynamic addFilter(String name, Filter filter) {
        if (filters.containsKey(name)) return null;
        FilterHolder holder = new FilterHolder(name, filter, this);
        filters.put(name, holder);
        return holder;
    }

    @Override
    public FilterRegistration.Dynamic addFilter(String name, Class<? extends Filter> type) {
        return addFilter(name, made(type));
    }

    @Override
    public FilterRegistration.Dynamic addFilter(String name, String className) {
        return addFilter(name, made(named(className, Filter.class)));
    }

    @Override
    public <T extends Filter> T createFilter(Class<T> type) throws ServletException {
        return made(type);
    }

    @Override
    public FilterRegistration getFilterRegistration(String name) {
        return filters.get(name);
    }

    @Override
    public Map<String, ? extends FilterRegistration> getFilterRegistrations() {
        return Collections.unmodifiableMap(filters);
    }

    @Override
    public <T extends EventListener> void addListener(T listener) {
        listeners.add(listener);
    }

    @Override
    public void addListener(Class<? extends EventListener> type) {
        addListener(made(type));
    }

    @Override
    public void addListener(String className) {
        addListener(made(named(className, EventListener.class)));
    }

    @Override
    public <T extends EventListener> T createListener(Class<T> type) throws ServletException {
        return made(type);
    }

    private <T> Class<? extends T> named(String className, Class<T> type) {
        try {
            return Class.forName(className, true, getClassLoader()).asSubclass(type);
        } catch (ClassNotFoundException cause) {
            throw new IllegalArgumentException("there is no class " + className, cause);
        }
    }

    private static <T> T made(Class<T> type) {
        try {
            return type.getDeclaredConstructor().newInstance();
        } catch (InvocationTargetException cause) {
            throw new IllegalArgumentException(type.getName() + " failed", cause.getCause());
        } catch (ReflectiveOperationException cause) {
            throw new IllegalArgumentException(
                    type.getName() + " has no public constructor without parameters", cause);
        }
    }
}
