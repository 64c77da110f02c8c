package funcatron.intf.impl;

import funcatron.intf.Accumulator;
import funcatron.intf.Constants;
import funcatron.intf.Context;
import funcatron.intf.Func;
import java.io.InputStream;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.logging.Logger;
import org.w3c.dom.Document;

/**
 * The door between a host and a bundle: {@link #initContext} starts the bundle of this class loader
 * and gives its operations. Each loader has one bundle, so its state is static. An instance is the
 * {@link Context} of one call.
 */
public class ContextImpl extends CallContext {
    private static final Bundle BUNDLE = new Bundle(ContextImpl::installOperations);

    /**
     * The context of a call.
     *
     * @param data the request map
     * @param logger of the call
     */
    public ContextImpl(Map<Object, Object> data, Logger logger) {
        super(BUNDLE, data, logger);
    }

    // Hosts tell a bundle of Func classes from one with a dispatcher of its own by the class of the
    // operation dispatcherFor, so these lambdas stay in this class, as they always were.
    @SuppressWarnings({"rawtypes", "unchecked"})
    private static void installOperations(Operations operations) {
        operations.put(Constants.OperationsConst, (info, logger) -> operations.names());
        operations.put(
                Constants.EndLifeConst,
                (info, logger) -> {
                    endLife(logger);
                    return null;
                });
        operations.put(Constants.GetClassloaderConst, (info, logger) -> getClassloader());
        operations.put(Constants.GetSwaggerConst, (info, logger) -> getSwagger(logger));
        operations.put(Constants.GetVersionConst, (info, logger) -> getVersion(logger));
        operations.put(Constants.DispatcherForConst, (info, logger) -> dispatcherFor(info, logger));
        operations.put(Constants.GetSerializerConst, (info, logger) -> null);
        operations.put(Constants.GetDeserializerConst, (info, logger) -> null);
        operations.put(
                Constants.WrapWithMiddlewareConst,
                (info, logger) -> wrapWithMiddleware((BiFunction) info.get("function")));
    }

    /**
     * Starts the bundle: class loader providers, operation providers, services, middleware. A
     * second start ends what the first one made.
     *
     * @param props what the bundle was enabled with
     * @param loader of the bundle
     * @param logger of the bundle
     * @return gives the operation of a name, or {@code null}
     * @throws Exception if a provider failed, naming it and the prop
     */
    public static Function<String, BiFunction<Map<Object, Object>, Logger, Object>> initContext(
            Map<String, Object> props, ClassLoader loader, Logger logger) throws Exception {
        BUNDLE.start(props, loader, logger);
        return BUNDLE.operations()::get;
    }

    /**
     * Whether the bundle has been started and not ended.
     *
     * @return true between {@link #initContext} and {@link #endLife()}
     */
    public static boolean isStarted() {
        return BUNDLE.isStarted();
    }

    /** Ends the bundle, with a logger of its own. */
    public static void endLife() {
        endLife(Logger.getLogger(ContextImpl.class.getName()));
    }

    /**
     * Ends the bundle: closes its services and runs the functions that asked for it.
     *
     * @param logger told of what fails
     */
    public static void endLife(Logger logger) {
        if (logger == null) endLife();
        else BUNDLE.end(logger);
    }

    /**
     * The loader of the bundle.
     *
     * @return that of {@link #initContext} or of a provider; before, that of this class
     */
    public static ClassLoader getClassloader() {
        return BUNDLE.loader();
    }

    /**
     * The contract: {@code funcatron.yaml}, {@code funcatron.yml} or {@code funcatron.json}.
     *
     * @param logger not used
     * @return {@code type} and {@code swagger}, or {@code null} if there is no such file
     */
    public static Map<String, Object> getSwagger(Logger logger) {
        return BundleFiles.contract(getClassloader());
    }

    /**
     * The version of this interface in the bundle.
     *
     * @param logger not used
     * @return the version, or {@code ?}
     */
    public static String getVersion(Logger logger) {
        return BundleFiles.version(getClassloader());
    }

    /**
     * What answers an operation, middleware included.
     *
     * @param info the operation, with {@code $operationId}, {@code $deserializer} and
     *     {@code $serializer}
     * @param logger not used
     * @return takes a body and a request map, gives a result map
     */
    public static BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> dispatcherFor(
            Map<Object, Object> info, Logger logger) {
        return wrapWithMiddleware(new Dispatcher().apply((String) info.get("$operationId"), info));
    }

