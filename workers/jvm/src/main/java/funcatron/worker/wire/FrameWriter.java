package funcatron.worker.wire;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;

/**
 * Gathers frames of all threads and writes them; while one thread writes, the others only add.
 * Nobody ever waits here: what the socket does not take is written by the connection's reader when
 * there is room again. Since the channel does not block, the interrupt of a thread that writes does
 * not close it.
 *
 * <p>What is gathered is bounded by what calls may have under way, and {@link #backlog()} tells
 * those who write logs when to stop.
 */
public final class FrameWriter {
    private static final int BATCH_BYTES = 64 * 1024;

    /** A payload above this is not copied together with others, and must not change any more. */
    private static final int COPY_BYTES_MAX = Frame.COPIED_BYTES_MAX;

    private final SocketChannel channel;
    private final Connection connection;
    private final ArrayDeque<ByteBuffer> ready = new ArrayDeque<>();
    private ByteBuffer batch = ByteBuffer.allocateDirect(BATCH_BYTES);
    private ByteBuffer spare;

    /** Direct memory through which large payloads pass. */
    private ByteBuffer stage;

    /** Whether some thread writes, or the reader will when the socket has room. */
    private boolean writing;

    private boolean closed;

    /** What is being written; belongs to who writes. */
    private ByteBuffer current;

    private int readyBytes;

    FrameWriter(SocketChannel channel, Connection connection) {
        this.channel = channel;
        this.connection = connection;
    }

    /** Adds a frame with the first bytes of an array, which is copied if it is small. */
    public void put(int type, int stream, byte[] payload, int length) {
        synchronized (this) {
            if (closed) {
                return;
            }
            begin(type, stream, length);
            append(payload, 0, length);
        }
    }

    /** Adds a frame without a payload. */
    public void put(int type, int stream) {
        synchronized (this) {
            if (closed) {
                return;
            }
            begin(type, stream, 0);
        }
    }

    /** Adds a frame with a number. */
    public void putNumber(int type, int stream, int number) {
        synchronized (this) {
            if (closed) {
                return;
            }
            begin(type, stream, 4);
            batch.putInt(number);
        }
    }

    /** Adds a frame of a head, JSON whose bytes are copied, and a body. */
    public void putBody(
            int type,
            int stream,
            byte[] head,
            int headLength,
            byte[] body,
            int offset,
            int length) {
        synchronized (this) {
            if (closed) {
                return;
            }
            begin(type, stream, 4 + headLength + length);
            batch.putInt(headLength);
            append(head, 0, headLength);
            append(body, offset, length);
        }
    }

    /** Bytes that wait for the socket. */
    public synchronized int backlog() {
        return readyBytes;
    }

    /** Whether all that was added has left, or never will. */
    public synchronized boolean isIdle() {
        return closed || !writing && ready.isEmpty() && batch.position() == 0;
    }

    /** Writes what was gathered, unless another thread is at it. */
    public void flush() {
        synchronized (this) {
            if (writing || (ready.isEmpty() && batch.position() == 0)) {
                return;
            }
            writing = true;
        }
        write();
    }

    /** Goes on with what the socket did not take; for the connection's reader. */
    void resume() {
        write();
    }

    /** Drops what was not written and all that comes. */
    synchronized void close() {
        closed = true;
        ready.clear();
        readyBytes = 0;
        batch.clear();
        spare = null;
    }

    private void begin(int type, int stream, int payloadLength) {
        if (batch.remaining() < Frame.PREFIX_BYTES + 4) {
            cut();
        }
        batch.putInt(Frame.COUNTED_BYTES + payloadLength).put((byte) type).putInt(stream);
    }

    private void append(byte[] bytes, int offset, int length) {
        if (length > COPY_BYTES_MAX) {
            cut();
            enqueue(ByteBuffer.wrap(bytes, offset, length));
            return;
        }
        if (batch.remaining() < length) {
            cut();
        }
        batch.put(bytes, offset, length);
    }

    /** Has what the batch holds wait behind what waits already. */
    private void cut() {
        if (batch.position() == 0) {
            return;
        }
        enqueue(batch.flip());
        renew();
    }

    private void enqueue(ByteBuffer segment) {
        ready.add(segment);
        readyBytes += segment.remaining();
    }

    private void renew() {
        batch = spare == null ? ByteBuffer.allocateDirect(BATCH_BYTES) : spare;
        spare = null;
    }

    private void write() {
        try {
            while (hasNext()) {
                if (!writeCurrent()) {
                    connection.awaitRoom();
                    return;
                }
            }
        } catch (IOException gone) {
            connection.close();
        }
    }

    /** Takes the next segment; false ends this thread's turn. */
    private synchronized boolean hasNext() {
        if (current != null) {
            if (current.hasRemaining()) {
                return true;
            }
            if (current.isDirect()) {
                spare = current.clear();
            }
            current = null;
        }
        current = ready.poll();
        if (current != null) {
            readyBytes -= current.remaining();
        } else if (batch.position() > 0 && !closed) {
            current = batch.flip();
            renew();
        } else {
            writing = false;
        }
        return current != null;
    }

    /** Whether the socket took the whole segment. */
    private boolean writeCurrent() throws IOException {
        ByteBuffer segment = current;
        if (segment.isDirect()) {
            channel.write(segment);
            return !segment.hasRemaining();
        }
        if (stage == null) {
            stage = ByteBuffer.allocateDirect(BATCH_BYTES);
        }
        while (segment.hasRemaining()) {
            int length = Math.min(segment.remaining(), BATCH_BYTES);
            stage.clear();
            stage.put(0, segment.array(), segment.arrayOffset() + segment.position(), length);
            stage.limit(length);
            int written = channel.write(stage);
            segment.position(segment.position() + written);
            if (written < length) {
                return false;
            }
        }
        return true;
    }
}
