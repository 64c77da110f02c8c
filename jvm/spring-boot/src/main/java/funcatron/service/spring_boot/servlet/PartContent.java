package funcatron.service.spring_boot.servlet;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** The bytes of a part: a few in memory, many in a file. */
final class PartContent extends OutputStream {
    private final int memoryMax;
    private ByteArrayOutputStream memory = new ByteArrayOutputStream();
    private OutputStream out = memory;
    private Path file;
    private long size;

    /** Goes to a file when it has more bytes than this. */
    PartContent(int memoryMax) {
        this.memoryMax = memoryMax;
    }

    /** Bytes that are in memory already. */
    static PartContent of(byte[] bytes) {
        PartContent content = new PartContent(Integer.MAX_VALUE);
        content.memory.writeBytes(bytes);
        content.size = bytes.length;
        return content;
    }

    long size() {
        return size;
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        size += length;
        if (file == null && size > memoryMax) {
            file = Files.createTempFile("funcatron-", ".part");
            out = Files.newOutputStream(file);
            memory.writeTo(out);
            memory = null;
        }
        out.write(bytes, offset, length);
    }

    @Override
    public void close() throws IOException {
        out.close();
    }

    InputStream open() throws IOException {
        return file == null
                ? new ByteArrayInputStream(memory.toByteArray())
                : Files.newInputStream(file);
    }

    void copyTo(Path target) throws IOException {
        try (InputStream in = open()) {
            Files.copy(in, target);
        }
    }

    void delete() throws IOException {
        out.close();
        if (file != null) Files.deleteIfExists(file);
    }
}
