package funcatron.service.spring_boot;

/**
 * The application does not start. No exception: whoever asks a bundle for one operation takes those
 * for a word about that operation, and this is the end of all of them.
 */
final class StartFailure extends Error {
    private static final long serialVersionUID = 1L;

    StartFailure(String why, Throwable cause) {
        super("the Spring application does not start: " + why, cause);
    }
}
