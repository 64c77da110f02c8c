package funcatron.worker;

import funcatron.worker.end.Ending;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * What is known about the heap when it is full, and what is kept so that there is a way out: ending
 * a bundle takes memory, classes that are not loaded yet among it.
 */
public final class Memory {
    /** Below this share in use, it was one request that was too large, not the heap too small. */
    private static final double FULL = 0.75;

    /** Of the heap; what ending a bundle takes, beside what its threads still ask for meanwhile. */
    private static final int RESERVE_SHARE = 50;

    private static final int RESERVE_BYTES_MIN = 2 << 20;
    private static final int RESERVE_BYTES_MAX = 16 << 20;
    private static final int EXIT_CODE = 5;

    private static final FileOutputStream ERRORS = new FileOutputStream(FileDescriptor.err);
    private static final byte[] LAST_WORDS =
            "java.lang.OutOfMemoryError: no room is left even to end a bundle\n"
                    .getBytes(StandardCharsets.US_ASCII);

    /** Given up so that there is room for telling. */
    private static volatile byte[] reserve;

    private Memory() {}

    /** Has ready what a full heap would have no room for. */
    static void prepare() {
        if (reserve == null) {
            long share = Runtime.getRuntime().maxMemory() / RESERVE_SHARE;
            long bytes = Math.max(RESERVE_BYTES_MIN, Math.min(share, RESERVE_BYTES_MAX));
            reserve = new byte[(int) bytes];
            Ending.prepare();
            // A text in the code is made when it is first met, and that takes memory, too.
            isUsedUp(new OutOfMemoryError());
        }
    }

    /** Whether the heap is full of what somebody holds on to. */
    static boolean isUsedUp(OutOfMemoryError error) {
        String message = String.valueOf(error.getMessage());
        if (message.contains("array size exceeds")) {
            return false;
        }
        if (!message.contains("heap space")) {
            return true; // metaspace, threads, direct memory: of these nobody can say more
        }
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory() > FULL * runtime.maxMemory();
    }

    static void relieve() {
        reserve = null;
    }

    /** There is no room even to end one bundle: all go, before they hang. */
    public static void surrender() {
        try {
            ERRORS.write(LAST_WORDS);
        } catch (IOException unheard) {
            // It ends all the same.
        } finally {
            Runtime.getRuntime().halt(EXIT_CODE);
        }
    }
}
