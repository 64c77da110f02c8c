package funcatron.service.spring_boot.servlet;

import jakarta.servlet.ServletConnection;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpUpgradeHandler;
import java.security.Principal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Locale;

/** What a request says before its body: who asks whom for what, and the headers. */
abstract class RequestHead implements HttpServletRequest {
    final Facts facts;
    private final String method;

    RequestHead(Facts facts) {
        this.facts = facts;
        String asked = facts.text("request-method");
        method = asked == null ? "GET" : asked.toUpperCase(Locale.ROOT);
    }

    @Override
    public String getMethod() {
        return method;
    }

    @Override
    public String getHeader(String name) {
        return facts.header(name);
    }

    @Override
    public Enumeration<String> getHeaders(String name) {
        List<String> values = facts.headers().get(name.toLowerCase(Locale.ROOT));
        return Collections.enumeration(values == null ? List.of() : values);
    }

    @Override
    public Enumeration<String> getHeaderNames() {
        return Collections.enumeration(facts.headers().keySet());
    }

    @Override
    public long getDateHeader(String name) {
        String text = facts.header(name);
        return text == null ? -1 : HttpDate.read(text);
    }

    @Override
    public int getIntHeader(String name) {
        String text = facts.header(name);
        return text == null ? -1 : Integer.parseInt(text);
    }

    @Override
    public Cookie[] getCookies() {
        List<Cookie> cookies = new ArrayList<>();
        List<String> headers = facts.headers().getOrDefault("cookie", List.of());
        for (String header : headers) cookies.addAll(CookieText.read(header));
        return cookies.isEmpty() ? null : cookies.toArray(new Cookie[0]);
    }

    @Override
    public String getContentType() {
        return facts.header("content-type");
    }

    @Override
    public String getProtocol() {
        String protocol = facts.text("protocol");
        return protocol == null ? "HTTP/1.1" : protocol;
    }

    @Override
    public String getScheme() {
        String scheme = facts.text("scheme");
        return scheme == null ? "http" : scheme;
    }

    @Override
    public boolean isSecure() {
        return getScheme().equals("https");
    }

    @Override
    public String getServerName() {
        String host = facts.header("host");
        if (host == null) host = facts.text("server-name");
        if (host == null) return "localhost";
        int colon = host.lastIndexOf(':');
        return colon > host.lastIndexOf(']') ? host.substring(0, colon) : host;
    }

    @Override
    public int getServerPort() {
        String host = facts.header("host");
        int colon = host == null ? -1 : host.lastIndexOf(':');
        if (colon > 0 && colon > host.lastIndexOf(']') && colon + 1 < host.length()) {
            String port = host.substring(colon + 1);
            if (port.length() < 6 && port.chars().allMatch(c -> c >= '0' && c <= '9'))
                return Integer.parseInt(port);
        }
        return isSecure() ? 443 : 80;
    }

    @Override
    public StringBuffer getRequestURL() {
        StringBuffer url = new StringBuffer(getScheme()).append("://").append(getServerName());
        int port = getServerPort();
        if (port != (isSecure() ? 443 : 80)) url.append(':').append(port);
        return url.append(getRequestURI());
    }

    @Override
    public String getRemoteAddr() {
        return facts.text("remote-addr");
    }

    @Override
    public String getRemoteHost() {
        return getRemoteAddr();
    }

    @Override
    public int getRemotePort() {
        return 0;
    }

    @Override
    public String getLocalName() {
        return getServerName();
    }

    @Override
    public String getLocalAddr() {
        return "127.0.0.1";
    }

    @Override
    public int getLocalPort() {
        return getServerPort();
    }

    @Override
    public Locale getLocale() {
        return getLocales().nextElement();
    }

    @Override
    public Enumeration<Locale> getLocales() {
        List<Locale> locales = new ArrayList<>();
        String wanted = facts.header("accept-language");
        try {
            if (wanted != null)
                for (Locale.LanguageRange range : Locale.LanguageRange.parse(wanted))
                    if (!range.getRange().equals("*"))
                        locales.add(Locale.forLanguageTag(range.getRange()));
        } catch (IllegalArgumentException malformed) {
            locales.clear();
        }
        return Collections.enumeration(locales.isEmpty() ? List.of(Locale.getDefault()) : locales);
    }

    @Override
    public String getRequestId() {
        String id = facts.text("$requestId");
        return id == null ? "" : id;
    }

    @Override
    public String getProtocolRequestId() {
        return "";
    }

    @Override
    public ServletConnection getServletConnection() {
        return new Connection(getRequestId(), getProtocol(), isSecure());
    }

    private record Connection(String id, String protocol, boolean secure)
            implements ServletConnection {
        @Override
        public String getConnectionId() {
            return id;
        }

        @Override
        public String getProtocol() {
            return protocol;
        }

        @Override
        public String getProtocolConnectionId() {
            return "";
        }

        @Override
        public boolean isSecure() {
            return secure;
        }
    }

    /** Who it is, is the business of the application's filters. */
    @Override
    public Principal getUserPrincipal() {
        return null;
    }

    @Override
    public String getAuthType() {
        return null;
    }

    @Override
    public String getRemoteUser() {
        return null;
    }

    @Override
    public boolean isUserInRole(String role) {
        return false;
    }

    @Override
    public boolean authenticate(HttpServletResponse response) throws ServletException {
        throw new ServletException("there is no security here but the application's own");
    }

    @Override
    public void login(String username, String password) throws ServletException {
        throw new ServletException("there is no security here but the application's own");
    }

    @Override
    public void logout() {}

    @Override
    public <T extends HttpUpgradeHandler> T upgrade(Class<T> handlerClass)
            throws ServletException {
        throw new ServletException("a call of a Func cannot change to another protocol");
    }

    @Override
    public String getPathTranslated() {
        return null;
    }
}
