package funcatron.service.spring_boot.servlet;

import jakarta.servlet.Registration;
import jakarta.servlet.ServletContext;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** What servlets and filters have in common when they are registered. */
abstract class Holder implements Registration.Dynamic {
    private final String name;
    private final String className;
    private final ServletContext context;
    private final Map<String, String> initParameters = new LinkedHashMap<>();

    Holder(String name, String className, ServletContext context) {
        this.name = name;
        this.className = className;
        this.context = context;
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public String getClassName() {
        return className;
    }

    @Override
    public boolean setInitParameter(String key, String value) {
        if (key == null || value == null)
            throw new IllegalArgumentException("an init parameter of " + name + " is null");
        return initParameters.putIfAbsent(key, value) == null;
    }

    @Override
    public String getInitParameter(String key) {
        return initParameters.get(key);
    }

    @Override
    public Set<String> setInitParameters(Map<String, String> parameters) {
        Set<String> taken = new LinkedHashSet<>(parameters.keySet());
        taken.retainAll(initParameters.keySet());
        if (taken.isEmpty()) initParameters.putAll(parameters);
        return taken;
    }

    @Override
    public Map<String, String> getInitParameters() {
        return Collections.unmodifiableMap(initParameters);
    }

    /** Every thread here may wait: asynchronous calls need no permission. */
    @Override
    public void setAsyncSupported(boolean isAsyncSupported) {}

    public ServletContext getServletContext() {
        return context;
    }

    public Enumeration<String> getInitParameterNames() {
        return Collections.enumeration(initParameters.keySet());
    }
}
