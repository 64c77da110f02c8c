package funcatron.worker.call;

/** A stack trace for the author of a Func: without the frames of those who called it. */
public final class StackText {
    private static final String OURS = "funcatron.worker.";
    private static final String[] BETWEEN = {
        "funcatron.intf.", "java.", "jdk.internal.", "sun.reflect."
    };
    private static final int CAUSES_MAX = 10;
    private static final int FRAMES_MAX = 200;

    private StackText() {}

    /** The text, as Java prints it. */
    public static String of(Throwable thrown) {
        StringBuilder text = new StringBuilder(1024);
        Throwable at = thrown;
        for (int depth = 0; depth < CAUSES_MAX && at != null; depth++) {
            text.append(depth == 0 ? "" : "\nCaused by: ").append(header(at));
            frames(text, at.getStackTrace());
            at = at.getCause() == at ? null : at.getCause();
        }
        return text.toString();
    }

    private static String header(Throwable thrown) {
        try {
            return thrown.toString();
        } catch (RuntimeException broken) {
            return thrown.getClass().getName();
        }
    }

    private static void frames(StringBuilder text, StackTraceElement[] stack) {
        int end = 0;
        while (end < stack.length && !stack[end].getClassName().startsWith(OURS)) {
            end++;
        }
        boolean isCut = end < stack.length;
        while (isCut && end > 0 && isBetween(stack[end - 1].getClassName())) {
            end--;
        }
        for (int index = 0; index < end && index < FRAMES_MAX; index++) {
            text.append("\n\tat ").append(stack[index]);
        }
        if (end > FRAMES_MAX) {
            text.append("\n\t... ").append(end - FRAMES_MAX).append(" more");
        }
    }

    private static boolean isBetween(String className) {
        for (String prefix : BETWEEN) {
            if (className.startsWith(prefix)) {
                return true;
            }
        }
        return false;
    }
}
