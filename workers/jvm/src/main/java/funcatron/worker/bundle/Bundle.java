package funcatron.worker.bundle;

import funcatron.worker.guest.GuestHost;
import funcatron.worker.json.Bytes;
import funcatron.worker.json.JsonText;
import funcatron.worker.json.Mapper;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.logging.Logger;

/** A loaded bundle: its classes, its operations, its Funcs. */
public final class Bundle {
    static final String CONTEXT = "funcatron.intf.impl.ContextImpl";

    /** Who and where it is. */
    public final Assignment assignment;

    /** The commit it was built of, or a question mark. */
    public final String gitSha;

    /** What its Funcs read and write JSON with. */
    public final Mapper mapper = new Mapper();

    final BundleLoader own;
    private final ClassPath path;
    private final Map<String, Func> funcs = new HashMap<>();
    private volatile ClassLoader loader;
    private volatile Function<Object, Object> operations;
    private volatile Logger logger;

    /** Opens the bundle's file; runs nothing of it. */
    public Bundle(Assignment assignment, GuestHost host) throws IOException {
        this.assignment = assignment;
        path = new ClassPath(assignment.jar, assignment.dir);
        gitSha = path.gitSha();
        own = new BundleLoader(path, host);
        loader = own;
        for (Func func : assignment.funcs) {
            funcs.put(func.key == null ? func.operationId : func.key, func);
        }
    }

    /** The loader that is to be the context class loader of its threads. */
    public ClassLoader loader() {
        return loader;
    }

    /** The Func of an operation, by what ASSIGN told of it, or {@code null}. */
    public Func func(String key, String operationId) {
        Func found = key == null ? null : funcs.get(key);
        return found == null ? funcs.get(operationId) : found;
    }

    /** Sets its context up, and finds its Funcs; throws what the author is to be told. */
    @SuppressWarnings("unchecked")
    public void start(Logger ownLogger) throws Throwable {
        logger = ownLogger;
        Thread.currentThread().setContextClassLoader(loader);
        try {
            Method init =
                    loader.loadClass(CONTEXT)
                            .getMethod("initContext", Map.class, ClassLoader.class, Logger.class);
            operations =
                    (Function<Object, Object>)
                            init.invoke(null, assignment.props, loader, logger);
        } catch (ClassNotFoundException absent) {
            throw new LoadFailure(
                    "the jar has no funcatron.intf: add the dependency funcatron:intf and build an "
                            + "uberjar",
                    null);
        } catch (UnsupportedClassVersionError newer) {
            throw new LoadFailure(FuncCheck.versions(own.classBytes(CONTEXT)), newer);
        } catch (InvocationTargetException failed) {
            throw failed.getCause();
        }
        if (operations == null) {
            throw new LoadFailure(
                    "the jar has funcatron:intf from before 0.2.5: build it with a newer one",
                    null);
        }
        if (operate("getClassloader", new HashMap<>()) instanceof ClassLoader given) {
            loader = given;
            Thread.currentThread().setContextClassLoader(given);
        }
        if (!assignment.describe) {
            new FuncCheck(this).run(assignment.funcs);
        }
    }

    /** Adds what ASSIGNED says. */
    public void describe(Bytes to) {
        to.raw("{\"missing\":[");
        String before = "";
        for (Func func : assignment.funcs) {
            if (func.mend() != null) {
                to.raw(before).raw("{\"operationId\":").string(func.operationId);
                to.raw(",\"mend\":").string(func.mend()).raw("}");
                before = ",";
            }
        }
        to.raw("]");
        if (assignment.describe
                && operate("getSwagger", new HashMap<>()) instanceof Map<?, ?> swagger) {
            contract(to, swagger);
        }
        to.raw("}");
    }

    private static void contract(Bytes to, Map<?, ?> swagger) {
        Object text = swagger.get("swagger");
        if (text == null) {
            return;
        }
        boolean isYaml = text instanceof String && "yaml".equals(swagger.get("type"));
        to.raw(",\"contract\":{\"type\":").string(isYaml ? "yaml" : "json").raw(",\"text\":");
        if (text instanceof Map<?, ?> map) {
            Bytes json = new Bytes();
            JsonText.write(json, map);
            text = new String(json.array(), 0, json.length(), StandardCharsets.UTF_8);
        }
        to.string(text.toString()).raw("}");
    }

    /** What answers the calls of a Func, or {@code null}. */
    @SuppressWarnings("unchecked")
    BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> dispatcherFor(Func func) {
        Map<Object, Object> operation = new HashMap<>(func.operation);
        operation.put("$operationId", func.operationId);
        operation.put("$deserializer", mapper.reader);
        operation.put("$typeDeserializer", mapper.typeReader);
        operation.put("$serializer", mapper.writer);
        return (BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>>)
                operate("dispatcherFor", operation);
    }

    /** Has the bundle close its services. */
    public void endLife() {
        if (operations != null) {
            operate("endLife", new HashMap<>());
        }
    }

    /** Lets go of its files; its classes go when nobody knows them any more. */
    public void close() {
        operations = null;
        own.close();
    }

    /** The bundle's own loader, whatever its providers made of it. */
    public BundleLoader ownLoader() {
        return own;
    }

    /** Whether its operationIds are names of classes: nobody has replaced what finds them. */
    boolean dispatchesClasses() {
        Object operation = operations.apply("dispatcherFor");
        return operation != null && operation.getClass().getName().startsWith(CONTEXT);
    }

    /** Does an operation; {@code null} if the bundle has none of the name. */
    @SuppressWarnings("unchecked")
    private Object operate(String name, Map<Object, Object> argument) {
        Object operation = operations.apply(name);
        return operation == null
                ? null
                : ((BiFunction<Map<Object, Object>, Logger, Object>) operation)
                        .apply(argument, logger);
    }
}
