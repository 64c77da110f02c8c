package funcatron.service.spring_boot;

import funcatron.intf.impl.ContextImpl;
import funcatron.service.spring_boot.servlet.WebApp;
import java.beans.Introspector;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.web.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.io.DefaultResourceLoader;
import org.springframework.util.ClassUtils;

/** The application of a bundle: it starts when it is first asked for something. */
final class BootApplication {
    private static final String LOGBACK = "ch.qos.logback.classic.LoggerContext";

    private final SpringBootWrapper wrapper;
    private final ClassLoader loader;
    private ConfigurableApplicationContext context;
    private StartFailure failure;
    private WebApp app;
    private Contract contract;

    BootApplication(SpringBootWrapper wrapper, ClassLoader loader) {
        this.wrapper = wrapper;
        this.loader = loader;
    }

    /** Starts it, unless it runs; what kept it from starting is thrown each time. */
    synchronized void start() {
        if (failure != null) throw failure;
        if (context != null) return;
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        JulGuard guard = new JulGuard();
        try {
            context = application().run();
            app = appOf(context);
            contract = new Contract(context, app);
        } catch (RuntimeException thrown) {
            Throwable root = NestedExceptionUtils.getMostSpecificCause(thrown);
            close();
            failure = new StartFailure(wordsOf(root), thrown);
            throw failure;
        } finally {
            guard.close();
            thread.setContextClassLoader(before);
        }
    }

    private static String wordsOf(Throwable thrown) {
        return thrown.getMessage() == null ? thrown.toString() : thrown.getMessage();
    }

    private SpringApplication application() {
        SpringApplication application =
                new SpringApplication(new DefaultResourceLoader(loader), wrapper.classList());
        application.setWebApplicationType(WebApplicationType.SERVLET);
        application.setBannerMode(Banner.Mode.OFF);
        application.setRegisterShutdownHook(false);
        application.setAdditionalProfiles("funcatron");
        application.setDefaultProperties(
                Map.of(
                        "spring.output.ansi.enabled", "never",
                        "springdoc.default-support-form-data", true,
                        "springdoc.writer-with-order-by-keys", true));
        application.addListeners(new PropSource(ContextImpl.staticProperties()));
        application.addInitializers(BootApplication::prepare);
        wrapper.configure(application);
        return application;
    }

    private static void prepare(ConfigurableApplicationContext context) {
        ConfigurableEnvironment environment = context.getEnvironment();
        // Another port for management is none here; what it shows must not come out at this one.
        if (environment.containsProperty("management.server.port"))
            environment
                    .getPropertySources()
                    .addFirst(
                            new MapPropertySource(
                                    "funcatronManagement", Map.of("management.server.port", -1)));
        if (ClassUtils.isPresent(LOGBACK, context.getClassLoader())
                && !environment.containsProperty("logging.pattern.console"))
            HostAppender.install();
        context.addBeanFactoryPostProcessor(new ServerChoice());
    }

    private static WebApp appOf(ConfigurableApplicationContext context) {
        if (context instanceof WebServerApplicationContext web
                && web.getWebServer() instanceof MockServer.Server server) return server.app();
        throw new IllegalStateException(
                "it has no servlets: is spring-boot-starter-web among its dependencies?");
    }

    /** The contract, as JSON. */
    String contract() {
        start();
        try {
            return contract.text();
        } catch (IOException cause) {
            throw new UncheckedIOException("springdoc wrote no JSON", cause);
        }
    }

    /** What serves the calls of an operation, given its path in the contract. */
    Dispatcher dispatcher(String template) {
        start();
        return new Dispatcher(app, template, contract.basePath());
    }

    /** Ends it; nothing of it goes on. */
    synchronized void close() {
        if (context != null) context.close();
        context = null;
        app = null;
        LoggingSystem.get(loader).cleanUp();
        Introspector.flushCaches();
    }
}
