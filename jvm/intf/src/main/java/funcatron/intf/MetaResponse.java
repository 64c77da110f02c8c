package funcatron.intf;

import java.io.InputStream;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/** An answer that says everything itself: status, headers, content type and body. */
public interface MetaResponse extends Iterable<Map.Entry<String, Object>> {
    /**
     * The status.
     *
     * @return the status, 200 unless overridden
     */
    default int getResponseCode() {
        return 200;
    }

    /**
     * The headers.
     *
     * @return name to value
     */
    default Map<String, String> getHeaders() {
        return new HashMap<>();
    }

    /**
     * The content type of the body, unless {@link #getHeaders()} has one. An answer without a body
     * has none.
     *
     * @return the type
     */
    default String getContentType() {
        return "application/octet-stream";
    }

    /**
     * Whether the body is a stream.
     *
     * @return true for {@link #getBodyStream()}, false for {@link #getBody()}
     */
    default boolean isLargeBody() {
        return false;
    }

    /**
     * The body, if it is no stream.
     *
     * @return its bytes, or {@code null} for none
     */
    default byte[] getBody() {
        return null;
    }

    /**
     * The body, if it is a stream. It is read after the Func has returned and closed at its end, so
     * it must not need a service of the call.
     *
     * @return the stream, or {@code null} for no body
     */
    default InputStream getBodyStream() {
        return null;
    }

    /**
     * The answer as a list of named values, for code that cannot see this interface.
     *
     * @return {@code version}, {@code responseCode}, {@code headers}, {@code contentType},
     *     {@code largeBody}, {@code bodyArray}, {@code bodyStream} and {@code body}
     */
    @Override
    default Iterator<Map.Entry<String, Object>> iterator() {
        boolean large = isLargeBody();
        byte[] bytes = large ? null : getBody();
        InputStream stream = large ? getBodyStream() : null;
        Map<String, Object> fields = new HashMap<>();
        fields.put("version", "1");
        fields.put("responseCode", getResponseCode());
        fields.put("headers", getHeaders());
        fields.put("contentType", getContentType());
        fields.put("largeBody", large);
        fields.put("bodyArray", bytes);
        fields.put("bodyStream", stream);
        fields.put("body", large ? stream : bytes);
        return fields.entrySet().iterator();
    }
}
