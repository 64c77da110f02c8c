package funcatron.service.spring_boot;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import funcatron.service.spring_boot.servlet.WebApp;
import java.io.IOException;
import java.util.Locale;
import java.util.Set;
import org.springdoc.webmvc.api.OpenApiWebMvcResource;
import org.springframework.boot.autoconfigure.web.servlet.DispatcherServletPath;
import org.springframework.context.ApplicationContext;
import org.springframework.core.env.Environment;

/** The contract of an application, as springdoc reads it from the annotations. */
final class Contract {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> METHODS =
            Set.of("get", "put", "post", "delete", "options", "head", "patch", "trace");

    private final ApplicationContext context;
    private final WebApp app;

    Contract(ApplicationContext context, WebApp app) {
        this.context = context;
        this.app = app;
    }

    /** The path before those of the contract: of the context, and of the dispatcher servlet. */
    String basePath() {
        DispatcherServletPath servlet =
                context.getBeanProvider(DispatcherServletPath.class).getIfAvailable();
        String inner = servlet == null ? "" : servlet.getPrefix();
        return app.servletContext().getContextPath() + inner;
    }

    /** The document as JSON: OpenAPI with what the platform wants to know. */
    String text() throws IOException {
        OpenApiWebMvcResource springdoc =
                context.getBeanProvider(OpenApiWebMvcResource.class).getIfUnique();
        if (springdoc == null)
            throw new IllegalStateException(
                    "springdoc has not read the application: is"
                            + " springdoc-openapi-starter-webmvc-api of a version for this Spring"
                            + " Boot among the dependencies, and"
                            + " auto-configuration on?");
        Environment environment = context.getEnvironment();
        String path = environment.getProperty("springdoc.api-docs.path", "/v3/api-docs");
        byte[] bytes = springdoc.openapiJson(app.request(basePath() + path), path, Locale.ENGLISH);
        ObjectNode document = (ObjectNode) JSON.readTree(bytes);
        complete(document);
        return write(document);
    }

    private static String write(ObjectNode document) throws JsonProcessingException {
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(document);
    }

    private void complete(ObjectNode document) {
        Environment environment = context.getEnvironment();
        String name = environment.getProperty("spring.application.name");
        String base = basePath();
        document.putArray("servers").addObject().put("url", base.isEmpty() ? "/" : base);
        ObjectNode settings = document.withObjectProperty("x-funcatron");
        settings.put("runtime", "jvm");
        if (name != null && !settings.has("name")) settings.put("name", nameOf(name));
        // One that stays, as its sessions, caches and schedules expect.
        if (!settings.has("instances")) settings.putObject("instances").put("min", 1).put("max", 1);
        ObjectNode info = document.withObjectProperty("info");
        String title = info.path("title").asText();
        if (title.isEmpty() || (name != null && title.equals("OpenAPI definition")))
            info.put("title", name == null ? "Spring application" : name);
        if (!info.has("version")) info.put("version", "v0");
        loosenUris(document);
        boolean isOwn = guardsItself(environment);
        if (isOwn) setAside(document);
        RequestShape shape = new RequestShape(document);
        for (JsonNode path : document.path("paths"))
            for (String method : METHODS)
                if (path.get(method) instanceof ObjectNode operation) {
                    complete(operation, isOwn);
                    shape.mend(operation);
                }
    }

    private void complete(ObjectNode operation, boolean guardsItself) {
        // An application answers more than its annotations say: 404, 401, what its filters refuse.
        ObjectNode responses = operation.withObjectProperty("responses");
        if (!responses.has("default"))
            responses.putObject("default").put("description", "What else the application answers");
        if (guardsItself) setAside(operation);
    }

    /** springdoc says {@code uri} of java.net.URI, which may be relative: that of a problem is. */
    private static void loosenUris(JsonNode node) {
        if (node instanceof ObjectNode schema
                && schema.path("type").toString().contains("\"string\"")
                && schema.path("format").asText().equals("uri"))
            schema.put("format", "uri-reference");
        for (JsonNode inner : node) loosenUris(inner);
    }

    private static boolean guardsItself(Environment environment) {
        String who = environment.getProperty("funcatron.security", "platform");
        if (!who.equals("platform") && !who.equals("application"))
            throw new IllegalArgumentException(
                    "funcatron.security is " + who + "; it can be platform or application");
        return who.equals("application");
    }

    /** Security stays told, but it is the application that sees to it. */
    private static void setAside(ObjectNode node) {
        JsonNode security = node.remove("security");
        if (security != null) node.set("x-security", security);
    }

    /** A name that a bundle can have. */
    static String nameOf(String applicationName) {
        String fit =
                applicationName
                        .replaceAll("[^A-Za-z0-9._-]+", "-")
                        .replaceAll("^[^A-Za-z0-9]+", "");
        if (fit.isEmpty()) return "application";
        return fit.substring(0, Math.min(fit.length(), 64));
    }
}
