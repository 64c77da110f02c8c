package funcatron.worker.bundle;

/** A bundle does not load; the message says what to do. */
public final class LoadFailure extends Exception {
    LoadFailure(String message, Throwable cause) {
        super(message, cause, false, false);
    }
}
