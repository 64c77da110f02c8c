package funcatron.worker.guest;

/** Unwinds a thread whose bundle has ended. */
public final class Exited extends Error {
    /** Of the exit with a code. */
    public Exited(int code) {
        super("the bundle called System.exit(" + code + ")", null, false, false);
    }
}
