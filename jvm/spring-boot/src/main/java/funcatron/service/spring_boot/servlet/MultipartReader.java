package funcatron.service.spring_boot.servlet;

import jakarta.servlet.ServletException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the parts of a form that came as it was sent (RFC 7578), large ones into files. */
final class MultipartReader {
    private static final int PARTS_MAX = 1000;
    private static final int HEAD_MAX = 16_384;
    private static final Pattern BOUNDARY =
            Pattern.compile(";\\s*boundary=(?:\"([^\"]+)\"|([^\\s;]+))", Pattern.CASE_INSENSITIVE);
    private static final Pattern NAMES =
            Pattern.compile(
                    ";\\s*(name|filename)=(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^\\s;]+))",
                    Pattern.CASE_INSENSITIVE);

    private final InputStream source;
    private final byte[] delimiter;
    private final PartLimits limits;
    private final byte[] buffer = new byte[1 << 16];
    private int from;
    private int to;

    MultipartReader(InputStream source, String contentType, PartLimits limits)
            throws ServletException {
        Matcher found = BOUNDARY.matcher(contentType);
        if (!found.find()) throw new ServletException("the content type has no boundary");
        String boundary = found.group(1) == null ? found.group(2) : found.group(1);
        this.source = source;
        this.limits = limits;
        delimiter = ("\r\n--" + boundary).getBytes(StandardCharsets.ISO_8859_1);
        // The first delimiter has no line before it.
        buffer[0] = '\r';
        buffer[1] = '\n';
        to = 2;
    }

    /** All parts; whoever asked deletes them. */
    List<FormPart> read() throws IOException, ServletException {
        List<FormPart> parts = new ArrayList<>();
        try {
            copyPart(OutputStream.nullOutputStream(), null);
            while (hasNext()) {
                if (parts.size() == PARTS_MAX)
                    throw new ServletException("the form has more than " + PARTS_MAX + " parts");
                parts.add(readPart());
            }
            return parts;
        } catch (IOException | ServletException | RuntimeException thrown) {
            for (FormPart part : parts) part.delete();
            throw thrown;
        }
    }

    /** After a delimiter: two dashes end the form, a line's end begins a part. */
    private boolean hasNext() throws IOException {
        String rest = readLine();
        return !rest.startsWith("--");
    }

    private FormPart readPart() throws IOException, ServletException {
        String name = null;
        String fileName = null;
        String type = null;
        for (String line = readLine(); !line.isEmpty(); line = readLine()) {
            int colon = line.indexOf(':');
            String header = colon < 0 ? line : line.substring(0, colon).trim();
            if (header.equalsIgnoreCase("content-type")) type = line.substring(colon + 1).trim();
            if (!header.equalsIgnoreCase("content-disposition")) continue;
            Matcher found = NAMES.matcher(line);
            while (found.find()) {
                String value = found.group(3);
                if (value == null) value = found.group(2).replaceAll("\\\\(.)", "$1");
                if (found.group(1).equalsIgnoreCase("name")) name = value;
                else fileName = value;
            }
        }
        if (name == null) throw new ServletException("a part of the form has no name");
        PartContent content = new PartContent(limits.memoryMax());
        try (content) {
            copyPart(content, name);
        } catch (IOException | RuntimeException thrown) {
            content.delete();
            throw thrown;
        }
        return new FormPart(name, fileName, type, content, limits.location());
    }

    /** Copies what comes before the next delimiter, and skips that. */
    private void copyPart(OutputStream out, String name) throws IOException {
        long size = 0;
        for (;;) {
            int at = indexOfDelimiter();
            int end = at < 0 ? Math.max(from, to - delimiter.length + 1) : at;
            out.write(buffer, from, end - from);
            size += end - from;
            if (name != null) limits.count(name, size, end - from);
            from = end;
            if (at >= 0) {
                from += delimiter.length;
                return;
            }
            fill();
        }
    }

    private int indexOfDelimiter() {
        for (int i = from; i + delimiter.length <= to; i++) {
            int end = i + delimiter.length;
            if (Arrays.equals(buffer, i, end, delimiter, 0, delimiter.length)) return i;
        }
        return -1;
    }

    private String readLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (;;) {
            if (from == to) fill();
            byte next = buffer[from++];
            if (next == '\n') break;
            line.write(next);
            if (line.size() > HEAD_MAX)
                throw new IOException("a line of the form's heads exceeds " + HEAD_MAX + " bytes");
        }
        String text = line.toString(StandardCharsets.UTF_8);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }

    private void fill() throws IOException {
        System.arraycopy(buffer, from, buffer, 0, to - from);
        to -= from;
        from = 0;
        int count = source.read(buffer, to, buffer.length - to);
        // No EOFException: Spring takes that for a caller who is gone, and answers nothing.
        if (count < 0) throw new IOException("the form ends before its last boundary");
        to += count;
    }
}
