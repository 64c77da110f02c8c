package funcatron.devshim;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The type of a parameter, by which its JSON value becomes what a Func is given where bundles run.
 *
 * @param schema of the contract, empty if the parameter is not declared
 */
record ParameterType(Map<?, ?> schema) {
    static ParameterType of(List<?> declared, String place, Object name) {
        for (Object one : declared) {
            if (!(one instanceof Map<?, ?> parameter)) continue;
            if (!place.equals(parameter.get("in")) || !name.equals(parameter.get("name"))) continue;
            // Swagger 2.0 has the type in the parameter itself.
            return new ParameterType(
                    parameter.get("schema") instanceof Map<?, ?> schema ? schema : parameter);
        }
        return new ParameterType(Map.of());
    }

    Object read(Object value) {
        if (value instanceof List<?> list && schema.get("items") instanceof Map<?, ?> items) {
            List<Object> typed = new ArrayList<>();
            list.forEach(item -> typed.add(new ParameterType(items).read(item)));
            return typed;
        }
        if (value instanceof String text) return text(text);
        return value instanceof Number number ? number(number) : value;
    }

    private Object number(Number number) {
        if ("integer".equals(type())) {
            if ("int32".equals(format())) return number.intValue();
            return number.longValue();
        }
        if (!"number".equals(type())) return number;
        if ("double".equals(format())) return number.doubleValue();
        return number.floatValue();
    }

    private Object text(String text) {
        try {
            if ("integer".equals(type())) return Long.valueOf(text);
            if ("date".equals(format())) return LocalDate.parse(text);
            if ("date-time".equals(format())) return OffsetDateTime.parse(text);
        } catch (DateTimeException | NumberFormatException other) {
            return text;
        }
        return text;
    }

    private Object format() {
        return schema.get("format");
    }

    /** OpenAPI 3.1 may list types, null among them. */
    private Object type() {
        if (!(schema.get("type") instanceof List<?> types)) return schema.get("type");
        return types.stream().filter(one -> !"null".equals(one)).findFirst().orElse(null);
    }
}
