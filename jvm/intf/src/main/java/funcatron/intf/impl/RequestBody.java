package funcatron.intf.impl;

import funcatron.intf.Constants;
import funcatron.intf.Func;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.logging.Logger;
import org.w3c.dom.Document;

/**
 * Reads bodies into the type that a Func wants.
 *
 * @param type what is wanted
 * @param builtIn reads types that need no JSON, or {@code null}
 * @param host reads everything else
 */
record RequestBody(
        Class<?> type,
        Function<InputStream, Object> builtIn,
        BiFunction<InputStream, Class<?>, Object> host) {

    /** The reader of types that are no JSON: bytes (for Object, too), streams and XML. */
    static Function<InputStream, Object> builtIn(Class<?> type) {
        if (type.isAssignableFrom(byte[].class)) return RequestBody::bytes;
        if (type.isAssignableFrom(InputStream.class)) return stream -> stream;
        if (type.isAssignableFrom(Document.class)) return Xml::read;
        return null;
    }

    static byte[] bytes(InputStream stream) {
        try {
            return stream == null ? new byte[0] : stream.readAllBytes();
        } catch (IOException error) {
            throw new UncheckedIOException("the body cannot be read", error);
        }
    }

    @SuppressWarnings("unchecked")
    Object read(InputStream body, Func<Object> func, String contentType, Logger logger) {
        if (body == null) return null;
        Function<InputStream, Object> own =
                func == null ? null : Defaults.or(null, func::jsonDecoder);
        if (own != null) return own.apply(body);
        BiFunction<InputStream, List<Object>, Object> ofBundle =
                ContextImpl.runOperation(
                        Constants.GetDeserializerConst, new HashMap<>(), logger, BiFunction.class);
        if (ofBundle != null) return ofBundle.apply(body, Arrays.asList(contentType, type));
        return builtIn == null ? host.apply(body, type) : builtIn.apply(body);
    }
}
