package funcatron.devshim;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names props as bundles see them where they run: {@code my-db} and {@code my_db} as {@code myDb}.
 */
final class PropNames {
    private static final Pattern WORDS = Pattern.compile("[-_ ]+");

    private PropNames() {}

    static Map<String, Object> changeAll(Map<String, Object> props) {
        Map<String, Object> changed = new LinkedHashMap<>();
        props.forEach((name, value) -> changed.put(camel(name), change(value)));
        return changed;
    }

    @SuppressWarnings("unchecked")
    private static Object change(Object value) {
        if (value instanceof Map<?, ?> map) return changeAll((Map<String, Object>) map);
        if (!(value instanceof List<?> list)) return value;
        List<Object> changed = new ArrayList<>();
        list.forEach(item -> changed.add(change(item)));
        return changed;
    }

    static String camel(String name) {
        Matcher separator = WORDS.matcher(name);
        if (!separator.find()) return name;
        boolean shouts = name.equals(name.toUpperCase(Locale.ROOT));
        StringBuilder camel = new StringBuilder();
        for (String word : WORDS.split(name)) {
            if (word.isEmpty()) continue;
            String first = word.substring(0, 1);
            String rest = shouts ? word.substring(1).toLowerCase(Locale.ROOT) : word.substring(1);
            camel.append(
                    camel.isEmpty()
                            ? first.toLowerCase(Locale.ROOT)
                            : first.toUpperCase(Locale.ROOT));
            camel.append(rest);
        }
        return camel.toString();
    }
}
