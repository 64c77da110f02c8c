package funcatron.worker.call;

import funcatron.worker.json.Bytes;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The head of REPLY: names in lower case, values that HTTP allows (RFC 9110 5.1 and 5.5). */
final class ReplyHead {
    private static final int LENGTH_MAX = 60_000;
    private static final String CONTENT_TYPE = "content-type";

    private ReplyHead() {}

    /** @param type the content type, if the headers have none; {@code null} for none */
    static void write(Bytes to, int status, Map<?, ?> headers, String type) {
        to.raw("{\"status\":").number(status).raw(",\"headers\":{");
        if (headers != null && !headers.isEmpty()) {
            Map<String, Object> lower = lower(headers);
            if (type != null && !lower.containsKey(CONTENT_TYPE)) {
                lower.put(CONTENT_TYPE, type);
            }
            writeAll(to, lower);
        } else if (type != null) {
            to.raw("\"content-type\":").string(type);
        }
        to.raw("}}");
        if (to.length() > LENGTH_MAX) {
            throw Refusal.badResult("the headers the Func returned are too long", null);
        }
    }

    private static Map<String, Object> lower(Map<?, ?> headers) {
        Map<String, Object> lower = new LinkedHashMap<>();
        for (Map.Entry<?, ?> entry : headers.entrySet()) {
            if (entry.getValue() != null) {
                lower.put(name(String.valueOf(entry.getKey())), entry.getValue());
            }
        }
        return lower;
    }

    private static void writeAll(Bytes to, Map<String, Object> headers) {
        String before = "";
        for (Map.Entry<String, Object> entry : headers.entrySet()) {
            to.raw(before).string(entry.getKey()).raw(":");
            if (entry.getValue() instanceof Iterable<?> values) {
                writeList(to, entry.getKey(), values);
            } else {
                to.string(value(entry.getKey(), entry.getValue()));
            }
            before = ",";
        }
    }

    private static void writeList(Bytes to, String name, Iterable<?> values) {
        to.raw("[");
        String before = "";
        for (Object value : values) {
            to.raw(before).string(value(name, value));
            before = ",";
        }
        to.raw("]");
    }

    private static String name(String given) {
        boolean isToken = !given.isEmpty();
        for (int index = 0; index < given.length() && isToken; index++) {
            char unit = given.charAt(index);
            isToken = unit > 0x20 && unit < 0x7f && "()<>@,;:\\\"/[]?={}".indexOf(unit) < 0;
        }
        if (!isToken) {
            throw badHeader(given);
        }
        return given.toLowerCase(Locale.ROOT);
    }

    private static String value(String name, Object given) {
        String value = String.valueOf(given);
        for (int index = 0; index < value.length(); index++) {
            char unit = value.charAt(index);
            if (unit > 0xff || unit == 0x7f || unit < 0x20 && unit != '\t') {
                throw badHeader(name);
            }
        }
        return value;
    }

    private static Refusal badHeader(String name) {
        return Refusal.badResult(
                "the Func returned a header that HTTP does not allow: " + name, null);
    }
}
