package funcatron.worker.train;

import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The bundle of a training: it does once what bundles usually do, so that the JDK's classes for it
 * are in the archive. Its class file is put into the training's JAR, and loaded from there.
 */
public final class Trainee
        implements Function<String, BiFunction<Map<Object, Object>, Logger, Object>> {
    /** Made by the JAR's ContextImpl. */
    public Trainee() {
        ServiceLoader.load(Runnable.class, Thread.currentThread().getContextClassLoader())
                .iterator()
                .hasNext();
    }

    @Override
    public BiFunction<Map<Object, Object>, Logger, Object> apply(String name) {
        return switch (name) {
            case "dispatcherFor" -> (operation, logger) -> new Answer(operation);
            case "endLife", "getClassloader" -> (nothing, logger) -> null;
            default -> null;
        };
    }

    private static final class Answer
            implements BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> {
        private final BiFunction<InputStream, Class<?>, Object> reader;
        private final Function<Object, byte[]> writer;

        @SuppressWarnings("unchecked")
        Answer(Map<Object, Object> operation) {
            reader =
                    (BiFunction<InputStream, Class<?>, Object>) operation.get("$deserializer");
            writer = (Function<Object, byte[]>) operation.get("$serializer");
        }

        @Override
        public Map<Object, Object> apply(InputStream body, Map<Object, Object> request) {
            Object read = reader.apply(body, Map.class);
            Logger logger = (Logger) request.get("$logger");
            logger.log(Level.INFO, "read", read);
            Logger.getLogger("training").warning(String.format("%s %d", read, 1));
            System.out.println(System.getenv("PATH") != null);
            if (request.get("query-string") != null) {
                throw new IllegalStateException("as asked", new RuntimeException("cause"));
            }
            Map<String, Object> answer = new HashMap<>();
            answer.put("list", List.of(1, 2.5, true).stream().map(String::valueOf).toList());
            Map<Object, Object> result = new HashMap<>();
            result.put("headers", Map.of("content-type", "application/json"));
            result.put("body", writer.apply(answer));
            return result;
        }
    }
}
