package funcatron.intf.impl;

import funcatron.intf.Func;
import java.io.InputStream;
import java.lang.reflect.Type;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;

/** Makes what answers the calls of an operation, without middleware. */
public class Dispatcher
        implements BiFunction<
                String,
                Map<Object, Object>,
                BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>>> {

    /** A dispatcher; it has no state. */
    public Dispatcher() {}

    /**
     * Finds the Func class of an operation.
     *
     * @param className its {@code operationId}
     * @param operation has {@code $deserializer} and {@code $serializer}, and may have
     *     {@code $typeDeserializer}, which takes a {@link Type} for bodies of generic types
     * @return takes a body and a request map, gives a result map
     */
    @Override
    @SuppressWarnings("unchecked")
    public BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> apply(
            String className, Map<Object, Object> operation) {
        Class<Func<Object>> func = load(className);
        Type type = FuncType.of(func);
        Class<?> raw = FuncType.raw(type);
        BiFunction<InputStream, Class<?>, Object> host =
                (BiFunction<InputStream, Class<?>, Object>) operation.get("$deserializer");
        BiFunction<InputStream, Type, Object> typed =
                (BiFunction<InputStream, Type, Object>) operation.get("$typeDeserializer");
        if (typed != null && type != raw) host = (body, ignored) -> typed.apply(body, type);
        return ContextImpl.makeResponseBiFunc(
                (Function<Object, byte[]>) operation.get("$serializer"),
                host,
                RequestBody.builtIn(raw),
                className,
                raw,
                func);
    }

    @SuppressWarnings("unchecked")
    private static Class<Func<Object>> load(String className) {
        Class<?> found;
        try {
            found = Class.forName(className, false, ContextImpl.getClassloader());
        } catch (ClassNotFoundException error) {
            throw new IllegalArgumentException(
                    "the operationId \"" + className + "\" names a class that is not in the bundle",
                    error);
        }
        if (!Func.class.isAssignableFrom(found)) {
            throw new IllegalArgumentException(
                    "the operationId \"" + className + "\" names a class that is no Func: let it"
                            + " implement funcatron.intf.Func");
        }
        return (Class<Func<Object>>) found;
    }
}
