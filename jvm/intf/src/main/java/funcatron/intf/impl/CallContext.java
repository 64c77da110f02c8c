package funcatron.intf.impl;

import funcatron.intf.Accumulator;
import funcatron.intf.Context;
import funcatron.intf.ServiceVendor;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.logging.Logger;

/** The context of a call: its request map, and what the services of its bundle gave it. */
abstract class CallContext implements Context, Accumulator {
    private final Bundle bundle;
    private final Map<Object, Object> data;
    private final Logger logger;
    private final VendedItems vended = new VendedItems();

    CallContext(Bundle bundle, Map<Object, Object> data, Logger logger) {
        this.bundle = bundle;
        this.data = data;
        this.logger = logger;
    }

    @Override
    public Map<Object, Object> getRequestInfo() {
        return data;
    }

    @Override
    public Logger getLogger() {
        return logger;
    }

    @Override
    public String getURI() {
        return text("uri");
    }

    @Override
    public String contentType() {
        return header("content-type");
    }

    @Override
    @SuppressWarnings("unchecked")
    public Map<String, Map<String, Object>> getRequestParams() {
        return (Map<String, Map<String, Object>>) data.get("parameters");
    }

    @Override
    @SuppressWarnings("unchecked")
    public Map<String, Object> getHeaders() {
        return (Map<String, Object>) data.get("headers");
    }

    @Override
    public Map<String, Object> getQueryParams() {
        return params("query");
    }

    @Override
    public Map<String, Object> getPathParams() {
        return params("path");
    }

    @Override
    public Map<String, Object> getBodyParams() {
        return params("body");
    }

    @Override
    public Map<String, Object> getMergedParams() {
        Map<String, Object> merged = new HashMap<>(getPathParams());
        merged.putAll(getQueryParams());
        return merged;
    }

    @Override
    public String getScheme() {
        return text("scheme");
    }

    @Override
    public String getHost() {
        String host = text("host");
        if (host == null) host = header("host");
        return host == null ? text("server-name") : host;
    }

    @Override
    public String getMethod() {
        return text("request-method");
    }

    @Override
    public <T> void accumulate(T item, ServiceVendor<T> vendor) {
        vended.add(item, vendor);
    }

    @Override
    public void finished(boolean success) {
        vended.release(success, logger);
    }

    @Override
    public Set<String> services() {
        return bundle.services().keySet();
    }

    @Override
    public Optional<ServiceVendor<?>> serviceForName(String name) {
        return Optional.ofNullable(bundle.services().get(name));
    }

    @Override
    public <T> Optional<T> vendForName(String name, Class<T> type) throws Exception {
        Optional<ServiceVendor<T>> vendor = serviceForName(name, type);
        return vendor.isPresent() ? Optional.of(vendor.get().vend(this)) : Optional.empty();
    }

    @Override
    public Map<String, Object> properties() {
        return bundle.props();
    }

    private String text(String key) {
        return (String) data.get(key);
    }

    private Map<String, Object> params(String place) {
        Map<String, Map<String, Object>> all = getRequestParams();
        Map<String, Object> params = all == null ? null : all.get(place);
        return params == null ? Collections.emptyMap() : params;
    }

    /** The first value of a header, however its name is written. */
    private String header(String name) {
        Map<String, Object> headers = getHeaders();
        if (headers == null) return null;
        for (Map.Entry<String, Object> header : headers.entrySet()) {
            if (!name.equalsIgnoreCase(header.getKey())) continue;
            Object value = header.getValue();
            if (value instanceof List<?> list && !list.isEmpty()) value = list.get(0);
            if (value instanceof String text) return text;
        }
        return null;
    }
}
