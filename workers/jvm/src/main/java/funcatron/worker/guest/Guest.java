package funcatron.worker.guest;

import funcatron.worker.bundle.BundleLoader;
import java.util.Map;

/**
 * What a bundle calls where its code says System or Runtime: the methods that would be about the
 * whole process are here about the bundle. Bundles see this package, and nothing else of the
 * worker.
 */
public final class Guest {
    private static final StackWalker WALKER =
            StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

    private Guest() {}

    /** Stands in for System.exit. */
    public static void exit(int code) {
        leave(hostOf(WALKER.getCallerClass()), code);
    }

    /** Stands in for Runtime.exit. */
    public static void exit(Runtime runtime, int code) {
        leave(hostOf(WALKER.getCallerClass()), code);
    }

    /** Stands in for Runtime.halt. */
    public static void halt(Runtime runtime, int code) {
        leave(hostOf(WALKER.getCallerClass()), code);
    }

    /** Stands in for System.getenv. */
    public static Map<String, String> getenv() {
        return environment(hostOf(WALKER.getCallerClass()));
    }

    /** Stands in for System.getenv. */
    public static String getenv(String name) {
        return environment(hostOf(WALKER.getCallerClass())).get(name);
    }

    /** Stands in for Runtime.addShutdownHook. */
    public static void addShutdownHook(Runtime runtime, Thread hook) {
        GuestHost host = hostOf(WALKER.getCallerClass());
        if (host != null) {
            host.addHook(hook);
        }
    }

    /** Stands in for Runtime.removeShutdownHook. */
    public static boolean removeShutdownHook(Runtime runtime, Thread hook) {
        GuestHost host = hostOf(WALKER.getCallerClass());
        return host != null && host.removeHook(hook);
    }

    private static void leave(GuestHost host, int code) {
        if (host != null) {
            host.exit(code);
        }
        throw new Exited(code);
    }

    private static Map<String, String> environment(GuestHost host) {
        return host == null ? Map.of() : host.environment();
    }

    /** By the class that calls, or, of a method reference, by the thread. */
    private static GuestHost hostOf(Class<?> caller) {
        GuestHost host = BundleLoader.hostOf(caller.getClassLoader());
        return host != null
                ? host
                : BundleLoader.hostOf(Thread.currentThread().getContextClassLoader());
    }
}
