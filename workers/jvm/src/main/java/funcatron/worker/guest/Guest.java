package funcatron.worker.guest;

import java.io.InputStream;
import java.io.PrintStream;
import java.util.Map;
import java.util.Properties;

/**
 * What a bundle calls where its code says System or Runtime: what would be about the whole process
 * is here about the bundle. Each bundle has this class from its own loader, so it knows whose it
 * is. Bundles see this package, and nothing else of the worker.
 */
public final class Guest {
    private static final GuestLoader LOADER = (GuestLoader) Guest.class.getClassLoader();
    private static final int OUT = 0;
    private static final int ERR = 1;

    /** Stands in for System.out. */
    public static volatile PrintStream out = console(OUT);

    /** Stands in for System.err. */
    public static volatile PrintStream err = console(ERR);

    /** Stands in for System.in. */
    public static volatile InputStream in = System.in;

    private Guest() {}

    /** Stands in for System.exit. */
    public static void exit(int code) {
        GuestHost host = LOADER.host();
        if (host != null) {
            host.exit(code);
        }
        throw new Exited(code);
    }

    /** Stands in for Runtime.exit. */
    public static void exit(Runtime runtime, int code) {
        exit(code);
    }

    /** Stands in for Runtime.halt. */
    public static void halt(Runtime runtime, int code) {
        exit(code);
    }

    /** Stands in for System.getenv. */
    public static Map<String, String> getenv() {
        GuestHost host = LOADER.host();
        return host == null ? Map.of() : host.environment();
    }

    /** Stands in for System.getenv. */
    public static String getenv(String name) {
        return getenv().get(name);
    }

    /** Stands in for Runtime.addShutdownHook. */
    public static void addShutdownHook(Runtime runtime, Thread hook) {
        GuestHost host = LOADER.host();
        if (host != null) {
            host.addHook(hook);
        }
    }

    /** Stands in for Runtime.removeShutdownHook. */
    public static boolean removeShutdownHook(Runtime runtime, Thread hook) {
        GuestHost host = LOADER.host();
        return host != null && host.removeHook(hook);
    }

    /** Stands in for System.setOut. */
    public static void setOut(PrintStream stream) {
        out = stream;
        choose(OUT, stream);
    }

    /** Stands in for System.setErr. */
    public static void setErr(PrintStream stream) {
        err = stream;
        choose(ERR, stream);
    }

    /** Stands in for System.setIn. */
    public static void setIn(InputStream stream) {
        in = stream;
    }

    private static PrintStream console(int index) {
        GuestState state = state();
        return state == null ? System.err : state.console(index);
    }

    private static void choose(int index, PrintStream stream) {
        GuestState state = state();
        if (state != null) {
            state.choose(index, stream);
        }
    }

    /** Stands in for System.getProperties. */
    public static Properties getProperties() {
        GuestState state = state();
        return state == null ? new Properties() : state.properties();
    }

    /** Stands in for System.setProperties; {@code null} brings the process's back. */
    public static void setProperties(Properties all) {
        GuestState state = state();
        if (state != null) {
            state.properties(all);
        }
    }

    /** Stands in for System.getProperty. */
    public static String getProperty(String name) {
        return getProperties().getProperty(checked(name));
    }

    /** Stands in for System.getProperty. */
    public static String getProperty(String name, String other) {
        return getProperties().getProperty(checked(name), other);
    }

    /** Stands in for System.setProperty. */
    public static String setProperty(String name, String value) {
        Object before = getProperties().setProperty(checked(name), value);
        GuestState state = state();
        if (state != null) {
            state.noticeSet(name);
        }
        return (String) before;
    }

    /** Stands in for System.clearProperty. */
    public static String clearProperty(String name) {
        return (String) getProperties().remove(checked(name));
    }

    /** Stands in for Boolean.getBoolean. */
    public static boolean getBoolean(String name) {
        return Boolean.parseBoolean(find(name));
    }

    /** Stands in for Integer.getInteger. */
    public static Integer getInteger(String name) {
        return getInteger(name, null);
    }

    /** Stands in for Integer.getInteger. */
    public static Integer getInteger(String name, int other) {
        Integer found = getInteger(name, null);
        return found == null ? Integer.valueOf(other) : found;
    }

    /** Stands in for Integer.getInteger. */
    public static Integer getInteger(String name, Integer other) {
        String text = find(name);
        try {
            return text == null ? other : Integer.decode(text);
        } catch (NumberFormatException none) {
            return other;
        }
    }

    /** Stands in for Long.getLong. */
    public static Long getLong(String name) {
        return getLong(name, null);
    }

    /** Stands in for Long.getLong. */
    public static Long getLong(String name, long other) {
        Long found = getLong(name, null);
        return found == null ? Long.valueOf(other) : found;
    }

    /** Stands in for Long.getLong. */
    public static Long getLong(String name, Long other) {
        String text = find(name);
        try {
            return text == null ? other : Long.decode(text);
        } catch (NumberFormatException none) {
            return other;
        }
    }

    /** As those ask who take any name. */
    private static String find(String name) {
        return name == null || name.isEmpty() ? null : getProperties().getProperty(name);
    }

    private static String checked(String name) {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("key can't be empty");
        }
        return name;
    }

    private static GuestState state() {
        GuestHost host = LOADER.host();
        return host == null ? null : host.state();
    }
}
