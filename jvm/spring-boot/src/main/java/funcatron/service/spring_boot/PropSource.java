package funcatron.service.spring_boot;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;

/**
 * Puts the props that a bundle was enabled with before every other source of properties: early
 * enough that they can name profiles and files of configuration.
 */
final class PropSource
        implements ApplicationListener<ApplicationEnvironmentPreparedEvent>, Ordered {
    private final Map<String, Object> props;

    PropSource(Map<String, Object> props) {
        this.props = props;
    }

    @Override
    public int getOrder() {
        return HIGHEST_PRECEDENCE;
    }

    @Override
    public void onApplicationEvent(ApplicationEnvironmentPreparedEvent event) {
        MutablePropertySources sources = event.getEnvironment().getPropertySources();
        sources.addFirst(new MapPropertySource("funcatron", flatten(props)));
        sources.addFirst(new MapPropertySource("funcatronServer", ofServer()));
    }

    /** What has to be so, whatever the application and its props say. */
    private static Map<String, Object> ofServer() {
        Map<String, Object> own = new LinkedHashMap<>();
        own.put("server.port", -1);
        own.put("spring.main.web-application-type", "servlet");
        own.put("spring.main.register-shutdown-hook", false);
        own.put("logging.register-shutdown-hook", false);
        own.put("springdoc.api-docs.enabled", true);
        return own;
    }

    /** Nested names are joined by dots, places in lists are in brackets. */
    static Map<String, Object> flatten(Map<String, Object> nested) {
        Map<String, Object> flat = new LinkedHashMap<>();
        nested.forEach((name, value) -> put(flat, name, value));
        return flat;
    }

    private static void put(Map<String, Object> flat, String name, Object value) {
        if (value instanceof Map<?, ?> map) {
            map.forEach((key, inner) -> put(flat, name + "." + key, inner));
        } else if (value instanceof List<?> list) {
            for (int i = 0; i < list.size(); i++) put(flat, name + "[" + i + "]", list.get(i));
        } else if (value != null) {
            flat.put(name, value);
        }
    }
}
