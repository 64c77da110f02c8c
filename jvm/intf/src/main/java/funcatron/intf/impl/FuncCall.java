package funcatron.intf.impl;

import funcatron.intf.Func;
import java.io.InputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.logging.Logger;

/** Answers the calls of one Func class: a new instance, its method, its result. */
final class FuncCall implements BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> {
    private final Constructor<Func<Object>> constructor;
    private final RequestBody body;
    private final Function<Object, byte[]> serializer;

    FuncCall(
            Class<Func<Object>> type, RequestBody body, Function<Object, byte[]> serializer) {
        this.constructor = constructor(type);
        this.body = body;
        this.serializer = serializer;
    }

    private static Constructor<Func<Object>> constructor(Class<Func<Object>> type) {
        try {
            if (Modifier.isAbstract(type.getModifiers())) throw new NoSuchMethodException();
            Constructor<Func<Object>> found = type.getDeclaredConstructor();
            found.trySetAccessible();
            return found;
        } catch (NoSuchMethodException error) {
            throw new IllegalArgumentException(
                    "the Func " + type.getName() + " cannot be made: it needs a constructor without"
                            + " parameters, and must not be abstract or an inner class",
                    error);
        }
    }

    @Override
    public Map<Object, Object> apply(InputStream stream, Map<Object, Object> request) {
        ContextImpl context = new ContextImpl(request, logger(request));
        boolean done = false;
        try {
            Func<Object> func = make();
            Object returned = invoke(func, stream, context);
            Map<Object, Object> result =
                    ContextImpl.responseObjectToResponseMap(
                            func, returned, context, serializer, null, context.getLogger());
            done = true;
            return result;
        } catch (RuntimeException error) {
            throw error;
        } catch (Exception error) {
            throw new RuntimeException("Failed to apply function", error);
        } finally {
            // Errors, too, such as a stack overflow: a connection must not stay behind.
            if (!done) context.finished(false);
        }
    }

    private Logger logger(Map<Object, Object> request) {
        return request.get("$logger") instanceof Logger logger
                ? logger
                : Logger.getLogger(constructor.getDeclaringClass().getName());
    }

    private Func<Object> make() throws Exception {
        try {
            return constructor.newInstance();
        } catch (InvocationTargetException error) {
            if (error.getCause() instanceof Exception cause) throw cause;
            if (error.getCause() instanceof Error cause) throw cause;
            throw error;
        }
    }

    private Object invoke(Func<Object> func, InputStream stream, ContextImpl context)
            throws Exception {
        String method = context.getMethod();
        return switch (method == null ? "" : method) {
            case "get" -> func.get(context);
            case "delete" -> func.delete(context);
            case "post" -> func.post(read(func, stream, context), context);
            case "put" -> func.put(read(func, stream, context), context);
            case "patch" -> func.patch(read(func, stream, context), context);
            default -> func.apply(read(func, stream, context), context);
        };
    }

    private Object read(Func<Object> func, InputStream stream, ContextImpl context) {
        return body.read(stream, func, context.contentType(), context.getLogger());
    }
}
