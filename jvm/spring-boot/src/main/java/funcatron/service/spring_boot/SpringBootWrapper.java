package funcatron.service.spring_boot;

import funcatron.intf.Constants;
import funcatron.intf.Context;
import funcatron.intf.OperationProvider;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.logging.Logger;
import org.springframework.boot.SpringApplication;

/**
 * Makes a bundle of a Spring Boot application. Extend it, name the application's class, and
 * register the class in {@code META-INF/services/funcatron.intf.OperationProvider}:
 *
 * <pre>
 * public class ShopBundle extends SpringBootWrapper {
 *     &#64;Override
 *     public Class&lt;?&gt;[] classList() {
 *         return new Class&lt;?&gt;[] {ShopApplication.class};
 *     }
 * }
 * </pre>
 *
 * <p>The contract is what springdoc reads from the annotations, unless there is a {@code
 * funcatron.yaml}. Calls go through the filters and servlets of the application. It runs with the
 * profile {@code funcatron}, and the props it was enabled with go before its own properties.
 */
public abstract class SpringBootWrapper implements OperationProvider {
    private static final ThreadLocal<Context> LOCAL = new ThreadLocal<>();

    /** For who extends it. */
    protected SpringBootWrapper() {}

    /**
     * Names the application.
     *
     * @return the class with {@code @SpringBootApplication}, and others with configuration, if any
     */
    public abstract Class<?>[] classList();

    /**
     * Changes the application before it starts, as its {@code main} would.
     *
     * @param application not started yet
     */
    protected void configure(SpringApplication application) {}

    /**
     * The call that this thread serves.
     *
     * @return its context; null on a thread that serves none
     */
    public static Context getLocalContext() {
        return LOCAL.get();
    }

    static void enter(Context context) {
        LOCAL.set(context);
    }

    static void leave() {
        LOCAL.remove();
    }

    @Override
    public void installOperation(
            BiFunction<String, BiFunction<Map<Object, Object>, Logger, Object>, Void> addOperation,
            Function<String, BiFunction<Map<Object, Object>, Logger, Object>> getOperation,
            Function<Function<Logger, Void>, Void> addEndOfLife,
            ClassLoader classLoader,
            Logger logger) {
        BootApplication application = new BootApplication(this, classLoader);
        BiFunction<Map<Object, Object>, Logger, Object> file =
                getOperation.apply(Constants.GetSwaggerConst);
        addOperation.apply(
                Constants.GetSwaggerConst,
                (info, log) -> {
                    Object written = file == null ? null : file.apply(info, log);
                    return written == null ? derived(application) : written;
                });
        addOperation.apply(
                Constants.DispatcherForConst,
                (info, log) ->
                        application.dispatcher(
                                info.get("path") instanceof String path ? path : null));
        addEndOfLife.apply(
                log -> {
                    application.close();
                    return null;
                });
    }

    private static Map<String, Object> derived(BootApplication application) {
        Map<String, Object> contract = new LinkedHashMap<>();
        contract.put("type", "json");
        contract.put("swagger", application.contract());
        return contract;
    }
}
