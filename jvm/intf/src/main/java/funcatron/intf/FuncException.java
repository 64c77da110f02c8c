package funcatron.intf;

/** A Func's own refusal: the call is answered with this status and message. */
public class FuncException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** 400 to 599. */
    private final int status;

    /**
     * A refusal.
     *
     * @param status 400 to 599
     * @param message what is told to the caller
     */
    public FuncException(int status, String message) {
        this(status, message, null);
    }

    /**
     * A refusal that has a cause, which goes to the log and not to the caller.
     *
     * @param status 400 to 599
     * @param message what is told to the caller
     * @param cause why
     */
    public FuncException(int status, String message, Throwable cause) {
        super(message, cause);
        if (status < 400 || status > 599) {
            throw new IllegalArgumentException(
                    "the status of a refusal is 400 to 599, not " + status, this);
        }
        this.status = status;
    }

    /**
     * The status.
     *
     * @return 400 to 599
     */
    public int status() {
        return status;
    }
}
