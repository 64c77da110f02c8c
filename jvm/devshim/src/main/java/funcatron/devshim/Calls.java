package funcatron.devshim;

import funcatron.intf.Constants;
import funcatron.intf.impl.ContextImpl;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Runs the Funcs of this process, with services that last until the props change. */
final class Calls {
    private final ClassLoader loader;
    private final WatchedFile propsFile;
    private final Map<
                    Operation, BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>>>
            dispatchers = new ConcurrentHashMap<>();

    private Map<String, Object> fileProps;
    private volatile Map<String, Object> startedWith;
    /** Why the bundle did not start with these props. */
    private Exception failure;

    private record Operation(String id, Map<?, ?> info) {}

    /** `props` may be null. */
    Calls(ClassLoader loader, File props) {
        this.loader = loader;
        this.propsFile = props == null ? null : new WatchedFile(props);
    }

    /** Never throws. */
    Reply call(String operationId, Map<String, Object> request) {
        // So funcatron dev asks whether this process still answers.
        if (operationId.startsWith("$")) return new Reply(Map.of("status", 200), true);
        Thread.currentThread().setContextClassLoader(loader);
        Logger logger = Logger.getLogger(operationId);
        try {
            start(request.get("$props"));
            Map<?, ?> info = CallRequest.operation(request);
            byte[] body = CallRequest.body(request);
            return Reply.of(
                    dispatchers
                            .computeIfAbsent(new Operation(operationId, info), this::dispatcher)
                            .apply(
                                    body.length == 0 ? null : new ByteArrayInputStream(body),
                                    CallRequest.map(request, body, logger)));
        } catch (Throwable thrown) {
            // Errors, too, are the author's to see here, and must not end this thread unheard.
            Reply failed = Reply.failed(thrown);
            Level level = failed.status() < 500 ? Level.INFO : Level.WARNING;
            logger.log(level, operationId + " failed", Reply.unwrapped(thrown));
            return failed;
        }
    }

    @SuppressWarnings("unchecked")
    private BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> dispatcher(
            Operation operation) {
        Map<Object, Object> info = new HashMap<>(operation.info());
        BiFunction<InputStream, Class<?>, Object> reader = Json::read;
        BiFunction<InputStream, Type, Object> typedReader = Json::read;
        Function<Object, byte[]> writer = Json::write;
        info.put("$operationId", operation.id());
        info.put("$deserializer", reader);
        info.put("$typeDeserializer", typedReader);
        info.put("$serializer", writer);
        return ContextImpl.runOperation(
                Constants.DispatcherForConst, info, Shim.LOGGER, BiFunction.class);
    }

    /** Starts again if the props file has changed, so that what is wrong in it is said at once. */
    void refresh() {
        if (propsFile == null) return;
        Map<String, Object> before = startedWith;
        try {
            start(null);
        } catch (Exception error) {
            if (startedWith == before) return;
            Shim.LOGGER.warning("The bundle cannot start: " + error.getMessage());
        }
    }

    /** Starts the bundle, the first time and when its props have changed. */
    @SuppressWarnings("unchecked")
    private synchronized void start(Object dev) throws Exception {
        Map<String, Object> props = fileProps();
        if (props == null && dev instanceof Map<?, ?> map) props = (Map<String, Object>) map;
        if (props == null) {
            // An application that has started itself, as Spring does, stays as it is.
            if (startedWith != null || ContextImpl.isStarted()) return;
            props = Map.of();
        }
        if (props.equals(startedWith)) {
            if (failure != null) throw failure;
            return;
        }
        startedWith = props;
        failure = null;
        dispatchers.clear();
        try {
            ContextImpl.initContext(PropNames.changeAll(props), loader, Shim.LOGGER);
        } catch (Exception error) {
            failure = error;
            throw error;
        }
    }

    /** What the file says now, or said when it last was JSON; null without a file. */
    private Map<String, Object> fileProps() {
        String text = propsFile == null ? null : propsFile.changed();
        if (text == null) return fileProps;
        try {
            fileProps = Json.object(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException error) {
            Shim.LOGGER.warning(propsFile.name() + " is no JSON object: " + error.getMessage());
        }
        return fileProps;
    }
}
