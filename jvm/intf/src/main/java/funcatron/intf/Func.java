package funcatron.intf;

import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * One operation of a contract: the class that an {@code operationId} names.
 *
 * <p>A Func needs a constructor without parameters and is made anew for every call, so its fields
 * belong to that call; static ones are shared by all calls of the bundle.
 *
 * <p>The type argument says what the request body becomes. {@code byte[]}, {@code InputStream},
 * {@code Object}: the raw bytes ({@code Object} as {@code byte[]}). {@code org.w3c.dom.Document} or
 * {@code Node}: parsed XML. Any other class: read from JSON, by {@link #jsonDecoder()} if it gives
 * one.
 *
 * <p>What a method returns is the answer: a {@link MetaResponse} is taken as it is, {@code byte[]}
 * and XML nodes are sent as they are, an {@code InputStream} is streamed and closed, {@code null}
 * is an empty body, and everything else becomes JSON. What it throws fails the call; a
 * {@link FuncException} chooses the status.
 *
 * @param <R> what the request body is read into
 */
public interface Func<R> {
    /**
     * Answers a call whose method has no method of its own here, or none that was overridden.
     *
     * @param request the body, {@code null} if there is none, and always for GET and DELETE
     * @param context everything else about the call
     * @return the answer
     * @throws Exception to fail the call; services are rolled back
     */
    default Object apply(R request, Context context) throws Exception {
        throw new UnsupportedOperationException(
                getClass().getName()
                        + " does not answer "
                        + String.valueOf(context.getMethod()).toUpperCase(java.util.Locale.ROOT)
                        + ": override apply, or the method of that name");
    }

    /**
     * Answers GET.
     *
     * @param context everything about the call
     * @return the answer
     * @throws Exception to fail the call
     */
    default Object get(Context context) throws Exception {
        return apply(null, context);
    }

    /**
     * Answers POST.
     *
     * @param request the body
     * @param context everything else about the call
     * @return the answer
     * @throws Exception to fail the call
     */
    default Object post(R request, Context context) throws Exception {
        return apply(request, context);
    }

    /**
     * Answers PUT.
     *
     * @param request the body
     * @param context everything else about the call
     * @return the answer
     * @throws Exception to fail the call
     */
    default Object put(R request, Context context) throws Exception {
        return apply(request, context);
    }

    /**
     * Answers PATCH.
     *
     * @param request the body
     * @param context everything else about the call
     * @return the answer
     * @throws Exception to fail the call
     */
    default Object patch(R request, Context context) throws Exception {
        return apply(request, context);
    }

    /**
     * Answers DELETE.
     *
     * @param context everything about the call
     * @return the answer
     * @throws Exception to fail the call
     */
    default Object delete(Context context) throws Exception {
        return apply(null, context);
    }

    /**
     * Reads the body in place of Funcatron's own JSON reader, for classes that need annotations or
     * settings of their own.
     *
     * @return the reader, or {@code null} for Funcatron's
     */
    default Function<InputStream, R> jsonDecoder() {
        return null;
    }

    /**
     * Writes what this Func returns in place of Funcatron's own JSON writer.
     *
     * @return the writer, or {@code null} for Funcatron's
     */
    default Function<Object, byte[]> jsonEncoder() {
        return null;
    }

    /**
     * The content type of answers that are no {@link MetaResponse}.
     *
     * @return the type, or {@code null} for the one that fits what was returned
     */
    default String contentType() {
        return null;
    }

    /**
     * The status of answers that are no {@link MetaResponse}.
     *
     * @return the status, 200 unless overridden
     */
    default int statusCode() {
        return 200;
    }

    /**
     * The headers of answers that are no {@link MetaResponse}.
     *
     * @return name to value, or to a list of values
     */
    default Map<String, Object> headers() {
        return new HashMap<>();
    }
}
