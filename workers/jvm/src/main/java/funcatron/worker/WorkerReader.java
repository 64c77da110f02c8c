package funcatron.worker;

import funcatron.worker.call.Call;
import funcatron.worker.call.Head;
import funcatron.worker.wire.Connection;
import funcatron.worker.wire.Frame;
import funcatron.worker.wire.FrameReader;
import java.io.IOException;

/** Reads what the runner says to one worker. */
final class WorkerReader extends Thread {
    private final Worker worker;
    private final FrameReader frames;
    private final Connection connection;
    private byte[] head = new byte[1024];

    WorkerReader(Worker worker) {
        super(null, null, "funcatron reader " + worker.number(), 0, false);
        this.worker = worker;
        connection = worker.connection();
        frames = connection.reader();
        setDaemon(true);
    }

    @Override
    public void run() {
        try {
            Hello.say(connection.writer());
            for (;;) {
                handle(frames.next());
            }
        } catch (IOException gone) {
            worker.end("lost", null, String.valueOf(gone.getMessage()));
        } catch (OutOfMemoryError full) {
            Memory.relieve();
            worker.end("memory", null, full.toString());
        } catch (RuntimeException broken) {
            worker.end("lost", null, broken.toString());
        }
    }

    private void handle(int type) throws IOException {
        switch (type) {
            case Frame.CALL -> open().receive(frames.bytes(frames.left()));
            case Frame.CALL_OPEN -> open().open(frames.bytes(frames.left()));
            case Frame.PING -> connection.writer().putNumber(Frame.PONG, 0, frames.number());
            case Frame.ASSIGN -> worker.assign(frames.bytes(frames.left()));
            case Frame.DRAIN -> worker.drain();
            default -> {
                Call call = worker.calls().get(frames.stream());
                if (call != null) { // none: it ended while this frame was under way
                    handle(type, call);
                }
            }
        }
    }

    private void handle(int type, Call call) throws IOException {
        switch (type) {
            case Frame.DATA -> call.data(frames.bytes(frames.left()));
            case Frame.END -> call.end();
            case Frame.WINDOW -> call.grant(frames.number());
            case Frame.CANCEL -> call.cancel(reason(frames.bytes(frames.left())));
            default -> throw new IOException("frames of type " + type + " are not for a worker");
        }
    }

    private static String reason(byte[] json) {
        String text = new String(json, java.nio.charset.StandardCharsets.UTF_8);
        return text.contains("deadline") ? "the deadline has passed" : "the caller went away";
    }

    private Call open() throws IOException {
        int length = frames.number();
        if (length < 0 || length > frames.left()) {
            throw new IOException("a head is longer than its frame");
        }
        if (length > head.length) {
            head = new byte[length];
        }
        frames.into(head, length);
        Call call = new Call(worker, frames.stream(), Head.read(head, length));
        worker.calls().put(frames.stream(), call);
        return call;
    }
}
