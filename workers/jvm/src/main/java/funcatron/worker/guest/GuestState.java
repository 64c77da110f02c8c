package funcatron.worker.guest;

import java.io.PrintStream;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** The streams and properties of one bundle, where those of the process are every bundle's. */
public final class GuestState {
    /** Who reads properties of such names is mostly Java itself. */
    private static final List<String> JAVAS =
            List.of(
                    "java.", "javax.", "jdk.", "sun.", "com.sun.", "user.", "file.", "http.",
                    "https.", "ftp.", "socksProxy");

    /** Spring Boot sets it at every start, to what it is without. */
    private static final Set<String> HARMLESS = Set.of("java.awt.headless");

    private final PrintStream[] console;
    private final PrintStream[] chosen = new PrintStream[2];
    private final Set<String> told = ConcurrentHashMap.newKeySet();
    private volatile Consumer<String> say = text -> {};
    private volatile boolean isAlone;
    private volatile Properties properties;

    /**
     * Of a bundle that has set nothing.
     *
     * @param console out and err, which are the log
     */
    public GuestState(PrintStream[] console) {
        this.console = console;
    }

    /**
     * The bundle is known.
     *
     * @param alone whether its JVM was asked for by it and is no other bundle's
     * @param say where it is told what has no effect
     */
    public void begin(boolean alone, Consumer<String> say) {
        isAlone = alone;
        this.say = say;
    }

    /** What System.out (0) or System.err (1) is before the bundle sets it. */
    public PrintStream console(int index) {
        return console[index];
    }

    /** What the bundle has put in the place of one, or {@code null}. */
    public synchronized PrintStream chosen(int index) {
        return chosen[index];
    }

    /** Puts one in the place of System.out (0) or System.err (1). */
    public synchronized void choose(int index, PrintStream stream) {
        chosen[index] = stream == console[index] ? null : stream;
    }

    /** The bundle's own, which begin as a copy of the process's; where it is alone those. */
    public Properties properties() {
        if (isAlone) {
            return System.getProperties();
        }
        Properties own = properties;
        return own == null ? copy() : own;
    }

    private synchronized Properties copy() {
        if (properties == null) {
            Properties all = new Properties();
            all.putAll(System.getProperties());
            properties = all;
        }
        return properties;
    }

    /** Puts others in their place; {@code null} brings the process's back. */
    public synchronized void properties(Properties all) {
        if (isAlone) {
            System.setProperties(all);
        } else {
            properties = all;
        }
    }

    /** Says of a property that Java would have to see that it does not. */
    public void noticeSet(String name) {
        if (isAlone || HARMLESS.contains(name) || JAVAS.stream().noneMatch(name::startsWith)) {
            return;
        }
        if (told.add(name)) {
            say.accept(
                    "the system property "
                            + name
                            + " is set for this bundle's classes only, not for Java itself, which"
                            + " other bundles share: x-funcatron.jvm {own: true} gives it a JVM of"
                            + " its own");
        }
    }

    /** Lets go of all that may be of the bundle's classes. */
    public synchronized void forget() {
        chosen[0] = null;
        chosen[1] = null;
        properties = null;
        say = text -> {};
    }
}
