package funcatron.service.spring_boot.servlet;

import jakarta.servlet.SessionCookieConfig;
import jakarta.servlet.http.Cookie;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** How the cookie that names a session is made. */
final class SessionCookie implements SessionCookieConfig {
    private final Map<String, String> attributes = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    private String name = "JSESSIONID";
    private boolean isHttpOnly = true;
    private boolean isSecure;
    private int maxAgeS = -1;
    private String domain;
    private String path;

    Cookie of(String id, String contextPath, boolean isSecureCall) {
        Cookie cookie = new Cookie(name, id);
        attributes.forEach(cookie::setAttribute);
        cookie.setHttpOnly(isHttpOnly);
        cookie.setSecure(isSecure || isSecureCall);
        cookie.setMaxAge(maxAgeS);
        if (domain != null) cookie.setDomain(domain);
        cookie.setPath(path != null ? path : contextPath.isEmpty() ? "/" : contextPath);
        return cookie;
    }

    @Override
    public void setName(String name) {
        this.name = name;
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public void setDomain(String domain) {
        this.domain = domain;
    }

    @Override
    public String getDomain() {
        return domain;
    }

    @Override
    public void setPath(String path) {
        this.path = path;
    }

    @Override
    public String getPath() {
        return path;
    }

    /** No browser of today reads comments. */
    @Override
    @Deprecated
    @SuppressWarnings("removal")
    public void setComment(String comment) {}

    @Override
    @Deprecated
    @SuppressWarnings("removal")
    public String getComment() {
        return null;
    }

    @Override
    public void setHttpOnly(boolean isHttpOnly) {
        this.isHttpOnly = isHttpOnly;
    }

    @Override
    public boolean isHttpOnly() {
        return isHttpOnly;
    }

    @Override
    public void setSecure(boolean isSecure) {
        this.isSecure = isSecure;
    }

    @Override
    public boolean isSecure() {
        return isSecure;
    }

    @Override
    public void setMaxAge(int seconds) {
        maxAgeS = seconds;
    }

    @Override
    public int getMaxAge() {
        return maxAgeS;
    }

    @Override
    public void setAttribute(String key, String value) {
        if (value == null) attributes.remove(key);
        else attributes.put(key, value);
    }

    @Override
    public String getAttribute(String key) {
        return attributes.get(key);
    }

    @Override
    public Map<String, String> getAttributes() {
        return Collections.unmodifiableMap(attributes);
    }
}
