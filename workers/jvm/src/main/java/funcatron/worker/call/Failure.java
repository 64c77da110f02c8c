package funcatron.worker.call;

import funcatron.worker.guest.Exited;
import funcatron.worker.json.Bytes;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;

/** What FAIL says of what was thrown. */
public final class Failure {
    private static final String WRAPPED = "Failed to apply function";
    private static final int CAUSES_MAX = 10;

    private Failure() {}

    /** Writes the payload of FAIL. */
    static void write(Bytes to, Throwable thrown) {
        Throwable cause = unwrap(thrown);
        int status = 0;
        String code = null;
        if (cause instanceof Refusal refusal) {
            status = refusal.status;
            code = refusal.code;
        } else if (cause instanceof Exited) {
            code = "func_exited";
        } else {
            Throwable refused = withStatus(cause);
            if (refused != null) {
                status = statusOf(refused);
                cause = refused;
            }
        }
        to.raw("{\"message\":").string(message(cause));
        to.raw(",\"name\":").string(cause.getClass().getName());
        if (code != null) {
            to.raw(",\"code\":").string(code);
        } else if (!(cause instanceof Refusal)) {
            to.raw(",\"stack\":").string(StackText.of(unwrap(thrown)));
        }
        if (status != 0) {
            to.raw(",\"status\":").number(status);
        }
        to.raw("}");
    }

    /** What the Func threw, without what others wrapped it in. */
    public static Throwable unwrap(Throwable thrown) {
        Throwable at = thrown;
        for (int depth = 0; depth < CAUSES_MAX && at.getCause() != null; depth++) {
            boolean isWrapper =
                    at instanceof InvocationTargetException
                            || at.getClass() == RuntimeException.class
                                    && WRAPPED.equals(at.getMessage());
            if (at.getCause() instanceof Refusal || at.getCause() instanceof Exited) {
                return at.getCause();
            }
            if (!isWrapper) {
                break;
            }
            at = at.getCause();
        }
        return at;
    }

    /** What an exception says, or at least what it is. */
    public static String message(Throwable thrown) {
        String message = thrown.getMessage();
        if (message != null && !message.isEmpty()) {
            return message;
        }
        String name = thrown.getClass().getName();
        // Such as that of a static initialiser, which says nothing itself.
        return thrown.getCause() == null ? name : name + ": " + thrown.getCause();
    }

    /** The exception, or a cause of it, that has a status to refuse with; else {@code null}. */
    private static Throwable withStatus(Throwable thrown) {
        Throwable at = thrown;
        for (int depth = 0; depth < CAUSES_MAX && at != null; depth++) {
            if (statusOf(at) != 0) {
                return at;
            }
            at = at.getCause();
        }
        return null;
    }

    private static int statusOf(Throwable thrown) {
        Class<?> type = thrown.getClass();
        if (type.getName().startsWith("java.")) {
            return 0;
        }
        try {
            Method method = type.getMethod("status");
            if (method.getReturnType() != int.class || Modifier.isStatic(method.getModifiers())) {
                return 0;
            }
            method.setAccessible(true); // of a class that is not public itself
            int status = (Integer) method.invoke(thrown);
            return status >= 400 && status <= 599 ? status : 0;
        } catch (ReflectiveOperationException | RuntimeException none) {
            return 0;
        }
    }
}
