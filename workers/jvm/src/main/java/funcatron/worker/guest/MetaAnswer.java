package funcatron.worker.guest;

import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.Map;

/**
 * What bundles of old forgot of a {@code MetaResponse}: its content type, and the stream of a large
 * body. Their interface asks here in its place.
 */
public final class MetaAnswer {
    private static final String INTERFACE = "funcatron.intf.MetaResponse";
    private static final String CONTENT_TYPE = "content-type";
    private static final ThreadLocal<Large> LARGE = new ThreadLocal<>();

    private MetaAnswer() {}

    /** The stream that empty bytes stand for; on the thread of the call. */
    private record Large(byte[] mark, InputStream stream) {}

    /** Stands in for MetaResponse.getBody. */
    public static byte[] getBody(Object meta) {
        if (Boolean.TRUE.equals(ask(meta, "isLargeBody"))
                && ask(meta, "getBodyStream") instanceof InputStream stream) {
            Large large = new Large(new byte[0], stream);
            LARGE.set(large);
            return large.mark;
        }
        return (byte[]) ask(meta, "getBody");
    }

    /** Stands in for MetaResponse.getHeaders. */
    public static Map<Object, Object> getHeaders(Object meta) {
        Map<Object, Object> headers = new HashMap<>();
        if (ask(meta, "getHeaders") instanceof Map<?, ?> given) {
            headers.putAll(given);
        }
        boolean isTyped =
                headers.keySet().stream()
                        .anyMatch(name -> CONTENT_TYPE.equalsIgnoreCase(String.valueOf(name)));
        if (!isTyped && ask(meta, "getContentType") instanceof String type) {
            headers.put(CONTENT_TYPE, type);
        }
        return headers;
    }

    /** The stream that a body stands for, once; else {@code null}. */
    public static InputStream takeStream(byte[] body) {
        Large large = body.length == 0 ? LARGE.get() : null;
        if (large == null) {
            return null;
        }
        LARGE.remove();
        return large.mark == body ? large.stream : null;
    }

    private static Object ask(Object meta, String what) {
        try {
            return method(meta.getClass(), what).invoke(meta);
        } catch (InvocationTargetException failed) {
            return raise(failed.getCause());
        } catch (ReflectiveOperationException absent) {
            throw new IllegalStateException(absent);
        }
    }

    /** Of the interface: the class that has it may be private. */
    private static Method method(Class<?> type, String name) throws NoSuchMethodException {
        for (Class<?> at = type; at != null; at = at.getSuperclass()) {
            Class<?> found = find(at);
            if (found != null) {
                return found.getMethod(name);
            }
        }
        throw new NoSuchMethodException(type.getName() + " is no " + INTERFACE);
    }

    private static Class<?> find(Class<?> type) {
        for (Class<?> one : type.getInterfaces()) {
            Class<?> found = one.getName().equals(INTERFACE) ? one : find(one);
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> Object raise(Throwable thrown) throws T {
        throw (T) thrown;
    }
}
