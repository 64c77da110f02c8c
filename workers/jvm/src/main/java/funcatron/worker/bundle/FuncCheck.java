package funcatron.worker.bundle;

import funcatron.worker.call.Failure;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.util.List;

/** Finds out which Funcs a bundle lacks, without making or initialising any. */
final class FuncCheck {
    private static final String FUNC = "funcatron.intf.Func";

    private final Bundle bundle;

    FuncCheck(Bundle bundle) {
        this.bundle = bundle;
    }

    /** Has every Func that is missing know what to do about it. */
    void run(List<Func> funcs) throws IOException {
        Class<?> type = bundle.dispatchesClasses() ? funcType() : null;
        for (Func func : funcs) {
            String mend = type == null ? mend(func) : mend(func.operationId, type);
            if (mend != null) {
                func.miss(mend);
            }
        }
    }

    /** What Funcs are; {@code null} where only the bundle's own dispatcher knows. */
    private Class<?> funcType() {
        try {
            return bundle.loader().loadClass(FUNC);
        } catch (ClassNotFoundException absent) {
            return null;
        }
    }

    /** Of a bundle whose operationIds may be anything; it is asked. */
    private String mend(Func func) {
        try {
            func.dispatcher(bundle);
            return null;
        } catch (RuntimeException | LinkageError unknown) {
            return Failure.message(Failure.unwrap(unknown));
        }
    }

    private String mend(String name, Class<?> type) throws IOException {
        Class<?> found;
        try {
            found = Class.forName(name, false, bundle.loader());
            if (!type.isAssignableFrom(found)) {
                return "class " + name + " is no Func: let it implement funcatron.intf.Func<T>";
            }
            if (found.isInterface() || Modifier.isAbstract(found.getModifiers())) {
                return "class " + name + " is abstract: name one that can be made";
            }
            found.getDeclaredConstructor();
            return null;
        } catch (ClassNotFoundException absent) {
            return "write the class " + name + ", which implements funcatron.intf.Func<T>, or "
                    + "correct the operationId";
        } catch (NoSuchMethodException absent) {
            return "class " + name + " has no constructor without parameters: give it one";
        } catch (UnsupportedClassVersionError newer) {
            return "class " + name + " is " + versions(bundle.own.classBytes(name));
        } catch (LinkageError broken) {
            return "class " + name + " cannot be loaded (" + broken + "): build an uberjar, with "
                    + "all that the class needs in it";
        }
    }

    /** What is said of classes for a newer Java. */
    static String versions(byte[] bytes) {
        int major = bytes == null ? 0 : ConstantPool.majorVersion(bytes);
        return "compiled for Java " + (major - 44) + " (class file " + major
                + "), this JVM is Java " + Runtime.version().feature()
                + ": compile it for that one (maven.compiler.release), or run a newer Java";
    }
}
