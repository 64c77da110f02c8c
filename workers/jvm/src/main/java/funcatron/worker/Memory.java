package funcatron.worker;

/** What is known about the heap when it was full. */
final class Memory {
    /** Below this share in use, it was one request that was too large, not the heap too small. */
    private static final double FULL = 0.75;

    private static final int RESERVE_BYTES = 512 * 1024;

    /** Given up so that there is room for telling. */
    private static volatile byte[] reserve = new byte[RESERVE_BYTES];

    private Memory() {}

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

    /** Has the reserve again, when there is room. */
    static void restore() {
        if (reserve == null) {
            reserve = new byte[RESERVE_BYTES];
        }
    }
}
