package funcatron.worker.bundle;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The names of props as bundles see them: {@code my-db} and {@code my_db} are {@code myDb}. */
final class PropNames {
    private PropNames() {}

    /** A value with all names in it changed. */
    static Object change(Object value) {
        if (value instanceof Map<?, ?> map) {
            return changeAll(map);
        }
        if (value instanceof List<?> list) {
            List<Object> changed = new ArrayList<>(list.size());
            for (Object item : list) {
                changed.add(change(item));
            }
            return changed;
        }
        return value;
    }

    /** An object with all names in it changed. */
    static Map<String, Object> changeAll(Map<?, ?> map) {
        Map<String, Object> changed = new LinkedHashMap<>();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            changed.put(camel(entry.getKey().toString()), change(entry.getValue()));
        }
        return changed;
    }

    /** A name without its hyphens, underscores and blanks; one that has none stays as it is. */
    static String camel(String name) {
        boolean shouts = name.equals(name.toUpperCase(Locale.ROOT));
        StringBuilder camel = new StringBuilder(name.length());
        boolean isFirst = false;
        for (int index = 0; index < name.length(); index++) {
            char unit = name.charAt(index);
            if (unit == '-' || unit == '_' || unit == ' ') {
                isFirst = true;
            } else {
                camel.append(inWord(unit, isFirst && !camel.isEmpty(), shouts || camel.isEmpty()));
                isFirst = false;
            }
        }
        return camel.length() == name.length() ? name : camel.toString();
    }

    private static char inWord(char unit, boolean isFirst, boolean isLow) {
        if (isFirst) {
            return Character.toUpperCase(unit);
        }
        return isLow ? Character.toLowerCase(unit) : unit;
    }
}
