package funcatron.worker.call;

import funcatron.worker.wire.Frame;
import funcatron.worker.wire.FrameWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Objects;

/** A request body as it comes: the connection's reader adds to it, the Func reads. */
final class BodyStream extends InputStream {
    private static final int TELL_BYTES = Frame.WINDOW_BYTES / 2;

    private final FrameWriter writer;
    private final int stream;
    private final ArrayDeque<byte[]> chunks = new ArrayDeque<>();

    /** How much of the first chunk was read. */
    private int position;

    private int available;

    /** Bytes read of which the runner has not been told. */
    private int untold;

    private boolean ended;
    private String broken;

    BodyStream(FrameWriter writer, int stream) {
        this.writer = writer;
        this.stream = stream;
    }

    /** Adds what came with the call itself, which counts for no window. */
    synchronized void begin(byte[] first) {
        add(first);
        untold -= first.length;
    }

    synchronized void push(byte[] chunk) {
        add(chunk);
    }

    synchronized void end() {
        ended = true;
        notifyAll();
    }

    /** Has reads throw, whatever is there. */
    synchronized void breakOff(String why) {
        broken = why;
        chunks.clear();
        available = 0;
        position = 0;
        notifyAll();
    }

    private void add(byte[] chunk) {
        if (chunk.length > 0 && broken == null && !ended) {
            chunks.add(chunk);
            available += chunk.length;
            notifyAll();
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            return 0;
        }
        int count;
        int told;
        synchronized (this) {
            if (!hasBytes()) {
                return -1;
            }
            count = take(target, offset, length);
            told = untold >= TELL_BYTES ? untold : 0;
            untold -= told;
        }
        tell(told);
        return count;
    }

    /** Waits for bytes; false at the end. */
    private boolean hasBytes() throws IOException {
        while (available == 0 && broken == null && !ended) {
            int told = Math.max(untold, 0);
            untold -= told;
            tell(told);
            try {
                wait();
            } catch (InterruptedException interrupt) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("the request body is not waited for any more");
            }
        }
        if (broken != null) {
            throw new IOException(broken);
        }
        return available > 0;
    }

    private int take(byte[] target, int offset, int length) {
        int filled = 0;
        while (filled < length && available > 0) {
            byte[] chunk = chunks.peek();
            int count = Math.min(length - filled, chunk.length - position);
            System.arraycopy(chunk, position, target, offset + filled, count);
            filled += count;
            position += count;
            available -= count;
            if (position == chunk.length) {
                chunks.remove();
                position = 0;
            }
        }
        untold += filled;
        return filled;
    }

    private void tell(int bytes) {
        if (bytes > 0) {
            writer.putNumber(Frame.WINDOW, stream, bytes);
            writer.flush();
        }
    }

    @Override
    public synchronized int available() {
        return available;
    }

    @Override
    public void close() {
        breakOff("the request body was closed");
    }
}
