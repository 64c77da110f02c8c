package funcatron.service.spring_boot.servlet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.ServletException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class MultipartReaderTest {
    private static final String FORM =
            "preamble\r\n--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
                    + "--x \r\ncontent-disposition: form-data; filename=\"q\\\"x\"; name=b\r\n"
                    + "Content-Type: text/plain\r\n\r\n%s\r\n--x--\r\nepilogue";

    private static List<FormPart> read(String form, int bytesAtOnce, long fileMax)
            throws IOException, ServletException {
        PartLimits limits = new PartLimits(new MultipartConfigElement("", fileMax, -1, 100));
        byte[] bytes = form.getBytes(StandardCharsets.UTF_8);
        InputStream source =
                new ByteArrayInputStream(bytes) {
                    @Override
                    public synchronized int read(byte[] to, int offset, int length) {
                        return super.read(to, offset, Math.min(length, bytesAtOnce));
                    }
                };
        return new MultipartReader(source, "multipart/form-data; boundary=\"x\"", limits).read();
    }

    @Test
    void partsAreReadHoweverTheBytesCome() throws Exception {
        String content = "\r\n-\r\n--\r\n--y" + "z".repeat(300) + "\r";
        for (int bytesAtOnce : new int[] {1, 2, 3, 7, 100_000}) {
            List<FormPart> parts = read(FORM.formatted(content), bytesAtOnce, -1);
            assertEquals(2, parts.size());
            assertEquals("a", parts.get(0).getName());
            assertEquals("1", parts.get(0).text());
            assertEquals("b", parts.get(1).getName());
            assertEquals("q\"x", parts.get(1).getSubmittedFileName());
            assertEquals("text/plain", parts.get(1).getContentType());
            assertEquals(content, parts.get(1).text());
            for (FormPart part : parts) part.delete();
        }
    }

    @Test
    void largePartsPassTheBuffer() throws Exception {
        String content = "0123456789".repeat(100_000);
        List<FormPart> parts = read(FORM.formatted(content), 10_000, -1);
        assertEquals(content, parts.get(1).text());
        for (FormPart part : parts) part.delete();
    }

    @Test
    void whatIsTooMuchOrNoFormIsRefused() {
        String form = FORM.formatted("12345");
        String words =
                assertThrows(IllegalStateException.class, () -> read(form, 9, 4)).getMessage();
        assertEquals("the part b exceeds its maximum size of 4 bytes", words);
        for (String cut : List.of("", "--x", "--x\r\nContent-", form.substring(0, 140)))
            assertThrows(IOException.class, () -> read(cut, 9, -1), cut);
        String nameless = "--x\r\nContent-Type: a/b\r\n\r\n\r\n--x--";
        assertThrows(ServletException.class, () -> read(nameless, 9, -1));
        String many = "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n".repeat(1001);
        assertTrue(
                assertThrows(ServletException.class, () -> read(many + "--x--", 9000, -1))
                        .getMessage()
                        .contains("1000 parts"));
    }
}
