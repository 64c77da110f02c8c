package funcatron.service.spring_boot.servlet;

import jakarta.servlet.http.HttpServletResponse;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Status and headers of a response, content type and charset with them. */
abstract class ResponseHead implements HttpServletResponse {
    private final Map<String, List<String>> headers = new LinkedHashMap<>();
    private int status = SC_OK;
    private String type;
    private String charset;
    private Locale locale = Locale.getDefault();

    /** Whether status and headers have left; what changes them then changes nothing. */
    @Override
    public abstract boolean isCommitted();

    /** Waits until this thread may touch the response. */
    abstract void awaitTurn();

    void clearHead() {
        headers.clear();
        status = SC_OK;
        type = null;
        charset = null;
    }

    /** Names in lower case; one value as text, several as a list. */
    Map<String, Object> headerMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        headers.forEach(
                (name, values) -> map.put(name, values.size() == 1 ? values.get(0) : values));
        if (getContentType() != null) map.put("content-type", getContentType());
        // These are said by whoever sends the response.
        map.keySet().removeAll(Set.of("connection", "transfer-encoding", "keep-alive"));
        return map;
    }

    @Override
    public void setStatus(int code) {
        awaitTurn();
        if (!isCommitted()) status = code;
    }

    @Override
    public int getStatus() {
        return status;
    }

    @Override
    public boolean containsHeader(String name) {
        return getHeader(name) != null;
    }

    @Override
    public void setHeader(String name, String value) {
        awaitTurn();
        if (isCommitted() || isContentType(name, value)) return;
        headers.remove(key(name));
        if (value != null) addHeader(name, value);
    }

    @Override
    public void addHeader(String name, String value) {
        awaitTurn();
        if (isCommitted() || value == null || isContentType(name, value)) return;
        String line = value.replaceAll("[\r\n]+", " ");
        headers.computeIfAbsent(key(name), unused -> new ArrayList<>()).add(line);
    }

    private boolean isContentType(String name, String value) {
        if (!name.equalsIgnoreCase("content-type")) return false;
        setContentType(value);
        return true;
    }

    private static String key(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    @Override
    public void setDateHeader(String name, long epochMs) {
        setHeader(name, HttpDate.write(epochMs));
    }

    @Override
    public void addDateHeader(String name, long epochMs) {
        addHeader(name, HttpDate.write(epochMs));
    }

    @Override
    public void setIntHeader(String name, int value) {
        setHeader(name, String.valueOf(value));
    }

    @Override
    public void addIntHeader(String name, int value) {
        addHeader(name, String.valueOf(value));
    }

    @Override
    public String getHeader(String name) {
        Collection<String> values = getHeaders(name);
        return values.isEmpty() ? null : values.iterator().next();
    }

    @Override
    public Collection<String> getHeaders(String name) {
        awaitTurn();
        if (name.equalsIgnoreCase("content-type"))
            return getContentType() == null ? List.of() : List.of(getContentType());
        return List.copyOf(headers.getOrDefault(key(name), List.of()));
    }

    @Override
    public Collection<String> getHeaderNames() {
        return headerMap().keySet();
    }

    @Override
    public void setContentLength(int length) {
        setContentLengthLong(length);
    }

    @Override
    public void setContentLengthLong(long length) {
        if (length >= 0) setHeader("content-length", String.valueOf(length));
        else if (!isCommitted()) headers.remove("content-length");
    }

    @Override
    public void setContentType(String given) {
        awaitTurn();
        if (isCommitted()) return;
        type = given;
        String named = Request.charsetOf(given);
        if (named == null) return;
        type = given.substring(0, given.indexOf(';')).trim() + others(given);
        if (!hasWriter()) charset = named;
    }

    /** The parameters of a content type, without its charset. */
    private static String others(String contentType) {
        StringBuilder others = new StringBuilder();
        String[] words = contentType.split(";");
        for (int i = 1; i < words.length; i++)
            if (!words[i].trim().regionMatches(true, 0, "charset=", 0, 8))
                others.append(';').append(words[i].trim());
        return others.toString();
    }

    /** Whether a writer is in use: from then on its charset stays. */
    abstract boolean hasWriter();

    @Override
    public String getContentType() {
        return type == null || charset == null ? type : type + ";charset=" + charset;
    }

    @Override
    public void setCharacterEncoding(String name) {
        if (!isCommitted() && !hasWriter()) charset = name;
    }

    /** The charset in use; that of the specification where none was said. */
    @Override
    public String getCharacterEncoding() {
        return charset == null ? "ISO-8859-1" : charset;
    }

    @Override
    public void setLocale(Locale next) {
        if (isCommitted() || next == null) return;
        locale = next;
        setHeader("content-language", next.toLanguageTag());
    }

    @Override
    public Locale getLocale() {
        return locale;
    }
}
