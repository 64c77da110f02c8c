package funcatron.service.spring_boot.servlet;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a call goes.
 *
 * @param uri the path as it was asked for, encoded
 * @param contextPath the part of it that is the application's, encoded
 * @param path the rest, decoded, without the parameters of segments
 * @param query without its question mark, encoded; null for none
 */
record Target(String uri, String contextPath, String path, String query) {

    /**
     * Reads where a call goes. A bundle may be enabled under another base path than the one the
     * application was configured with: what comes before the segments of the operation's path is
     * the context path of this call.
     *
     * @param template path of the operation within the contract; null if it is not known
     * @param contextPath as configured
     * @param basePath of the contract: the context path and that of the dispatcher servlet
     */
    static Target of(
            String uri, String query, String template, String contextPath, String basePath) {
        String context = uri.startsWith(contextPath) ? contextPath : "";
        if (template != null) context = contextOf(uri, template, contextPath, basePath);
        String whole = uri.length() == context.length() ? uri + "/" : uri;
        String path = decodePath(whole.substring(context.length()));
        return new Target(whole, context, path, query == null || query.isEmpty() ? null : query);
    }

    private static String contextOf(
            String uri, String template, String contextPath, String basePath) {
        int end = uri.length();
        if (end > 1 && uri.endsWith("/") && !template.endsWith("/")) end--;
        for (char c : template.equals("/") ? new char[0] : template.toCharArray())
            if (c == '/') end = uri.lastIndexOf('/', end - 1);
        if (template.equals("/") && uri.endsWith("/")) end = uri.length() - 1;
        String base = uri.substring(0, Math.max(end, 0));
        String inner = basePath.substring(contextPath.length());
        return base.endsWith(inner) ? base.substring(0, base.length() - inner.length()) : base;
    }

    /** The same place, in the terms of a path within the application. */
    Target within(String pathAndQuery) {
        int mark = pathAndQuery.indexOf('?');
        String inner = mark < 0 ? pathAndQuery : pathAndQuery.substring(0, mark);
        String asked = mark < 0 ? null : pathAndQuery.substring(mark + 1);
        return new Target(contextPath + inner, contextPath, decodePath(inner), asked);
    }

    private static String decodePath(String path) {
        List<String> segments = new ArrayList<>();
        for (String segment : path.split("/", -1)) {
            int parameters = segment.indexOf(';');
            String name = parameters < 0 ? segment : segment.substring(0, parameters);
            segments.add(decode(name, false));
        }
        return String.join("/", segments);
    }

    /** Decodes percent signs, as UTF-8; what is no code stays as it is. */
    static String decode(String text, boolean isPlusSpace) {
        if (text.indexOf('%') < 0 && !(isPlusSpace && text.indexOf('+') >= 0)) return text;
        byte[] from = text.getBytes(StandardCharsets.UTF_8);
        byte[] to = new byte[from.length];
        int length = 0;
        for (int i = 0; i < from.length; i++) {
            boolean mayBeCode = from[i] == '%' && i + 2 < from.length;
            int high = mayBeCode ? Character.digit(from[i + 1], 16) : -1;
            int low = high < 0 ? -1 : Character.digit(from[i + 2], 16);
            if (low >= 0) {
                to[length++] = (byte) (high << 4 | low);
                i += 2;
            } else to[length++] = isPlusSpace && from[i] == '+' ? (byte) ' ' : from[i];
        }
        return new String(to, 0, length, StandardCharsets.UTF_8);
    }
}
