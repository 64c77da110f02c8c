package funcatron.devshim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;

/** The other end of the connection: what funcatron dev says and hears. */
final class Dev implements AutoCloseable {
    private final ServerSocket listening;
    private Socket socket;
    private BufferedReader lines;

    Dev(int port) throws IOException {
        listening = new ServerSocket();
        listening.setReuseAddress(true);
        listening.bind(new java.net.InetSocketAddress(InetAddress.getByName("localhost"), port));
    }

    int port() {
        return listening.getLocalPort();
    }

    /** Takes a connection and its greeting; gives the contract that came with it. */
    String greeted() throws IOException {
        socket = listening.accept();
        lines =
                new BufferedReader(
                        new InputStreamReader(
                                socket.getInputStream(), StandardCharsets.ISO_8859_1));
        assertEquals("hello", heard().get("cmd"));
        return contract();
    }

    String contract() throws IOException {
        Map<String, Object> message = heard();
        assertEquals("setSwagger", message.get("cmd"));
        return (String) message.get("swagger");
    }

    Map<String, Object> heard() throws IOException {
        String line = lines.readLine();
        if (line == null) throw new IOException("the shim has gone");
        return Json.line(line);
    }

    boolean isLeft() throws IOException {
        return lines.readLine() == null;
    }

    void say(Map<String, Object> message) throws IOException {
        socket.getOutputStream().write(Json.line(message));
    }

    /** Calls a Func, and gives the response. */
    Map<?, ?> call(Class<?> func, Map<String, Object> request) throws IOException {
        Map<String, Object> message = new HashMap<>();
        message.put("cmd", "invoke");
        message.put("class", func.getName());
        message.put("replyTo", "r1");
        message.put("req", request);
        say(message);
        Map<String, Object> reply = heard();
        assertEquals("reply", reply.get("cmd"));
        assertEquals("r1", reply.get("replyTo"));
        Map<?, ?> response = (Map<?, ?>) reply.get("response");
        boolean failed = ((Number) response.get("status")).intValue() >= 400;
        assertEquals(failed ? null : true, reply.get("decodeBody"));
        return response;
    }

    static Map<String, Object> request(String method, String body) {
        Map<String, Object> request = new HashMap<>();
        request.put("request-method", method);
        request.put("uri", "/pets");
        request.put("headers", Map.of());
        request.put("body", Base64.getEncoder().encodeToString(body.getBytes()));
        return request;
    }

    static String text(Map<?, ?> response) {
        return new String(Base64.getDecoder().decode((String) response.get("body")));
    }

    void hangUp() throws IOException {
        socket.close();
    }

    @Override
    public void close() throws IOException {
        listening.close();
        if (socket != null) socket.close();
    }
}
