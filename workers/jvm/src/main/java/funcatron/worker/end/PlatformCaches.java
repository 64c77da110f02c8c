package funcatron.worker.end;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.runtime.ObjectMethods;
import java.util.ResourceBundle;

/** Caches of the Java platform that keep classes of a bundle, and its loader, when it has ended. */
final class PlatformCaches {
    private PlatformCaches() {}

    static void forget(ClassLoader loader) {
        ResourceBundle.clearCache(loader);
        forgetLastRecord();
    }

    /**
     * Java 17 remembers the record whose methods it linked last, and the class of a component (what
     * {@link ObjectMethods} made of its handles is cached in them): links some for a class of the
     * platform.
     */
    private static void forgetLastRecord() {
        Class<?> other = String.class;
        MethodHandle getter = MethodHandles.identity(other);
        try {
            link("equals", MethodType.methodType(boolean.class, other, Object.class), getter);
            link("hashCode", MethodType.methodType(int.class, other), getter);
            link("toString", MethodType.methodType(String.class, other), getter);
        } catch (Throwable refused) {
            // Another version of Java asks for a record; those keep no class so firmly.
            return;
        }
    }

    private static void link(String method, MethodType type, MethodHandle getter) throws Throwable {
        Class<?> other = type.parameterType(0);
        ObjectMethods.bootstrap(MethodHandles.lookup(), method, type, other, "value", getter);
    }
}
