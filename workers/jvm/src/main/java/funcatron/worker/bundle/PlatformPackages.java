package funcatron.worker.bundle;

import java.util.HashSet;
import java.util.Set;

/** The packages of the Java platform itself. */
final class PlatformPackages {
    private static final Set<String> NAMES = collect();

    private PlatformPackages() {}

    /** Whether a class may be the platform's. */
    static boolean have(String className) {
        if (className.startsWith("java.")) {
            return true;
        }
        int end = className.lastIndexOf('.');
        return end > 0 && NAMES.contains(className.substring(0, end));
    }

    private static Set<String> collect() {
        Set<String> names = new HashSet<>(4096);
        for (Module module : ModuleLayer.boot().modules()) {
            names.addAll(module.getPackages());
        }
        return names;
    }
}
