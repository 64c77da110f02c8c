package funcatron.worker;

import funcatron.worker.wire.ControlStream;
import funcatron.worker.wire.Frame;
import funcatron.worker.wire.FrameWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The first frame of every connection. */
final class Hello {
    private static final byte[] JSON = json().getBytes(StandardCharsets.US_ASCII);

    private Hello() {}

    /** Makes it, so that saying it takes no time. */
    static void prepare() {}

    static void say(ControlStream control) throws IOException {
        control.send(Frame.HELLO, 0, JSON, JSON.length);
    }

    static void say(FrameWriter writer) {
        writer.put(Frame.HELLO, 0, JSON, JSON.length);
        writer.flush();
    }

    private static String json() {
        String version = Hello.class.getPackage().getImplementationVersion();
        return "{\"protocol\":1,\"runtime\":\"jvm\",\"version\":\""
                + (version == null ? "?" : version)
                + "\",\"pid\":"
                + pid()
                + "}";
    }

    /** Without ProcessHandle where that can be: it starts a pool of threads. */
    private static long pid() {
        try {
            return Long.parseLong(Files.readSymbolicLink(Path.of("/proc/self")).toString());
        } catch (IOException | NumberFormatException elsewhere) {
            return ProcessHandle.current().pid();
        }
    }
}
