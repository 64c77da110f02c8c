package funcatron.worker;

import funcatron.worker.json.Json;
import funcatron.worker.log.Output;
import funcatron.worker.wire.Connection;
import funcatron.worker.wire.ControlStream;
import funcatron.worker.wire.Frame;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentHashMap;

/** The control connection: workers are opened and evicted there, and their ends told. */
public final class Control {
    private final ControlStream frames;
    private final ConcurrentHashMap<Integer, Worker> workers = new ConcurrentHashMap<>();
    private boolean draining;

    Control(ControlStream frames) {
        this.frames = frames;
    }

    /** Serves until the runner has gone. */
    void run() throws IOException {
        Hello.say(frames);
        Output.install();
        Preparation.begin();
        Warmup.begin();
        for (;;) {
            int type = frames.next();
            switch (type) {
                case Frame.OPEN -> open(frames.stream(), frames.payload());
                case Frame.EVICT -> evict(frames.stream());
                case Frame.PING -> send(Frame.PONG, 0, frames.payload(), frames.payload().length);
                case Frame.DRAIN -> drain();
                default -> throw new IOException("frames of type " + type + " do not belong here");
            }
        }
    }

    private void open(int number, byte[] payload) throws IOException {
        String path = Json.text(Json.object(payload).get("socket"));
        try {
            Worker worker = new Worker(number, this, Connection.open(path));
            workers.put(number, worker);
            new WorkerReader(worker).start();
        } catch (IOException | RuntimeException lost) {
            String ended = "{\"reason\":\"lost\",\"threads\":[]}";
            byte[] json = ended.getBytes(StandardCharsets.US_ASCII);
            tellEnded(number, json, json.length);
        }
    }

    private void evict(int number) {
        Worker worker = workers.get(number);
        if (worker != null) {
            worker.end("evicted", null, null);
        }
    }

    private synchronized void drain() {
        draining = true;
        leaveIfDone();
    }

    /** A worker is over: its last frame. */
    public void tellEnded(int number, byte[] json, int length) {
        workers.remove(number);
        send(Frame.ENDED, number, json, length);
        synchronized (this) {
            leaveIfDone();
        }
    }

    private void send(int type, int stream, byte[] payload, int length) {
        try {
            frames.send(type, stream, payload, length);
        } catch (IOException gone) {
            // Whoever reads them learns that, too, and ends the process.
        }
    }

    private void leaveIfDone() {
        if (draining && workers.isEmpty()) {
            Runtime.getRuntime().halt(0);
        }
    }
}
