package funcatron.worker.bundle;

/** A bundle does not load; the message says what to do. */
public final class LoadFailure extends Exception {
    /** What the bundle's interface throws says itself what is wrong. */
    private static final String INTF = "funcatron.intf.";

    LoadFailure(String message, Throwable cause) {
        super(message, cause, false, false);
    }

    /** What its author is told of what was thrown while a bundle was loaded. */
    public static String words(Throwable thrown) {
        String name = String.valueOf(thrown.getMessage());
        // One that could not be initialised is there, and said so in words.
        if (thrown instanceof NoClassDefFoundError && name.indexOf(' ') < 0) {
            return "the jar lacks the class " + name.replace('/', '.')
                    + ": build an uberjar, with all dependencies in it";
        }
        StackTraceElement[] stack = thrown.getStackTrace();
        boolean isIntf = stack.length > 0 && stack[0].getClassName().startsWith(INTF);
        boolean isTold =
                thrown instanceof LoadFailure || isIntf && thrown instanceof RuntimeException;
        return isTold && thrown.getMessage() != null ? thrown.getMessage() : thrown.toString();
    }
}
