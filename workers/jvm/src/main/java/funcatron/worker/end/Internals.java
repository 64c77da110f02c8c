package funcatron.worker.end;

import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import sun.misc.Unsafe;

/**
 * Fields of the JDK's own classes. Where they are not opened to the worker, since that would cost
 * every start of a JVM some milliseconds, they are reached past the language.
 */
@SuppressWarnings({"deprecation", "removal"}) // there is no other way that needs no flag
final class Internals {
    private Internals() {}

    /** A field's value. */
    static Object get(Object owner, String name) throws ReflectiveOperationException {
        Field field = find(owner.getClass(), name);
        try {
            field.setAccessible(true);
            return field.get(owner);
        } catch (InaccessibleObjectException closed) {
            return unsafe().getObject(owner, unsafe().objectFieldOffset(field));
        }
    }

    /** Sets a field to zero, or to false. */
    static void clear(Object owner, String name) throws ReflectiveOperationException {
        Field field = find(owner.getClass(), name);
        boolean isFlag = field.getType() == boolean.class;
        try {
            field.setAccessible(true);
            field.set(owner, isFlag ? (Object) false : (Object) 0);
        } catch (InaccessibleObjectException closed) {
            long offset = unsafe().objectFieldOffset(field);
            if (isFlag) {
                unsafe().putBoolean(owner, offset, false);
            } else {
                unsafe().putInt(owner, offset, 0);
            }
        }
    }

    private static Field find(Class<?> type, String name) throws NoSuchFieldException {
        for (Class<?> at = type; at != null; at = at.getSuperclass()) {
            try {
                return at.getDeclaredField(name);
            } catch (NoSuchFieldException above) {
                // It may be the superclass's.
            }
        }
        throw new NoSuchFieldException(name);
    }

    private static Unsafe unsafe() throws ReflectiveOperationException {
        Field field = Unsafe.class.getDeclaredField("theUnsafe");
        field.setAccessible(true);
        return (Unsafe) field.get(null);
    }
}
