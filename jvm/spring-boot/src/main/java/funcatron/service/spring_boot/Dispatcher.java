package funcatron.service.spring_boot;

import funcatron.intf.impl.ContextImpl;
import funcatron.service.spring_boot.servlet.WebApp;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.logging.Logger;

/** Serves the calls of one operation. */
final class Dispatcher
        implements BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> {
    private static final Logger LOGGER = Logger.getLogger(Dispatcher.class.getName());

    private final WebApp app;
    private final String template;
    private final String basePath;

    Dispatcher(WebApp app, String template, String basePath) {
        this.app = app;
        this.template = template;
        this.basePath = basePath;
    }

    @Override
    public Map<Object, Object> apply(InputStream body, Map<Object, Object> request) {
        Logger logger = request.get("$logger") instanceof Logger own ? own : LOGGER;
        ContextImpl context = new ContextImpl(request, logger);
        boolean isSuccess = false;
        SpringBootWrapper.enter(context);
        try {
            Map<Object, Object> result = app.serve(body, request, template, basePath);
            isSuccess = (Integer) result.get("status") < 500;
            return result;
        } catch (IOException cause) {
            throw new UncheckedIOException(cause);
        } finally {
            SpringBootWrapper.leave();
            context.finished(isSuccess);
        }
    }
}
