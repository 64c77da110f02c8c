package funcatron.worker.guest;

import java.util.Map;

/** What a bundle has in place of the process it believes to own. */
public interface GuestHost {
    /** Ends the bundle; never returns. */
    void exit(int code);

    /** The variables the bundle may see. */
    Map<String, String> environment();

    /** Has a thread run when the bundle ends. */
    void addHook(Thread hook);

    /** Whether the thread would have run. */
    boolean removeHook(Thread hook);

    /** The streams and properties of the bundle. */
    GuestState state();
}
