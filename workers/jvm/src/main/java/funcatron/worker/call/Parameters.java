package funcatron.worker.call;

import funcatron.worker.json.Json;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The declared parameters of one operation. Their values come checked; here they get the types the
 * original host gave them, and absent ones their {@code null} or empty list.
 */
public final class Parameters {
    private static final String[] PLACES = {"path", "query", "header", "cookie"};

    /** Place to name to type. */
    private final Map<String, Map<String, ValueType>> declared = new HashMap<>();

    /** Takes the parameter objects of the contract. */
    public Parameters(List<Object> parameters) {
        for (Object given : parameters) {
            Map<String, Object> parameter = Json.map(given);
            String place = Json.text(parameter.get("in"));
            String name = Json.text(parameter.get("name"));
            if (place == null || name == null) {
                continue;
            }
            Map<String, ValueType> types = declared.get(place);
            if (types == null) {
                types = new LinkedHashMap<>();
                declared.put(place, types);
            }
            types.put(name, ValueType.of(Json.map(parameter.get("schema"))));
        }
    }

    /** Types the values of a call, by place, where they are. */
    void type(Map<String, Object> given) {
        for (String place : PLACES) {
            Map<String, ValueType> types = declared.get(place);
            if (types != null) {
                Map<String, Object> values = new LinkedHashMap<>(Json.map(given.get(place)));
                for (Map.Entry<String, ValueType> entry : types.entrySet()) {
                    type(place, entry.getKey(), entry.getValue(), values);
                }
                given.put(place, values);
            }
        }
    }

    private static void type(
            String place, String name, ValueType type, Map<String, Object> values) {
        Object value = values.get(name);
        try {
            values.put(name, value == null ? type.absent() : type.of(value));
        } catch (RuntimeException wrong) {
            throw Refusal.badParameter(
                    place + " parameter " + name + ": " + value + " is no " + type);
        }
    }

    /** What a value of a schema becomes. */
    private static final class ValueType {
        private final String type;
        private final String format;
        private final ValueType items;

        private ValueType(String type, String format, ValueType items) {
            this.type = type;
            this.format = format;
            this.items = items;
        }

        static ValueType of(Map<String, Object> schema) {
            Object type = schema.get("type");
            for (Object item : Json.list(type)) {
                if (!"null".equals(item)) {
                    type = item;
                    break;
                }
            }
            Map<String, Object> items = Json.map(schema.get("items"));
            return new ValueType(
                    type instanceof String text ? text : "",
                    schema.get("format") instanceof String text ? text : "",
                    "array".equals(type) ? of(items) : null);
        }

        Object absent() {
            return items == null ? null : new ArrayList<>(0);
        }

        Object of(Object value) {
            if (items != null) {
                return value instanceof List<?> list ? all(list) : value;
            }
            return switch (type) {
                case "integer" -> integer(value);
                case "number" -> number(value);
                case "boolean" -> Boolean.valueOf(value.toString());
                case "string" -> value instanceof String text ? text(text) : value;
                default -> value;
            };
        }

        private List<Object> all(List<?> list) {
            List<Object> typed = new ArrayList<>(list.size());
            for (Object item : list) {
                typed.add(item == null ? null : items.of(item));
            }
            return typed;
        }

        private Object integer(Object value) {
            long whole =
                    value instanceof Number number
                            ? number.longValue()
                            : Long.parseLong((String) value);
            return format.equals("int32") ? (Object) Math.toIntExact(whole) : (Object) whole;
        }

        private Object number(Object value) {
            double number =
                    value instanceof Number known
                            ? known.doubleValue()
                            : Double.parseDouble((String) value);
            return format.equals("double") ? (Object) number : (Object) (float) number;
        }

        private Object text(String text) {
            return switch (format) {
                case "date" -> java.time.LocalDate.parse(text);
                case "date-time" -> java.time.OffsetDateTime.parse(text);
                default -> text;
            };
        }

        @Override
        public String toString() {
            return format.isEmpty() ? type : format;
        }
    }
}
