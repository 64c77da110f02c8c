package funcatron.service.spring_boot.servlet;

import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.Part;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UnsupportedEncodingException;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.util.Collection;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;

/** What a request brings: parameters of its query and its form, parts, bytes. */
abstract class RequestContent extends RequestHead {
    private final RequestBody body;
    private String encoding;
    private Parameters parameters;
    private BufferedReader reader;

    RequestContent(Facts facts, InputStream given, String usualEncoding) {
        super(facts);
        body = new RequestBody(facts, given);
        String named = charsetOf(facts.header("content-type"));
        encoding = named == null ? usualEncoding : named;
    }

    /** Deletes what was kept of the body in files. */
    void close() throws IOException {
        body.close();
    }

    /** Where it goes. */
    abstract Target target();

    /** Which servlet it is for; null for none. */
    abstract Match match();

    /** The charset that a content type names; null for none. */
    static String charsetOf(String contentType) {
        if (contentType == null) return null;
        for (String parameter : contentType.split(";")) {
            String word = parameter.trim();
            if (word.regionMatches(true, 0, "charset=", 0, 8))
                return word.substring(8).replace("\"", "").trim();
        }
        return null;
    }

    @Override
    public String getCharacterEncoding() {
        return encoding;
    }

    @Override
    public void setCharacterEncoding(String name) throws UnsupportedEncodingException {
        if (reader != null || parameters != null) return;
        try {
            encoding = Charset.forName(name).name();
        } catch (IllegalCharsetNameException | UnsupportedCharsetException cause) {
            throw new UnsupportedEncodingException(name);
        }
    }

    private Charset charset() throws UnsupportedEncodingException {
        try {
            return encoding == null ? StandardCharsets.UTF_8 : Charset.forName(encoding);
        } catch (IllegalCharsetNameException | UnsupportedCharsetException cause) {
            throw new UnsupportedEncodingException(encoding);
        }
    }

    @Override
    public int getContentLength() {
        long length = getContentLengthLong();
        return length > Integer.MAX_VALUE ? -1 : (int) length;
    }

    @Override
    public long getContentLengthLong() {
        String text = getHeader("content-length");
        return text == null ? -1 : Long.parseLong(text);
    }

    @Override
    public ServletInputStream getInputStream() throws IOException {
        if (reader != null) throw new IllegalStateException("getReader was called");
        return body.stream(charset());
    }

    @Override
    public BufferedReader getReader() throws IOException {
        if (reader != null) return reader;
        if (body.isTaken() && parameters == null)
            throw new IllegalStateException("getInputStream was called");
        reader = new BufferedReader(new InputStreamReader(body.stream(charset()), charset()));
        return reader;
    }

    private Parameters parameters() {
        if (parameters != null) return parameters;
        Parameters all = new Parameters().addEncoded(target().query());
        try {
            if (getMethod().equals("POST") && body.isForm() && !body.isTaken())
                all.addAll(body.fields(charset()));
            if (body.isMultipart() && limits() != null)
                for (FormPart part : body.parts(limits()))
                    if (!part.isFile()) all.add(part.getName(), part.text());
        } catch (IOException | ServletException cause) {
            throw new IllegalStateException(cause.getMessage(), cause);
        }
        parameters = all;
        return all;
    }

    private MultipartConfigElement limits() {
        return match() == null ? null : match().servlet().multipart();
    }

    @Override
    public String getParameter(String name) {
        return parameters().first(name);
    }

    @Override
    public Enumeration<String> getParameterNames() {
        return Collections.enumeration(parameters().map().keySet());
    }

    @Override
    public String[] getParameterValues(String name) {
        return parameters().values(name);
    }

    @Override
    public Map<String, String[]> getParameterMap() {
        return Collections.unmodifiableMap(parameters().map());
    }

    @Override
    public Collection<Part> getParts() throws IOException, ServletException {
        return List.copyOf(body.parts(limits()));
    }

    @Override
    public Part getPart(String name) throws IOException, ServletException {
        for (FormPart part : body.parts(limits())) if (part.getName().equals(name)) return part;
        return null;
    }
}
