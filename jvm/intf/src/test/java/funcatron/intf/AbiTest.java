package funcatron.intf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import funcatron.intf.impl.ContextImpl;
import funcatron.intf.impl.Dispatcher;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

/**
 * Every method that bundles of 0.2.5 to 0.3.0 may have been compiled against, by its descriptor.
 */
class AbiTest {
    private static void has(Class<?> type, Class<?> returned, String name, Class<?>... parameters)
            throws NoSuchMethodException {
        Method method = type.getMethod(name, parameters);
        assertEquals(returned, method.getReturnType(), method.toString());
    }

    private static void hasDefault(
            Class<?> type, Class<?> returned, String name, Class<?>... parameters)
            throws NoSuchMethodException {
        has(type, returned, name, parameters);
        assertTrue(type.getMethod(name, parameters).isDefault(), name);
    }

    private static void isAbstractOnly(Class<?> type, Set<String> names) {
        for (Method method : type.getMethods()) {
            if (method.isDefault() || method.getDeclaringClass() == Object.class) continue;
            assertTrue(names.contains(method.getName()), method + " breaks those who implement it");
        }
    }

    @Test
    void func() throws Exception {
        hasDefault(Func.class, Object.class, "apply", Object.class, Context.class);
        for (String name : List.of("get", "delete")) {
            hasDefault(Func.class, Object.class, name, Context.class);
        }
        for (String name : List.of("post", "put", "patch")) {
            hasDefault(Func.class, Object.class, name, Object.class, Context.class);
        }
        hasDefault(Func.class, Function.class, "jsonDecoder");
        hasDefault(Func.class, Function.class, "jsonEncoder");
        hasDefault(Func.class, String.class, "contentType");
        hasDefault(Func.class, int.class, "statusCode");
        hasDefault(Func.class, Map.class, "headers");
        isAbstractOnly(Func.class, Set.of());
    }

    @Test
    void context() throws Exception {
        for (String name :
                List.of(
                        "getRequestInfo", "getRequestParams", "getHeaders", "getQueryParams",
                        "getPathParams", "getBodyParams", "getMergedParams", "properties")) {
            has(Context.class, Map.class, name);
        }
        for (String name : List.of("getURI", "contentType", "getScheme", "getHost", "getMethod")) {
            has(Context.class, String.class, name);
        }
        has(Context.class, Logger.class, "getLogger");
        has(Context.class, Set.class, "services");
        has(Context.class, Optional.class, "serviceForName", String.class);
        hasDefault(Context.class, Optional.class, "serviceForName", String.class, Class.class);
        has(Context.class, Optional.class, "vendForName", String.class, Class.class);
        for (String name :
                List.of("getBundle", "getAuth", "getRequestId", "getCookies", "isCancelled")) {
            assertTrue(Context.class.getMethod(name).isDefault(), name);
        }
    }

    @Test
    void metaResponse() throws Exception {
        hasDefault(MetaResponse.class, int.class, "getResponseCode");
        hasDefault(MetaResponse.class, Map.class, "getHeaders");
        hasDefault(MetaResponse.class, String.class, "getContentType");
        hasDefault(MetaResponse.class, boolean.class, "isLargeBody");
        hasDefault(MetaResponse.class, byte[].class, "getBody");
        hasDefault(MetaResponse.class, InputStream.class, "getBodyStream");
        hasDefault(MetaResponse.class, Iterator.class, "iterator");
    }

    @Test
    void servicesAndProviders() throws Exception {
        has(Accumulator.class, void.class, "accumulate", Object.class, ServiceVendor.class);
        has(Accumulator.class, void.class, "finished", boolean.class);
        has(ServiceVendor.class, String.class, "name");
        has(ServiceVendor.class, Class.class, "type");
        hasDefault(ServiceVendor.class, boolean.class, "ofType", Class.class);
        has(ServiceVendor.class, Object.class, "vend", Accumulator.class);
        has(ServiceVendor.class, void.class, "endLife");
        has(ServiceVendor.class, void.class, "release", Object.class, boolean.class);
        has(ServiceVendorProvider.class, String.class, "forType");
        has(
                ServiceVendorProvider.class,
                Optional.class,
                "buildVendor",
                String.class,
                Map.class,
                Logger.class);
        hasDefault(OrderedProvider.class, int.class, "order");
        has(
                ClassloaderProvider.class,
                ClassLoader.class,
                "buildFrom",
                ClassLoader.class,
                Function.class,
                Logger.class);
        has(
                OperationProvider.class,
                void.class,
                "installOperation",
                BiFunction.class,
                Function.class,
                Function.class,
                ClassLoader.class,
                Logger.class);
        has(MiddlewareProvider.class, BiFunction.class, "wrap", BiFunction.class);
    }

    @Test
    void contextImpl() throws Exception {
        Class<?> type = ContextImpl.class;
        type.getConstructor(Map.class, Logger.class);
        has(type, Function.class, "initContext", Map.class, ClassLoader.class, Logger.class);
        has(type, ClassLoader.class, "getClassloader");
        has(type, byte[].class, "toByteArray", InputStream.class);
        has(type, Document.class, "documentFromInputStream", InputStream.class);
        has(type, Map.class, "getSwagger", Logger.class);
        has(type, String.class, "getVersion", Logger.class);
        has(type, BiFunction.class, "dispatcherFor", Map.class, Logger.class);
        has(type, BiFunction.class, "wrapWithMiddleware", BiFunction.class);
        has(type, Set.class, "operationNames");
        has(type, void.class, "addOperation", String.class, BiFunction.class);
        has(type, void.class, "addFunctionToEndOfLife", Function.class);
        has(type, void.class, "endLife");
        has(type, void.class, "endLife", Logger.class);
        has(
                type,
                Object.class,
                "runOperation",
                String.class,
                Map.class,
                Logger.class,
                Class.class);
        has(type, Map.class, "staticProperties");
        has(
                type,
                Callable.class,
                "buildParameterResolver",
                InputStream.class,
                Func.class,
                Function.class,
                BiFunction.class,
                Class.class,
                String.class,
                Logger.class);
        has(
                type,
                BiFunction.class,
                "makeResponseBiFunc",
                Function.class,
                BiFunction.class,
                Function.class,
                String.class,
                Class.class,
                Class.class);
        has(
                type,
                Map.class,
                "responseObjectToResponseMap",
                Func.class,
                Object.class,
                Context.class,
                Function.class,
                Map.class,
                Logger.class);
        has(type, void.class, "accumulate", Object.class, ServiceVendor.class);
        has(type, void.class, "finished", boolean.class);
        has(Dispatcher.class, BiFunction.class, "apply", String.class, Map.class);
    }

    @Test
    void constantsGiveOperationsTheirTypes() {
        BiFunction<Map<Object, Object>, Logger, Object> gives = (info, logger) -> info;
        assertEquals("dispatcherFor", Constants.DispatcherForConst);
        assertEquals("wrapWithMiddleware", Constants.WrapWithMiddlewareConst);
        assertEquals(
                "0.4.0",
                Constants.ConvertGetVersionFunc.apply((info, logger) -> "0.4.0").apply(null, null));
        assertEquals(null, Constants.ConvertEndLifeFunc.apply(gives).apply(null, null));
        assertEquals(
                Set.of("a"),
                Constants.ConvertOperationsFunc.apply((info, logger) -> Set.of("a"))
                        .apply(null, null));
    }
}
