package funcatron.service.spring_boot.servlet;

import jakarta.servlet.http.Cookie;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What a web application is told by the configuration of its server.
 *
 * @param contextPath under which it answers; empty for everything
 * @param name for its log and for who asks the context
 * @param initParameters of the context
 * @param mediaTypes by the ending of a file's name; null for an unknown one
 * @param errorPages where errors are sent
 * @param sessionTimeout after which an unused session ends; zero or less: never
 * @param sessionsMax sessions at a time; the one unused for longest goes first
 * @param sameSite the attribute of that name for a cookie, or null
 */
public record Settings(
        String contextPath,
        String name,
        Map<String, String> initParameters,
        Function<String, String> mediaTypes,
        List<ErrorPage> errorPages,
        Duration sessionTimeout,
        int sessionsMax,
        Function<Cookie, String> sameSite) {

    /**
     * Where errors of a kind are sent.
     *
     * @param path of the page, within the application
     * @param status the status it is for; 0 for any
     * @param thrown the exception it is for; null for any
     */
    public record ErrorPage(String path, int status, Class<? extends Throwable> thrown) {}
}
