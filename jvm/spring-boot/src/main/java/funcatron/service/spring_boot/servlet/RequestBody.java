package funcatron.service.spring_boot.servlet;

import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ReadListener;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The body of a request: bytes as they came, or a form that the platform has read. */
final class RequestBody {
    private static final String FORM = "application/x-www-form-urlencoded";

    private final Facts facts;
    private final InputStream given;
    private final String mediaType;
    private ServletInputStream stream;
    private List<FormPart> parts;

    RequestBody(Facts facts, InputStream given) {
        this.facts = facts;
        this.given = given;
        String type = facts.header("content-type");
        mediaType = type == null ? "" : type.split(";", 2)[0].trim().toLowerCase(Locale.ROOT);
    }

    boolean isForm() {
        return mediaType.equals(FORM);
    }

    boolean isMultipart() {
        return mediaType.equals("multipart/form-data");
    }

    /** Whether somebody reads, or has read, the bytes. */
    boolean isTaken() {
        return stream != null;
    }

    /** The bytes; of a form that came parsed, the same form written out again. */
    ServletInputStream stream(Charset charset) {
        if (stream == null) stream = new BodyStream(source(charset));
        return stream;
    }

    private InputStream source(Charset charset) {
        Map<?, ?> fields = parsed("form-params");
        if (isForm() && fields != null)
            return new ByteArrayInputStream(ParsedForm.parameters(fields).encoded(charset));
        return given == null ? InputStream.nullInputStream() : given;
    }

    /** The fields as the platform has read them; null if it has not. */
    private Map<?, ?> parsed(String key) {
        Map<?, ?> fields = facts.map(key);
        boolean isParsed = !fields.isEmpty() || facts.map("parameters").containsKey("formData");
        return isParsed ? fields : null;
    }

    /** The fields of a form; reading them takes the bytes. */
    Parameters fields(Charset charset) throws IOException {
        Map<?, ?> fields = parsed("form-params");
        if (fields == null) {
            byte[] bytes = stream(charset).readAllBytes();
            return new Parameters().addEncoded(new String(bytes, charset));
        }
        stream = new BodyStream(InputStream.nullInputStream());
        return ParsedForm.parameters(fields);
    }

    /** The parts of a form, within the limits of the servlet. */
    List<FormPart> parts(MultipartConfigElement config) throws IOException, ServletException {
        if (!isMultipart()) throw new ServletException("the request is not multipart/form-data");
        if (config == null) throw new IllegalStateException("the servlet takes no multipart forms");
        if (parts != null) return parts;
        PartLimits limits = new PartLimits(config);
        Map<?, ?> fields = parsed("multipart-params");
        if (fields != null) parts = ParsedForm.parts(fields, limits);
        else if (given == null) parts = List.of();
        else parts = new MultipartReader(given, facts.header("content-type"), limits).read();
        return parts;
    }

    /** Deletes the files of parts. */
    void close() throws IOException {
        if (parts != null) for (FormPart part : parts) part.delete();
    }

    private static final class BodyStream extends ServletInputStream {
        private final InputStream source;
        private boolean isFinished;

        BodyStream(InputStream source) {
            this.source = source;
        }

        @Override
        public int read() throws IOException {
            int value = source.read();
            isFinished |= value < 0;
            return value;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int count = source.read(bytes, offset, length);
            isFinished |= count < 0;
            return count;
        }

        @Override
        public int available() throws IOException {
            return source.available();
        }

        @Override
        public boolean isFinished() {
            return isFinished;
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setReadListener(ReadListener listener) {
            throw new IllegalStateException("bodies are read by blocking calls only");
        }
    }
}
