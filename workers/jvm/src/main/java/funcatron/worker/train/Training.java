package funcatron.worker.train;

import funcatron.worker.wire.Connection;
import funcatron.worker.wire.Frame;
import funcatron.worker.wire.FrameReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * {@code --train}: plays the runner for a process of its own, with one bundle and a few calls, then
 * exits. With {@code -XX:ArchiveClassesAtExit} that leaves an archive of what a start needs.
 */
public final class Training implements Runnable {
    private static final byte[] EMPTY = new byte[0];
    private static final int CALLS = 3;

    private final Path dir;
    private final ServerSocketChannel control;

    private Training(Path dir) throws IOException {
        this.dir = dir;
        control = listen("control");
    }

    /** Begins to play the runner; gives the socket it listens at. */
    public static String begin() throws IOException {
        Path dir = Files.createTempDirectory("funcatron");
        new Thread(new Training(dir), "funcatron training").start();
        return dir.resolve("control").toString();
    }

    @Override
    public void run() {
        int code = 1;
        try {
            TrainingJar.write(dir.resolve("bundle.jar"));
            play();
            code = 0;
        } catch (IOException broken) {
            System.err.println("training failed: " + broken);
        } finally {
            clean();
            System.exit(code);
        }
    }

    private void play() throws IOException {
        Connection process = Connection.of(control.accept());
        await(process, Frame.HELLO);
        ServerSocketChannel door = listen("worker");
        send(process, Frame.OPEN, 1, "{\"socket\":\"" + dir.resolve("worker") + "\"}");
        Connection worker = Connection.of(door.accept());
        await(worker, Frame.HELLO);
        send(worker, Frame.ASSIGN, 0, assignment());
        await(worker, Frame.ASSIGNED);
        for (int number = 1; number <= CALLS; number++) {
            call(worker, number, "");
            await(worker, Frame.REPLY);
        }
        call(worker, CALLS + 1, "fail=yes");
        await(worker, Frame.FAIL);
        send(worker, Frame.DRAIN, 0, "");
        await(process, Frame.ENDED);
    }

    private String assignment() {
        return "{\"sha\":\"\",\"name\":\"training\",\"version\":\"1\",\"dir\":\"" + dir
                + "\",\"jar\":\"" + dir.resolve("bundle.jar")
                + "\",\"funcs\":[{\"operationId\":\"train\",\"operation\":{\"method\":\"POST\","
                + "\"path\":\"/\",\"parameters\":[{\"in\":\"path\",\"name\":\"n\",\"schema\":"
                + "{\"type\":\"integer\",\"format\":\"int64\"}}]}}],\"props\":{\"a-b\":[1,2.5]},"
                + "\"env\":{},\"concurrency\":4,\"memoryBytesMax\":1,\"stacks\":true}";
    }

    private static void call(Connection worker, int number, String query) {
        byte[] head =
                ("{\"id\":\"" + number + "\",\"op\":\"train\",\"method\":\"POST\","
                                + "\"scheme\":\"http\","
                                + "\"host\":\"localhost:80\",\"path\":\"/\",\"query\":\"" + query
                                + "\",\"headers\":{\"content-type\":\"application/json\"},"
                                + "\"params\":{\"path\":{\"n\":1}},\"kind\":\"json\"}")
                        .getBytes(StandardCharsets.US_ASCII);
        byte[] body = "{\"a\":[1,2.5,\"b\",null,true]}".getBytes(StandardCharsets.US_ASCII);
        worker.writer().putBody(Frame.CALL, number, head, head.length, body, 0, body.length);
        worker.writer().flush();
    }

    private static void send(Connection to, int type, int stream, String json) {
        byte[] bytes = json.isEmpty() ? EMPTY : json.getBytes(StandardCharsets.UTF_8);
        to.writer().put(type, stream, bytes, bytes.length);
        to.writer().flush();
    }

    /** Reads up to a frame of a type. */
    private static void await(Connection from, int type) throws IOException {
        FrameReader frames = from.reader();
        for (int next = frames.next(); next != type; next = frames.next()) {
            if (next == Frame.FAIL || next == Frame.REFUSED) {
                byte[] why = frames.bytes(frames.left());
                throw new IOException(new String(why, StandardCharsets.UTF_8));
            }
        }
    }

    private ServerSocketChannel listen(String name) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        return server.bind(UnixDomainSocketAddress.of(dir.resolve(name)));
    }

    private void clean() {
        for (String name : new String[] {"control", "worker", "bundle.jar", ""}) {
            try {
                Files.deleteIfExists(dir.resolve(name));
            } catch (IOException kept) {
                // It is in the folder for temporary files.
            }
        }
    }
}
