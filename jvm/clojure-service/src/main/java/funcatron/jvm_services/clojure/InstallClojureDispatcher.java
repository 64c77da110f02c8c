package funcatron.jvm_services.clojure;

import clojure.lang.Agent;
import funcatron.intf.Constants;
import funcatron.intf.OperationProvider;
import funcatron.intf.impl.ContextImpl;
import java.io.InputStream;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.logging.Logger;

/**
 * Dispatches operations whose id is {@code namespace#function} to that function; those of other ids
 * remain classes. A function is called with the body and the {@link CallMap} of the call.
 */
public final class InstallClojureDispatcher implements OperationProvider {
    /** A provider; it has no state. */
    public InstallClojureDispatcher() {}

    @Override
    public void installOperation(
            BiFunction<String, BiFunction<Map<Object, Object>, Logger, Object>, Void> addOperation,
            Function<String, BiFunction<Map<Object, Object>, Logger, Object>> getOperation,
            Function<Function<Logger, Void>, Void> addEndOfLife,
            ClassLoader classLoader,
            Logger logger) {
        BiFunction<Map<Object, Object>, Logger, Object> classes =
                getOperation.apply(Constants.DispatcherForConst);
        addOperation.apply(
                Constants.DispatcherForConst,
                (info, log) ->
                        String.valueOf(info.get("$operationId")).contains("#")
                                ? ContextImpl.wrapWithMiddleware(function(info, classLoader))
                                : classes.apply(info, log));
        // The threads of agents and futures would outlive the bundle. An application of its own
        // keeps them: they cannot be started again.
        if (Agent.class.getClassLoader() == ClassLoader.getSystemClassLoader()) return;
        addEndOfLife.apply(
                log -> {
                    Agent.shutdown();
                    return null;
                });
    }

    @SuppressWarnings("unchecked")
    private static BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> function(
            Map<Object, Object> info, ClassLoader loader) {
        return new FunctionCall(
                FunctionVar.find((String) info.get("$operationId"), loader),
                (BiFunction<InputStream, Class<?>, Object>) info.get("$deserializer"),
                (Function<Object, byte[]>) info.get("$serializer"));
    }
}
