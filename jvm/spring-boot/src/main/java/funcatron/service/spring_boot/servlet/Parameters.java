package funcatron.service.spring_boot.servlet;

import java.io.ByteArrayOutputStream;
import java.net.URLEncoder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Parameters by name, each with its values, in the order in which they came. */
final class Parameters {
    private final Map<String, List<String>> byName = new LinkedHashMap<>();

    /** Adds what a query, or the body of a form, says. */
    Parameters addEncoded(String text) {
        if (text == null || text.isEmpty()) return this;
        for (String pair : text.split("&")) {
            if (pair.isEmpty()) continue;
            int sign = pair.indexOf('=');
            String name = sign < 0 ? pair : pair.substring(0, sign);
            String value = sign < 0 ? "" : pair.substring(sign + 1);
            add(Target.decode(name, true), Target.decode(value, true));
        }
        return this;
    }

    /** Adds those of another set after these. */
    Parameters addAll(Parameters others) {
        others.byName.forEach((name, values) -> values.forEach(value -> add(name, value)));
        return this;
    }

    void add(String name, String value) {
        byName.computeIfAbsent(name, unused -> new ArrayList<>()).add(value);
    }

    String first(String name) {
        List<String> values = byName.get(name);
        return values == null ? null : values.get(0);
    }

    String[] values(String name) {
        List<String> values = byName.get(name);
        return values == null ? null : values.toArray(new String[0]);
    }

    Map<String, String[]> map() {
        Map<String, String[]> map = new LinkedHashMap<>();
        byName.keySet().forEach(name -> map.put(name, values(name)));
        return map;
    }

    /** The body of a form that says the same. */
    byte[] encoded(Charset charset) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byName.forEach(
                (name, values) -> {
                    for (String value : values) {
                        if (bytes.size() > 0) bytes.write('&');
                        String pair = encode(name, charset) + "=" + encode(value, charset);
                        bytes.writeBytes(pair.getBytes(StandardCharsets.US_ASCII));
                    }
                });
        return bytes.toByteArray();
    }

    private static String encode(String text, Charset charset) {
        return URLEncoder.encode(text, charset);
    }
}
