package funcatron.devshim;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * The answer to one call.
 *
 * @param response {@code status}, {@code headers} and {@code body}
 * @param encoded whether the body is Base64, as all but those of exceptions are
 */
record Reply(Map<String, Object> response, boolean encoded) {
    /** Of a result map. */
    static Reply of(Map<Object, Object> result) throws IOException {
        Map<String, Object> response = new HashMap<>();
        response.put("status", result.get("status") instanceof Number status ? status : 200);
        Object headers = result.get("headers");
        response.put("headers", headers == null ? Map.of() : headers);
        response.put("body", Json.base64(bytes(result.get("body"))));
        return new Reply(response, true);
    }

    private static byte[] bytes(Object body) throws IOException {
        if (body == null) return new byte[0];
        if (body instanceof byte[] bytes) return bytes;
        if (body instanceof String text) return text.getBytes(StandardCharsets.UTF_8);
        if (body instanceof InputStream open) {
            try (InputStream stream = open) {
                return stream.readAllBytes();
            }
        }
        return Json.write(body);
    }

    /** Of an exception, without its stack: that is in the log of this process. */
    static Reply failed(Throwable thrown) {
        Throwable refusal = refusal(thrown);
        Throwable told = refusal == null ? unwrapped(thrown) : refusal;
        Map<String, Object> response = new HashMap<>();
        response.put("status", refusal == null ? 500 : status(refusal));
        response.put("headers", Map.of("Content-Type", "text/plain"));
        response.put("body", refusal == null ? told.toString() : String.valueOf(told.getMessage()));
        return new Reply(response, false);
    }

    /** What a Func threw is inside of what its host is thrown. */
    static Throwable unwrapped(Throwable thrown) {
        boolean wrapped =
                thrown.getCause() != null && "Failed to apply function".equals(thrown.getMessage());
        return wrapped ? thrown.getCause() : thrown;
    }

    /** An exception, or a cause of it, that has a status; or null. */
    private static Throwable refusal(Throwable thrown) {
        int depth = 0;
        for (Throwable at = thrown; at != null && depth < 20; at = at.getCause(), depth++) {
            if (status(at) != 0) return at;
        }
        return null;
    }

    /** What its method `int status()` says, if it has one and that is an error; else 0. */
    private static int status(Throwable thrown) {
        try {
            Method method = thrown.getClass().getMethod("status");
            if (method.getReturnType() != int.class) return 0;
            method.trySetAccessible();
            int status = (int) method.invoke(thrown);
            return status >= 400 && status <= 599 ? status : 0;
        } catch (ReflectiveOperationException none) {
            return 0;
        }
    }

    int status() {
        return ((Number) response.get("status")).intValue();
    }

    Map<String, Object> message(Object replyTo) {
        Map<String, Object> message = new HashMap<>();
        message.put("cmd", "reply");
        message.put("replyTo", replyTo);
        if (encoded) message.put("decodeBody", true);
        message.put("response", response);
        return message;
    }
}
