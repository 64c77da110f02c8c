package funcatron.worker.wire;

import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.function.Consumer;

/** One connection to the runner: a reader for one thread, a writer for all. */
public final class Connection implements Consumer<SelectionKey> {
    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    private final FrameReader reader;
    private final FrameWriter writer;

    /** Whether the last read may have left something in the socket. */
    private boolean readAgain;

    private Connection(SocketChannel channel, Selector selector) throws IOException {
        this.channel = channel;
        this.selector = selector;
        channel.configureBlocking(false);
        key = channel.register(selector, SelectionKey.OP_READ);
        reader = new FrameReader(this);
        writer = new FrameWriter(channel, this);
    }

    /** Connects to a UNIX domain socket. */
    public static Connection open(String path) throws IOException {
        Selector selector = Selector.open();
        return new Connection(SocketChannel.open(UnixDomainSocketAddress.of(path)), selector);
    }

    /** A connection that is made already. */
    public static Connection of(SocketChannel channel) throws IOException {
        return new Connection(channel, Selector.open());
    }

    /** Frames that come; for one thread only. */
    public FrameReader reader() {
        return reader;
    }

    /** Frames that go; for any thread. */
    public FrameWriter writer() {
        return writer;
    }

    /** Ends it, whoever uses it. */
    public void close() {
        writer.close();
        try {
            channel.close();
            selector.close();
        } catch (IOException gone) {
            // It is as closed as it can be.
        }
    }

    /** Reads what is there; waits if there is nothing, and meanwhile writes what has waited. */
    void read(ByteBuffer into) throws IOException {
        for (;;) {
            if (!readAgain) {
                await();
            }
            int count = channel.read(into);
            readAgain = !into.hasRemaining();
            if (count > 0) {
                return;
            }
            if (count < 0) {
                throw new EOFException();
            }
        }
    }

    /** Has the reader's thread write when the socket takes more. */
    void awaitRoom() {
        try {
            key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
            selector.wakeup();
        } catch (CancelledKeyException gone) {
            close();
        }
    }

    private void await() throws IOException {
        writer.flush();
        Thread.interrupted();
        try {
            selector.select(this);
        } catch (ClosedSelectorException gone) {
            throw new EOFException();
        }
    }

    /** Called by the selector when the socket is ready for something. */
    @Override
    public void accept(SelectionKey ready) {
        if (ready.isWritable()) {
            ready.interestOps(SelectionKey.OP_READ);
            writer.resume();
        }
    }
}
