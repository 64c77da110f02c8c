package funcatron.service.spring_boot.servlet;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * Bytes that were written and are not read yet: in memory, and when those are too many, in a file
 * that goes by itself. Who uses it guards it.
 */
final class Spool {
    private static final int MEMORY_MAX = 1 << 20;

    private final Deque<ByteBuffer> memory = new ArrayDeque<>();
    private long memorySize;
    private FileChannel file;
    private long written;
    private long read;

    long size() {
        return memorySize + written - read;
    }

    void write(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) return;
        if (written == read && memorySize + length <= MEMORY_MAX) {
            memory.add(ByteBuffer.wrap(Arrays.copyOfRange(bytes, offset, offset + length)));
            memorySize += length;
            return;
        }
        if (file == null) file = openFile();
        ByteBuffer left = ByteBuffer.wrap(bytes, offset, length);
        while (left.hasRemaining()) written += file.write(left, written);
    }

    private static FileChannel openFile() throws IOException {
        Path path = Files.createTempFile("funcatron-", ".body");
        return FileChannel.open(
                path,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                StandardOpenOption.DELETE_ON_CLOSE);
    }

    /** Reads what there is, at most {@code length}; 0 if there is nothing. */
    int read(byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer first = memory.peek();
        if (first != null) {
            int count = Math.min(length, first.remaining());
            first.get(bytes, offset, count);
            if (!first.hasRemaining()) memory.remove();
            memorySize -= count;
            return count;
        }
        if (written == read) return 0;
        int wanted = (int) Math.min(length, written - read);
        int count = file.read(ByteBuffer.wrap(bytes, offset, wanted), read);
        read += count;
        if (written == read) close();
        return count;
    }

    /** All there is; for what fits into memory. */
    byte[] readAll() throws IOException {
        byte[] all = new byte[(int) size()];
        for (int length = 0; length < all.length; )
            length += read(all, length, all.length - length);
        return all;
    }

    boolean isInMemory() {
        return written == read;
    }

    /** Forgets everything. */
    void close() throws IOException {
        memory.clear();
        memorySize = 0;
        written = 0;
        read = 0;
        if (file != null) file.close();
        file = null;
    }
}
