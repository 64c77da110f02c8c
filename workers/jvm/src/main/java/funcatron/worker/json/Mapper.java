package funcatron.worker.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.TypeFactory;
import com.fasterxml.jackson.databind.util.LRUMap;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import com.fasterxml.jackson.module.paramnames.ParameterNamesModule;
import funcatron.worker.call.Refusal;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Type;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * What reads and writes a bundle's objects, set up as the original host was. Every bundle has its
 * own, made at its first use: caches of it know the bundle's classes and go with them.
 */
public final class Mapper {
    private static final int TYPES_KEPT = 200;

    private volatile ObjectMapper mapper;

    /** Reads an object of a class: what {@code $deserializer} is. */
    public final BiFunction<InputStream, Class<?>, Object> reader = new Reader();

    /** Reads an object of a generic type: what {@code $typeDeserializer} is. */
    public final BiFunction<InputStream, Type, Object> typeReader = new TypeReader();

    /** Writes an object: what {@code $serializer} is. */
    public final Function<Object, byte[]> writer = new Writer();

    private ObjectMapper mapper() {
        ObjectMapper made = mapper;
        return made == null ? make() : made;
    }

    private synchronized ObjectMapper make() {
        if (mapper == null) {
            mapper =
                    JsonMapper.builder()
                            // The default one is shared by all and would keep classes of all.
                            .typeFactory(
                                    TypeFactory.defaultInstance()
                                            .withCache(new LRUMap<>(16, TYPES_KEPT)))
                            .addModule(new ParameterNamesModule())
                            .addModule(new Jdk8Module())
                            .addModule(new JavaTimeModule())
                            .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
                            .build();
        }
        return mapper;
    }

    private final class Reader implements BiFunction<InputStream, Class<?>, Object> {
        @Override
        public Object apply(InputStream from, Class<?> type) {
            try {
                return mapper().readValue(from, type);
            } catch (IOException wrong) {
                throw new UncheckedIOException(wrong.getMessage(), wrong);
            }
        }
    }

    private final class TypeReader implements BiFunction<InputStream, Type, Object> {
        @Override
        public Object apply(InputStream from, Type type) {
            try {
                return mapper().readValue(from, mapper().constructType(type));
            } catch (IOException wrong) {
                throw new UncheckedIOException(wrong.getMessage(), wrong);
            }
        }
    }

    private final class Writer implements Function<Object, byte[]> {
        @Override
        public byte[] apply(Object value) {
            try {
                return mapper().writeValueAsBytes(value);
            } catch (JsonProcessingException wrong) {
                throw Refusal.badResult(
                        "the Func returned what JSON cannot express: " + wrong.getOriginalMessage(),
                        wrong);
            }
        }
    }
}
