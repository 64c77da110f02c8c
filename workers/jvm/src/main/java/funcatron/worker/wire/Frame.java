package funcatron.worker.wire;

/** Types and limits of frames; docs/worker-protocol.md says what each type means. */
public final class Frame {
    public static final int HELLO = 1;
    public static final int ASSIGN = 2;
    public static final int ASSIGNED = 3;
    public static final int REFUSED = 4;
    public static final int CALL = 5;
    public static final int CALL_OPEN = 6;
    public static final int REPLY = 7;
    public static final int REPLY_OPEN = 8;
    public static final int DATA = 9;
    public static final int END = 10;
    public static final int FAIL = 11;
    public static final int CANCEL = 12;
    public static final int WINDOW = 13;
    public static final int LOG = 14;
    public static final int PING = 15;
    public static final int PONG = 16;
    public static final int DRAIN = 17;
    public static final int OPEN = 18;
    public static final int EVICT = 19;
    public static final int ENDED = 20;

    /** What the length of a frame may be at most. */
    public static final int BYTES_MAX = 16 * 1024 * 1024 + 64 * 1024;

    /** A body above this does not fit a frame with its head. */
    public static final int BODY_BYTES_MAX = 16 * 1024 * 1024;

    /** Bytes of DATA per stream and direction that may be under way and not consumed. */
    public static final int WINDOW_BYTES = 1024 * 1024;

    /** Bytes of one chunk of a body. */
    public static final int CHUNK_BYTES = 64 * 1024;

    /** A payload above this is not copied when it is sent, and must not change any more. */
    public static final int COPIED_BYTES_MAX = 8 * 1024;

    /** Bytes before the payload: {@code u32 length | u8 type | u32 stream}. */
    static final int PREFIX_BYTES = 9;

    /** What of the prefix counts as length. */
    static final int COUNTED_BYTES = 5;

    private Frame() {}
}
