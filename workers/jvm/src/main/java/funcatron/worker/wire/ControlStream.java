package funcatron.worker.wire;

import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Field;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import sun.misc.Unsafe;

/**
 * The control connection: few frames, all small, so that it needs no more than two streams. The JDK's
 * channels would double what the start of the process takes.
 */
public final class ControlStream {
    private static final String DESCRIPTOR = "fd:";

    private final InputStream in;
    private final OutputStream out;
    private int stream;
    private byte[] payload;

    private ControlStream(InputStream in, OutputStream out) {
        this.in = in;
        this.out = out;
    }

    /**
     * Opens what the runner has named: {@code fd:3} is a descriptor the process was started with, all
     * else the path of a UNIX domain socket.
     */
    public static ControlStream open(String name) throws IOException {
        if (name.startsWith(DESCRIPTOR)) {
            FileDescriptor descriptor = descriptor(Integer.parseInt(name.substring(3)));
            return new ControlStream(
                    new FileInputStream(descriptor), new FileOutputStream(descriptor));
        }
        SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(name));
        return new ControlStream(new Incoming(channel), new Outgoing(channel));
    }

    /** Java can name a descriptor, but has no way to say which one it is. */
    @SuppressWarnings({"deprecation", "removal"}) // there is no other way without native code
    private static FileDescriptor descriptor(int number) throws IOException {
        try {
            Field field = Unsafe.class.getDeclaredField("theUnsafe");
            field.setAccessible(true);
            Unsafe unsafe = (Unsafe) field.get(null);
            FileDescriptor descriptor = new FileDescriptor();
            Field value = FileDescriptor.class.getDeclaredField("fd");
            unsafe.putInt(descriptor, unsafe.objectFieldOffset(value), number);
            return descriptor;
        } catch (ReflectiveOperationException otherJdk) {
            throw new IOException("this JDK cannot use a descriptor: " + otherJdk, otherJdk);
        }
    }

    /** Waits for the next frame and gives its type. */
    public int next() throws IOException {
        ByteBuffer prefix = ByteBuffer.wrap(read(Frame.PREFIX_BYTES));
        int length = prefix.getInt();
        if (length < Frame.COUNTED_BYTES || length > Frame.BYTES_MAX) {
            throw new IOException("a frame has the length " + length);
        }
        int type = prefix.get();
        stream = prefix.getInt();
        payload = read(length - Frame.COUNTED_BYTES);
        return type;
    }

    private byte[] read(int length) throws IOException {
        byte[] bytes = new byte[length];
        for (int filled = 0; filled < length; ) {
            int count = in.read(bytes, filled, length - filled);
            if (count < 0) {
                throw new EOFException();
            }
            filled += count;
        }
        return bytes;
    }

    /** The stream of this frame. */
    public int stream() {
        return stream;
    }

    /** The payload of this frame. */
    public byte[] payload() {
        return payload;
    }

    /** Sends a frame, at once. */
    public synchronized void send(int type, int stream, byte[] bytes, int length)
            throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(Frame.PREFIX_BYTES + length);
        frame.putInt(Frame.COUNTED_BYTES + length).put((byte) type).putInt(stream);
        frame.put(bytes, 0, length);
        out.write(frame.array());
    }

    /** Unlike the JDK's own, these do not wait for one another. */
    private static final class Incoming extends InputStream {
        private final SocketChannel channel;

        Incoming(SocketChannel channel) {
            this.channel = channel;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            return channel.read(ByteBuffer.wrap(target, offset, length));
        }
    }

    private static final class Outgoing extends OutputStream {
        private final SocketChannel channel;

        Outgoing(SocketChannel channel) {
            this.channel = channel;
        }

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            for (ByteBuffer rest = ByteBuffer.wrap(bytes, offset, length); rest.hasRemaining(); ) {
                channel.write(rest);
            }
        }
    }
}
