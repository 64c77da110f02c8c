package funcatron.worker.call;

import funcatron.worker.guest.MetaAnswer;
import funcatron.worker.json.Bytes;
import funcatron.worker.wire.Frame;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Sends the result map of a dispatcher: {@code status}, {@code headers} and {@code body}. */
final class Reply {
    private static final byte[] EMPTY = new byte[0];

    private Reply() {}

    /** Sends a result, whole or in chunks, and ends the call. */
    static void send(Call call, Bytes head, Object result) throws IOException {
        if (result == null) {
            ReplyHead.write(head, 204, null, null);
            whole(call, head, EMPTY);
            return;
        }
        if (!(result instanceof Map<?, ?> map)) {
            throw Refusal.badResult(
                    "the dispatcher returned a " + result.getClass().getName()
                            + " in place of a map with status, headers and body",
                    null);
        }
        int status = status(map.get("status"));
        Map<?, ?> headers = headers(map.get("headers"));
        Object body = map.get("body");
        if (body == null) {
            ReplyHead.write(head, status, headers, null);
            whole(call, head, EMPTY);
        } else if (body instanceof byte[] bytes) {
            InputStream large = MetaAnswer.takeStream(bytes);
            if (large != null) {
                send(call, head, status, headers, large);
                return;
            }
            ReplyHead.write(head, status, headers, "application/octet-stream");
            whole(call, head, bytes);
        } else if (body instanceof InputStream stream) {
            send(call, head, status, headers, stream);
        } else if (body instanceof CharSequence text) {
            ReplyHead.write(head, status, headers, "text/plain; charset=utf-8");
            whole(call, head, text.toString().getBytes(StandardCharsets.UTF_8));
        } else {
            byte[] json = call.worker.bundle().mapper.writer.apply(body);
            ReplyHead.write(head, status, headers, "application/json");
            whole(call, head, json);
        }
    }

    private static void send(
            Call call, Bytes head, int status, Map<?, ?> headers, InputStream stream)
            throws IOException {
        try (stream) {
            ReplyHead.write(head, status, headers, "application/octet-stream");
            chunks(call, head, stream);
        }
        end(call);
    }

    private static int status(Object given) {
        if (given == null) {
            return 200;
        }
        if (given instanceof Number number) {
            int status = number.intValue();
            if (status >= 200 && status <= 599) {
                return status;
            }
        }
        throw Refusal.badResult(
                "the Func answered with status " + given + "; use an integer of 200 to 599", null);
    }

    private static Map<?, ?> headers(Object given) {
        if (given == null || given instanceof Map<?, ?>) {
            return (Map<?, ?>) given;
        }
        throw Refusal.badResult("the headers the Func returned are no map", null);
    }

    private static void whole(Call call, Bytes head, byte[] body) throws IOException {
        if (body.length > Frame.BODY_BYTES_MAX) {
            chunks(call, head, new java.io.ByteArrayInputStream(body));
            end(call);
        } else if (call.claim()) {
            call.writer()
                    .putBody(
                            Frame.REPLY, call.number(), head.array(), head.length(), body, 0,
                            body.length);
            call.over();
        }
    }

    /** The head goes at once, with what of the body is there. */
    private static void chunks(Call call, Bytes head, InputStream stream) throws IOException {
        ReplyWindow window = call.openWindow();
        byte[] buffer = new byte[Frame.CHUNK_BYTES];
        int length = stream.available() > 0 ? Math.max(stream.read(buffer), 0) : 0;
        if (call.isAnswered()) {
            return;
        }
        call.writer()
                .putBody(
                        Frame.REPLY_OPEN, call.number(), head.array(), head.length(), buffer, 0,
                        length);
        call.writer().flush();
        for (;;) {
            if (length > Frame.COPIED_BYTES_MAX) {
                buffer = new byte[Frame.CHUNK_BYTES]; // the writer has the other one
            }
            length = stream.read(buffer);
            if (length < 0 || call.isAnswered()) {
                return;
            }
            if (length > 0) {
                take(window, length);
                call.writer().put(Frame.DATA, call.number(), buffer, length);
                call.writer().flush();
            }
        }
    }

    private static void take(ReplyWindow window, int length) throws IOException {
        try {
            window.take(length);
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("the thread was interrupted while it sent its answer");
        }
    }

    private static void end(Call call) {
        if (call.claim()) {
            call.writer().put(Frame.END, call.number());
            call.over();
        }
    }
}
