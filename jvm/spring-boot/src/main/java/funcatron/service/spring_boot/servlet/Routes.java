package funcatron.service.spring_boot.servlet;

import jakarta.servlet.http.MappingMatch;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** Finds the servlet for a path: exactly named, longest prefix, file ending, or the default one. */
final class Routes {
    private final Map<String, ServletHolder> byPattern = new LinkedHashMap<>();

    /** Adds patterns, all or none; returns those that another servlet has. */
    Set<String> add(ServletHolder servlet, String... patterns) {
        Set<String> taken = new LinkedHashSet<>();
        for (String pattern : patterns) {
            ServletHolder other = byPattern.get(pattern);
            if (other != null && other != servlet) taken.add(pattern);
        }
        if (taken.isEmpty()) for (String pattern : patterns) byPattern.put(pattern, servlet);
        return taken;
    }

    /** The servlet for a decoded path within the application, or null. */
    Match find(String path) {
        ServletHolder exact = byPattern.get(path);
        if (path.equals("/") && byPattern.containsKey("")) {
            ServletHolder root = byPattern.get("");
            return new Match(root, "", "/", "", MappingMatch.CONTEXT_ROOT, "");
        }
        if (exact != null && !path.equals("/") && !path.endsWith("/*")) {
            String value = path.substring(1);
            return new Match(exact, path, null, path, MappingMatch.EXACT, value);
        }
        Match prefixed = findPrefix(path);
        if (prefixed != null) return prefixed;
        Match ended = findEnding(path);
        if (ended != null) return ended;
        ServletHolder rest = byPattern.get("/");
        return rest == null ? null : new Match(rest, path, null, "/", MappingMatch.DEFAULT, "");
    }

    private Match findPrefix(String path) {
        for (String prefix = path; ; prefix = prefix.substring(0, prefix.lastIndexOf('/'))) {
            ServletHolder servlet = byPattern.get(prefix + "/*");
            if (servlet != null) {
                String rest = path.substring(prefix.length());
                String info = rest.isEmpty() ? null : rest;
                String value = info == null ? "" : info.substring(1);
                return new Match(servlet, prefix, info, prefix + "/*", MappingMatch.PATH, value);
            }
            if (prefix.lastIndexOf('/') < 0) return null;
        }
    }

    private Match findEnding(String path) {
        int slash = path.lastIndexOf('/');
        int dot = path.lastIndexOf('.');
        if (dot <= slash) return null;
        String pattern = "*" + path.substring(dot);
        ServletHolder servlet = byPattern.get(pattern);
        if (servlet == null) return null;
        String value = path.substring(1, dot);
        return new Match(servlet, path, null, pattern, MappingMatch.EXTENSION, value);
    }

    /** Whether a pattern has a path, as filters ask it. */
    static boolean matches(String pattern, String path) {
        if (pattern.equals(path)) return true;
        if (pattern.endsWith("/*")) {
            String prefix = pattern.substring(0, pattern.length() - 2);
            return path.startsWith(prefix)
                    && (path.length() == prefix.length() || path.charAt(prefix.length()) == '/');
        }
        if (!pattern.startsWith("*.")) return pattern.equals("/") && path.isEmpty();
        return path.lastIndexOf('/') < path.lastIndexOf('.') && path.endsWith(pattern.substring(1));
    }
}
