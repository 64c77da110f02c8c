package funcatron.jvm_services.clojure;

import clojure.lang.IPersistentCollection;
import clojure.lang.ITransientCollection;
import clojure.lang.ITransientMap;
import clojure.lang.PersistentHashMap;
import clojure.lang.PersistentVector;
import funcatron.intf.Constants;
import funcatron.intf.Context;
import funcatron.intf.impl.ContextImpl;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;

/** What a function is given as the body, as Clojure's own collections with strings for names. */
final class CallData {
    private CallData() {}

    /**
     * The body: JSON parsed, forms as a map, text as a string, everything else as bytes; null if
     * there is none. A bundle's own reader goes first.
     */
    @SuppressWarnings("unchecked")
    static Object read(
            InputStream stream, Context call, BiFunction<InputStream, Class<?>, Object> json) {
        if (stream == null) return null;
        String contentType = call.contentType();
        BiFunction<InputStream, List<Object>, Object> ofBundle =
                ContextImpl.runOperation(
                        Constants.GetDeserializerConst,
                        Map.of(),
                        call.getLogger(),
                        BiFunction.class);
        if (ofBundle != null) {
            return ofBundle.apply(stream, Arrays.asList(contentType, Object.class));
        }
        String type = contentType == null ? "" : contentType.toLowerCase(Locale.ROOT);
        if (type.contains("form-urlencoded") || type.startsWith("multipart/")) return form(call);
        if (type.isEmpty() || type.contains("json")) {
            return toClojure(json.apply(stream, Object.class));
        }
        byte[] bytes = ContextImpl.toByteArray(stream);
        return type.startsWith("text/") ? new String(bytes, StandardCharsets.UTF_8) : bytes;
    }

    private static Object form(Context call) {
        Map<String, Map<String, Object>> parameters = call.getRequestParams();
        return toClojure(parameters == null ? null : parameters.get("formData"));
    }

    /** Maps and lists, however deep, as Clojure's; everything else as it is. */
    static Object toClojure(Object value) {
        if (value instanceof IPersistentCollection) return value;
        if (value instanceof Map<?, ?> map) {
            ITransientMap built = (ITransientMap) PersistentHashMap.EMPTY.asTransient();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                built = built.assoc(entry.getKey(), toClojure(entry.getValue()));
            }
            return built.persistent();
        }
        if (value instanceof List<?> list) {
            ITransientCollection built = PersistentVector.EMPTY.asTransient();
            for (Object item : list) built = built.conj(toClojure(item));
            return built.persistent();
        }
        return value;
    }
}
