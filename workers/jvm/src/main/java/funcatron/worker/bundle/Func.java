package funcatron.worker.bundle;

import funcatron.worker.call.Parameters;
import funcatron.worker.call.Refusal;
import funcatron.worker.json.Json;
import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** One operation of the contract and what answers it. */
public final class Func {
    /** What the contract calls it. */
    public final String operationId;

    /** Its method and path, {@code GET /pets}; {@code null} if ASSIGN does not say. */
    public final String key;

    /** How its parameters are typed. */
    public final Parameters parameters;

    /** What the request map has under {@code swagger}. */
    public final Map<String, Object> swagger;

    /** The name under which {@code parameters.body} has the body. */
    public final String bodyName;

    final Map<String, Object> operation;
    private volatile BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> dispatcher;
    private volatile String mend;

    Func(Map<String, Object> spec) {
        operationId = String.valueOf(spec.get("operationId"));
        key = spec.get("key") instanceof String given ? given : null;
        operation = Json.map(spec.get("operation"));
        parameters = new Parameters(Json.list(operation.get("parameters")));
        Object name = Json.map(operation.get("requestBody")).get("x-name");
        bodyName = name instanceof String text ? text : "body";
        swagger = new HashMap<>();
        swagger.put("request", operation);
        swagger.put("key", swaggerKey());
        swagger.put("context", Map.of());
    }

    /** What is to be done for the bundle to have it, or {@code null} if it has. */
    String mend() {
        return mend;
    }

    void miss(String whatToDo) {
        mend = whatToDo;
    }

    /** What answers its calls; asked for at the first. */
    public BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> dispatcher(
            Bundle bundle) {
        BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> known = dispatcher;
        if (known != null) {
            return known;
        }
        if (mend != null) {
            throw Refusal.missing("the bundle has no Func " + operationId + ": " + mend);
        }
        return dispatch(bundle);
    }

    private synchronized BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> dispatch(
            Bundle bundle) {
        if (dispatcher == null) {
            dispatcher = bundle.dispatcherFor(this);
            if (dispatcher == null) {
                throw Refusal.missing(
                        "the bundle has no Func " + operationId + ": its dispatcherFor gave none");
            }
        }
        return dispatcher;
    }

    private Object swaggerKey() {
        return operation.get("path") instanceof String path
                ? List.of("paths", path, String.valueOf(operation.get("method")).toLowerCase())
                : null;
    }
}