    /**
     * Puts the middleware of the bundle around a function.
     *
     * @param function is wrapped
     * @return the function with it
     */
    public static BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>>
            wrapWithMiddleware(
                    BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> function) {
        return BUNDLE.wrap(function);
    }

    /**
     * Lists the operations of the bundle.
     *
     * @return their names
     */
    public static Set<String> operationNames() {
        return BUNDLE.operations().names();
    }

    /**
     * Adds an operation, or replaces it.
     *
     * @param name of the operation
     * @param operation what it does
     */
    public static void addOperation(
            String name, BiFunction<Map<Object, Object>, Logger, Object> operation) {
        BUNDLE.operations().put(name, operation);
    }

    /**
     * Runs an operation.
     *
     * @param name of the operation
     * @param params its input
     * @param logger its logger
     * @param type what is wanted
     * @param <T> what is wanted
     * @return what it gave, or {@code null} if there is no such operation or it gave something else
     */
    public static <T> T runOperation(
            String name, Map<Object, Object> params, Logger logger, Class<T> type) {
        return BUNDLE.operations().run(name, params, logger, type);
    }

    /**
     * Has a function run when the bundle ends.
     *
     * @param function to be run
     */
    public static void addFunctionToEndOfLife(Function<Logger, Void> function) {
        BUNDLE.addEndOfLife(function);
    }

    /**
     * What the bundle was enabled with, for code that has no context.
     *
     * @return the props; they cannot be changed
     */
    public static Map<String, Object> staticProperties() {
        return BUNDLE.props();
    }

    /**
     * All bytes of a stream.
     *
     * @param stream may be {@code null}
     * @return the bytes, none for {@code null}
     */
    public static byte[] toByteArray(InputStream stream) {
        return RequestBody.bytes(stream);
    }

    /**
     * Reads XML, without document types and what they could fetch.
     *
     * @param stream may be {@code null}
     * @return the document, {@code null} for {@code null}
     */
    public static Document documentFromInputStream(InputStream stream) {
        return Xml.read(stream);
    }

    /**
     * What reads the body of one call: the Func's decoder, else the bundle's, else the built-in one
     * of the type, else the host's.
     *
     * @param inputStream the body, or {@code null}
     * @param func of the call, or {@code null}
     * @param basicDeserializer the built-in one, or {@code null}
     * @param deserializer the host's
     * @param paramType what is wanted
     * @param contentType of the body
     * @param logger of the call
     * @return gives the body that was read, {@code null} if there is none
     */
    public static Callable<Object> buildParameterResolver(
            InputStream inputStream,
            Func<Object> func,
            Function<InputStream, Object> basicDeserializer,
            BiFunction<InputStream, Class<?>, Object> deserializer,
            Class<?> paramType,
            String contentType,
            Logger logger) {
        RequestBody reader = new RequestBody(paramType, basicDeserializer, deserializer);
        return () -> reader.read(inputStream, func, contentType, logger);
    }

    /**
     * What answers the calls of a Func class.
     *
     * @param serializer the host's
     * @param deserializer the host's
     * @param basicDeserializer the built-in one of the type, or {@code null}
     * @param className names the logger of calls that have none
     * @param paramType what the body is read into
     * @param type the Func class
     * @return takes a body and a request map, gives a result map
     */
    public static BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>>
            makeResponseBiFunc(
                    Function<Object, byte[]> serializer,
                    BiFunction<InputStream, Class<?>, Object> deserializer,
                    Function<InputStream, Object> basicDeserializer,
                    String className,
                    Class<?> paramType,
                    Class<Func<Object>> type) {
        RequestBody reader = new RequestBody(paramType, basicDeserializer, deserializer);
        return new FuncCall(type, reader, serializer);
    }

    /**
     * Makes a result map of what a Func returned, and ends its services well.
     *
     * @param func of the call, or {@code null}
     * @param returned what it returned
     * @param context of the call
     * @param serializer the host's
     * @param alternative {@code status}, {@code headers} and {@code content-type} of a call without
     *     a Func
     * @param logger of the call
     * @return the result map
     * @throws Exception if the answer cannot be written, or a commit failed
     */
    public static Map<Object, Object> responseObjectToResponseMap(
            Func<Object> func,
            Object returned,
            Context context,
            Function<Object, byte[]> serializer,
            Map<Object, Object> alternative,
            Logger logger)
            throws Exception {
        Map<Object, Object> result = Answer.of(func, returned, serializer, alternative, logger);
        if (context instanceof Accumulator accumulator) accumulator.finished(true);
        return result;
    }
}
