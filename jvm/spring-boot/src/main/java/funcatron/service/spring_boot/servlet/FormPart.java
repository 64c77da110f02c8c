package funcatron.service.spring_boot.servlet;

import jakarta.servlet.http.Part;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** One part of a form: a field or a file. */
final class FormPart implements Part {
    private final String name;
    private final String fileName;
    private final String contentType;
    private final PartContent content;
    private final String location;

    /**
     * A part.
     *
     * @param fileName as it was sent; null for a field
     * @param contentType as it was sent; null for none
     * @param location the folder that files are written to by relative names
     */
    FormPart(
            String name,
            String fileName,
            String contentType,
            PartContent content,
            String location) {
        this.name = name;
        this.fileName = fileName;
        this.contentType = contentType;
        this.content = content;
        this.location = location;
    }

    boolean isFile() {
        return fileName != null;
    }

    String text() throws IOException {
        try (InputStream in = content.open()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Override
    public InputStream getInputStream() throws IOException {
        return content.open();
    }

    @Override
    public String getContentType() {
        return contentType;
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public String getSubmittedFileName() {
        return fileName;
    }

    @Override
    public long getSize() {
        return content.size();
    }

    @Override
    public void write(String file) throws IOException {
        String folder = location.isEmpty() ? System.getProperty("java.io.tmpdir") : location;
        content.copyTo(Path.of(folder).resolve(file));
    }

    @Override
    public void delete() throws IOException {
        content.delete();
    }

    @Override
    public String getHeader(String header) {
        return headers().get(header.toLowerCase(Locale.ROOT));
    }

    @Override
    public Collection<String> getHeaders(String header) {
        String value = getHeader(header);
        return value == null ? List.of() : List.of(value);
    }

    @Override
    public Collection<String> getHeaderNames() {
        return headers().keySet();
    }

    private Map<String, String> headers() {
        Map<String, String> headers = new LinkedHashMap<>();
        String file = isFile() ? "; filename=\"" + quoted(fileName) + "\"" : "";
        headers.put("content-disposition", "form-data; name=\"" + quoted(name) + "\"" + file);
        if (contentType != null) headers.put("content-type", contentType);
        return headers;
    }

    private static String quoted(String value) {
        return value.replace("\\", "\\\\").replace("\"", "\\\"");
    }
}
