package funcatron.worker.wire;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Reads frames piece by piece: {@link #next()} takes a frame's prefix, then its payload is read
 * with the other methods, or as much of it as anybody wants. Any of them may wait.
 */
public final class FrameReader {
    private static final int BUFFER_BYTES = 64 * 1024;

    private final Connection connection;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).limit(0);
    private int type;
    private int stream;
    private int left;

    FrameReader(Connection connection) {
        this.connection = connection;
    }

    /** Goes to the next frame and gives its type. */
    public int next() throws IOException {
        skip();
        fill(Frame.PREFIX_BYTES);
        int length = buffer.getInt();
        if (length < Frame.COUNTED_BYTES || length > Frame.BYTES_MAX) {
            throw new IOException("a frame has the length " + length);
        }
        left = length - Frame.COUNTED_BYTES;
        type = buffer.get();
        stream = buffer.getInt();
        return type;
    }

    /** The type of this frame. */
    public int type() {
        return type;
    }

    /** The stream of this frame. */
    public int stream() {
        return stream;
    }

    /** Bytes of its payload that were not read. */
    public int left() {
        return left;
    }

    /** The next four bytes of the payload. */
    public int number() throws IOException {
        claim(4);
        fill(4);
        return buffer.getInt();
    }

    /** So many bytes of the payload, in an array of their own. */
    public byte[] bytes(int length) throws IOException {
        if (length < 0 || length > left) {
            throw new IOException("a part of a frame has the length " + length);
        }
        byte[] bytes = new byte[length];
        into(bytes, length);
        return bytes;
    }

    /** Reads so many bytes of the payload to the start of an array. */
    public void into(byte[] target, int length) throws IOException {
        claim(length);
        int filled = 0;
        while (filled < length) {
            if (!buffer.hasRemaining()) {
                fill(1);
            }
            int count = Math.min(length - filled, buffer.remaining());
            buffer.get(target, filled, count);
            filled += count;
        }
    }

    private void claim(int length) throws IOException {
        if (length > left) {
            throw new IOException("a frame of type " + type + " ends too early");
        }
        left -= length;
    }

    private void skip() throws IOException {
        while (left > 0) {
            if (!buffer.hasRemaining()) {
                fill(1);
            }
            int count = Math.min(left, buffer.remaining());
            buffer.position(buffer.position() + count);
            left -= count;
        }
    }

    /** Has at least so many bytes in the buffer. */
    private void fill(int wanted) throws IOException {
        if (buffer.remaining() >= wanted) {
            return;
        }
        buffer.compact();
        try {
            while (buffer.position() < wanted) {
                connection.read(buffer);
            }
        } finally {
            buffer.flip();
        }
    }
}
