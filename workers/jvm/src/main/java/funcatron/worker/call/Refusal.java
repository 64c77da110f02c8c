package funcatron.worker.call;

/** A failure of a call that the worker itself tells, with a code of the protocol. */
public final class Refusal extends RuntimeException {
    /** One of the codes of FAIL, or {@code null}. */
    public final String code;

    /** The HTTP status to answer with, or 0. */
    public final int status;

    private Refusal(String code, int status, String message, Throwable cause) {
        super(message, cause, false, false);
        this.code = code;
        this.status = status;
    }

    /** The Func returned what is no response. */
    public static Refusal badResult(String message, Throwable cause) {
        return new Refusal("func_bad_result", 0, message, cause);
    }

    /** The bundle has no such Func. */
    public static Refusal missing(String message) {
        return new Refusal("func_missing", 0, message, null);
    }

    /** The body is not what its kind says. */
    public static Refusal malformedBody(String message) {
        return new Refusal("malformed_body", 0, message, null);
    }

    /** A parameter is not what the contract says. */
    public static Refusal badParameter(String message) {
        return new Refusal(null, 400, message, null);
    }

    /** Nobody waits for the call any more. */
    public static Refusal cancelled() {
        return new Refusal(null, 0, "the call was given up: nobody waits for its answer", null);
    }
}
