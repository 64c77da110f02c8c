package funcatron.jvm_services.clojure;

import clojure.java.api.Clojure;
import clojure.lang.IFn;
import clojure.lang.Namespace;
import clojure.lang.Symbol;
import clojure.lang.Var;
import java.io.FileNotFoundException;

/** Finds the function that an {@code operationId} names. */
final class FunctionVar {
    private FunctionVar() {}

    /** Loads the namespace if need be. */
    static Var find(String operationId, ClassLoader loader) {
        int cut = operationId.indexOf('#');
        String space = operationId.substring(0, cut);
        String name = operationId.substring(cut + 1);
        load(operationId, space, loader);
        Namespace namespace = Namespace.find(Symbol.intern(space));
        Var found = namespace == null ? null : namespace.findInternedVar(Symbol.intern(name));
        if (found == null || !(found.deref() instanceof IFn)) {
            throw new IllegalArgumentException(
                    "the operationId \"" + operationId + "\" names a function that the namespace "
                            + space + " does not define: (defn " + name + " [data call] ...)");
        }
        return found;
    }

    private static void load(String operationId, String space, ClassLoader loader) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        // Clojure looks for namespaces by the loader of the thread.
        thread.setContextClassLoader(loader);
        try {
            Clojure.var("clojure.core", "require").invoke(Symbol.intern(space));
        } catch (Exception error) {
            throw unloadable(operationId, space, error);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static RuntimeException unloadable(String operationId, String space, Exception error) {
        String file = space.replace('-', '_').replace('.', '/');
        // Only the file of the namespace itself is meant, not one that it requires.
        boolean isMissing =
                error instanceof FileNotFoundException
                        && String.valueOf(error.getMessage()).contains(file + "__init.class");
        if (isMissing) {
            return new IllegalArgumentException(
                    "the operationId \"" + operationId + "\" names a namespace that is not in the"
                            + " bundle: there is no " + file + ".clj",
                    error);
        }
        Throwable root = error;
        while (root.getCause() != null) root = root.getCause();
        String why = root == error ? "" : " " + root.getMessage();
        return new IllegalStateException(
                "the namespace of the operationId \"" + operationId + "\" does not load: "
                        + error.getMessage() + why,
                error);
    }
}
