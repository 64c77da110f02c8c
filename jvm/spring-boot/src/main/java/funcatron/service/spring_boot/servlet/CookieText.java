package funcatron.service.spring_boot.servlet;

import jakarta.servlet.http.Cookie;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Cookies as headers have them (RFC 6265). */
final class CookieText {
    private CookieText() {}

    /** Reads a Cookie header; what cannot be a cookie is left out. */
    static List<Cookie> read(String header) {
        List<Cookie> cookies = new ArrayList<>();
        for (String pair : header.split(";")) {
            int sign = pair.indexOf('=');
            if (sign < 0) continue;
            String value = pair.substring(sign + 1).trim();
            boolean isQuoted = value.length() > 1 && value.startsWith("\"") && value.endsWith("\"");
            if (isQuoted) value = value.substring(1, value.length() - 1);
            try {
                cookies.add(new Cookie(pair.substring(0, sign).trim(), value));
            } catch (IllegalArgumentException unfit) {
                continue;
            }
        }
        return cookies;
    }

    /** Writes a Set-Cookie header. */
    static String write(Cookie cookie, String sameSite) {
        StringBuilder text = new StringBuilder(cookie.getName()).append('=');
        if (cookie.getValue() != null) text.append(checked(cookie.getValue()));
        if (cookie.getMaxAge() >= 0) {
            long end = cookie.getMaxAge() == 0 ? 0 : System.currentTimeMillis();
            text.append("; Max-Age=").append(cookie.getMaxAge());
            text.append("; Expires=").append(HttpDate.write(end + cookie.getMaxAge() * 1000L));
        }
        if (cookie.getDomain() != null) text.append("; Domain=").append(cookie.getDomain());
        if (cookie.getPath() != null) text.append("; Path=").append(checked(cookie.getPath()));
        if (cookie.getSecure()) text.append("; Secure");
        if (cookie.isHttpOnly()) text.append("; HttpOnly");
        if (sameSite != null && cookie.getAttribute("SameSite") == null)
            text.append("; SameSite=").append(sameSite);
        appendOthers(text, cookie.getAttributes());
        return text.toString();
    }

    private static void appendOthers(StringBuilder text, Map<String, String> attributes) {
        attributes.forEach(
                (name, value) -> {
                    switch (name.toLowerCase(Locale.ROOT)) {
                        case "max-age", "expires", "domain", "path", "secure", "httponly" -> {}
                        default -> {
                            text.append("; ").append(name);
                            if (!value.isEmpty()) text.append('=').append(checked(value));
                        }
                    }
                });
    }

    /** One value must not become two attributes, or two headers. */
    private static String checked(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < ' ' || c == ';' || c == 127)
                throw new IllegalArgumentException("a cookie has the character " + (int) c);
        }
        return value;
    }
}
