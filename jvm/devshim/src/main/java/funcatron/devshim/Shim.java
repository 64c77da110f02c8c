package funcatron.devshim;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The connection to {@code funcatron dev}: one thread that connects and reads, one that watches the
 * contract, and one for each call. Every line, both ways, is Base64 of a JSON object.
 */
final class Shim implements Runnable {
    static final Logger LOGGER = Logger.getLogger("funcatron.devshim");

    private static final long PAUSE_MS = 1000;
    /** An error that the connection ends with, within this time, was its reason. */
    private static final long LAST_WORDS_NS = TimeUnit.SECONDS.toNanos(5);

    private final String host;
    private final int port;
    private final WatchedFile swagger;
    private final Calls calls;
    private final ExecutorService threads =
            Executors.newCachedThreadPool(work -> thread(work, "funcatron call", true));
    private final Thread connecting = thread(this, "funcatron dev shim", false);
    private final Thread watching = thread(this::watch, "funcatron contract", true);

    private volatile Socket socket;
    private volatile boolean closed;
    private boolean saidMissing;
    private long errorAt;
    private boolean sawError;

    Shim(String host, int port, WatchedFile swagger, Calls calls) {
        this.host = host;
        this.port = port;
        this.swagger = swagger;
        this.calls = calls;
    }

    private static Thread thread(Runnable work, String name, boolean daemon) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(daemon);
        return thread;
    }

    void start() {
        connecting.start();
        watching.start();
    }

    void close() {
        closed = true;
        connecting.interrupt();
        watching.interrupt();
        threads.shutdown();
        disconnect();
    }

    private void disconnect() {
        Socket open = socket;
        socket = null;
        try {
            if (open != null) open.close();
        } catch (IOException error) {
            LOGGER.log(Level.FINE, "the connection did not close", error);
        }
    }

    @Override
    public void run() {
        while (!closed) {
            try (Socket open = new Socket(host, port)) {
                open.setTcpNoDelay(true);
                saidMissing = false;
                LOGGER.info(() -> "Connected to funcatron dev on " + host + ":" + port);
                serve(open);
                if (sawError && System.nanoTime() - errorAt < LAST_WORDS_NS) {
                    LOGGER.severe("funcatron dev closed the connection; not trying again");
                    close();
                }
                sayMissing("funcatron dev on " + host + ":" + port + " has gone");
            } catch (IOException error) {
                sayMissing("No funcatron dev on " + host + ":" + port + " yet");
            }
            socket = null;
            if (!closed) pause();
        }
    }

    private void sayMissing(String what) {
        if (saidMissing || closed) return;
        saidMissing = true;
        LOGGER.warning(() -> what + "; connecting as soon as there is one");
    }

    private void pause() {
        try {
            Thread.sleep(PAUSE_MS);
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            closed = true;
        }
    }

    private void serve(Socket open) throws IOException {
        sawError = false;
        // Nobody else sends before the greeting.
        send(open, message("hello"));
        swagger.forget();
        socket = open;
        if (closed) return;
        sendSwagger();
        BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(open.getInputStream(), StandardCharsets.ISO_8859_1));
        try {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.isBlank()) take(Json.line(line));
            }
        } catch (IOException error) {
            if (!closed) LOGGER.log(Level.FINE, "the connection broke", error);
        }
    }

    private void take(Map<String, Object> message) {
        Object command = message.get("cmd");
        sawError = "error".equals(command);
        if (sawError) {
            errorAt = System.nanoTime();
            LOGGER.severe(() -> "funcatron dev says: " + message.get("message"));
        } else if ("invoke".equals(command)) {
            threads.execute(() -> answer(message));
        }
    }

    @SuppressWarnings("unchecked")
    private void answer(Map<String, Object> message) {
        Reply reply =
                calls.call(
                        String.valueOf(message.get("class")),
                        message.get("req") instanceof Map<?, ?> request
                                ? (Map<String, Object>) request
                                : Map.of());
        send(reply.message(message.get("replyTo")));
    }

    private void watch() {
        while (!closed) {
            try {
                Thread.sleep(PAUSE_MS);
            } catch (InterruptedException ended) {
                return;
            }
            if (socket != null) sendSwagger();
            calls.refresh();
        }
    }

    private void sendSwagger() {
        String text = swagger.changed();
        if (text == null) return;
        Map<String, Object> message = message("setSwagger");
        message.put("swagger", text);
        message.put("file", swagger.name());
        send(message);
    }

    private static Map<String, Object> message(String command) {
        Map<String, Object> message = new HashMap<>();
        message.put("cmd", command);
        return message;
    }

    /** What cannot be sent is lost with the connection, which the reading thread sees, too. */
    private void send(Map<String, Object> message) {
        Socket open = socket;
        try {
            if (open != null) send(open, message);
        } catch (IOException error) {
            LOGGER.log(Level.FINE, "a line was not sent", error);
        }
    }

    private static void send(Socket open, Map<String, Object> message) throws IOException {
        byte[] line = Json.line(message);
        OutputStream stream = open.getOutputStream();
        synchronized (open) {
            stream.write(line);
            stream.flush();
        }
    }
}
