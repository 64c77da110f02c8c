package funcatron.intf;

import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.logging.Logger;

/**
 * The names of the operations by which a host and a bundle speak, each with a function that gives
 * it its real type.
 */
@SuppressWarnings("unchecked")
public interface Constants {
    /** The names of all operations. */
    String OperationsConst = "operations";

    /** {@link #OperationsConst}: gives the names. */
    Function<BiFunction<Map<Object, Object>, Logger, Object>, BiFunction<Void, Logger, Set<String>>>
            ConvertOperationsFunc =
                    operation -> (none, logger) -> (Set<String>) operation.apply(null, logger);

    /** Ends the bundle: its services and everything that asked to be told. */
    String EndLifeConst = "endLife";

    /** {@link #EndLifeConst}: gives nothing. */
    Function<BiFunction<Map<Object, Object>, Logger, Object>, BiFunction<Void, Logger, Void>>
            ConvertEndLifeFunc =
                    operation ->
                            (none, logger) -> {
                                operation.apply(null, logger);
                                return null;
                            };

    /** The class loader of the bundle. */
    String GetClassloaderConst = "getClassloader";

    /** {@link #GetClassloaderConst}: gives the loader. */
    Function<BiFunction<Map<Object, Object>, Logger, Object>, BiFunction<Void, Logger, ClassLoader>>
            ConvertGetClassloaderFunc =
                    operation -> (none, logger) -> (ClassLoader) operation.apply(null, logger);

    /** The contract of the bundle. */
    String GetSwaggerConst = "getSwagger";

    /**
     * {@link #GetSwaggerConst}: gives {@code type} ({@code yaml}, {@code json} or {@code map}) and
     * {@code swagger} (the text, or for {@code map} the parsed document), or {@code null} if there
     * is none.
     */
    Function<
                    BiFunction<Map<Object, Object>, Logger, Object>,
                    BiFunction<Void, Logger, Map<String, Object>>>
            ConvertGetSwaggerFunc =
                    operation ->
                            (none, logger) -> (Map<String, Object>) operation.apply(null, logger);

    /** The version of this interface in the bundle. */
    String GetVersionConst = "getVersion";

    /** {@link #GetVersionConst}: gives the version. */
    Function<BiFunction<Map<Object, Object>, Logger, Object>, BiFunction<Void, Logger, String>>
            ConvertGetVersionFunc =
                    operation -> (none, logger) -> (String) operation.apply(null, logger);

    /** What answers the calls of an operation of the contract. */
    String DispatcherForConst = "dispatcherFor";

    /**
     * {@link #DispatcherForConst}: takes the operation of the contract with {@code $operationId},
     * {@code $deserializer} and {@code $serializer}; gives what takes a body and a request map and
     * gives a result map.
     */
    Function<
                    BiFunction<Map<Object, Object>, Logger, Object>,
                    BiFunction<
                            Map<Object, Object>,
                            Logger,
                            BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>>>>
            ConvertDispatcherForFunc =
                    operation ->
                            (info, logger) ->
                                    (BiFunction<
                                                    InputStream,
                                                    Map<Object, Object>,
                                                    Map<Object, Object>>)
                                            operation.apply(info, logger);

    /** What writes answers of the whole bundle. */
    String GetSerializerConst = "getSerializer";

    /**
     * {@link #GetSerializerConst}: gives what takes an answer and its content type and gives bytes,
     * or {@code null} for the host's writer.
     */
    Function<
                    BiFunction<Map<Object, Object>, Logger, Object>,
                    BiFunction<Map<Object, Object>, Logger, BiFunction<Object, String, byte[]>>>
            ConvertGetSerializerFunc =
                    operation ->
                            (info, logger) ->
                                    (BiFunction<Object, String, byte[]>)
                                            operation.apply(info, logger);

    /** What reads bodies of the whole bundle. */
    String GetDeserializerConst = "getDeserializer";

    /**
     * {@link #GetDeserializerConst}: gives what takes a body and a list of its content type and the
     * class that is wanted, or {@code null} for the host's reader.
     */
    Function<
                    BiFunction<Map<Object, Object>, Logger, Object>,
                    BiFunction<
                            Map<Object, Object>,
                            Logger,
                            BiFunction<InputStream, List<Object>, Object>>>
            ConvertGetDeserializerFunc =
                    operation ->
                            (info, logger) ->
                                    (BiFunction<InputStream, List<Object>, Object>)
                                            operation.apply(info, logger);

    /** Puts the middleware of the bundle around a function. */
    String WrapWithMiddlewareConst = "wrapWithMiddleware";

    /** {@link #WrapWithMiddlewareConst}: takes {@code function}, gives it wrapped. */
    Function<
                    BiFunction<Map<Object, Object>, Logger, Object>,
                    BiFunction<
                            Map<Object, Object>,
                            Logger,
                            BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>>>>
            ConvertWrapWithMiddlewareFunc =
                    operation ->
                            (info, logger) ->
                                    (BiFunction<
                                                    InputStream,
                                                    Map<Object, Object>,
                                                    Map<Object, Object>>)
                                            operation.apply(info, logger);
}
