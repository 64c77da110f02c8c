package funcatron.worker.call;

import funcatron.worker.bundle.Bundle;
import funcatron.worker.bundle.Func;
import funcatron.worker.json.Json;
import funcatron.worker.log.FuncLogger;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a bundle is told of a call, under the keys the original host used, and a few more. */
final class RequestMap {
    private static final int CAPACITY = 64;
    private static final String CONTENT_TYPE = "content-type";

    private RequestMap() {}

    static Map<Object, Object> of(Call call, Bundle bundle, Func func, BodyData data) {
        Head head = call.head;
        Map<Object, Object> map = new HashMap<>(CAPACITY);
        map.put("request-method", lower(head.method));
        map.put("uri", head.path);
        map.put("scheme", head.scheme);
        putHost(map, head.host);
        map.put("remote-addr", head.remote);
        map.put("query-string", head.query == null || head.query.isEmpty() ? null : head.query);
        map.put("protocol", "HTTP/1.1");
        map.put("headers", headers(head.headers));
        Map<String, Object> params = head.params;
        func.parameters.type(params);
        map.put("parameters", parameters(params, data));
        putRaw(map, head, data);
        map.put("body", data.input);
        map.put("body-bytes", data.bytes);
        map.put("swagger", func.swagger);
        map.put("$logger", new FuncLogger(call.worker.lines(), bundle.gitSha, call));
        map.put("$bundle", bundle.assignment.identity);
        map.put("$requestId", head.id);
        map.put("$cancelled", call);
        map.put("$cookies", Json.map(params.get("cookie")));
        if (head.auth != null) {
            map.put("$auth", head.auth);
        }
        return map;
    }

    /** Methods are of ASCII; those that are usual need no new text. */
    private static String lower(String method) {
        return switch (method) {
            case "GET" -> "get";
            case "POST" -> "post";
            case "PUT" -> "put";
            case "DELETE" -> "delete";
            case "PATCH" -> "patch";
            default -> method.toLowerCase(Locale.ROOT);
        };
    }

    private static void putHost(Map<Object, Object> map, String host) {
        String name = host;
        Object port = null;
        int colon = host == null ? -1 : host.lastIndexOf(':');
        if (colon > 0 && host.indexOf(']', colon) < 0) {
            name = host.substring(0, colon);
            try {
                port = Integer.valueOf(host.substring(colon + 1));
            } catch (NumberFormatException odd) {
                name = host;
            }
        }
        map.put("host", name);
        map.put("server-name", name);
        map.put("server-port", port);
    }

    /** Bundles of old look for the content type under its name in capitals. */
    private static Map<String, Object> headers(Map<String, Object> headers) {
        Object type = headers.get(CONTENT_TYPE);
        if (type != null) {
            headers.put("Content-Type", type);
        }
        return headers;
    }

    private static Map<String, Object> parameters(Map<String, Object> params, BodyData data) {
        Map<String, Object> all = new HashMap<>(8);
        all.put("path", Json.map(params.get("path")));
        all.put("query", Json.map(params.get("query")));
        all.put("body", data.parameters);
        Map<String, Object> headers = Json.map(params.get("header"));
        if (!headers.isEmpty()) {
            all.put("header", headers);
        }
        if (data.form != null) {
            all.put("formData", data.form);
        }
        return all;
    }

    /** Parameters as they were sent. */
    private static void putRaw(Map<Object, Object> map, Head head, BodyData data) {
        Map<String, Object> query =
                head.query == null || head.query.isEmpty() ? Map.of() : decode(head.query);
        Map<String, Object> form = data.form == null ? Map.of() : data.form;
        boolean isForm = head.kind.equals("form");
        map.put("query-params", query);
        map.put("form-params", isForm ? form : Map.of());
        map.put("multipart-params", isForm ? Map.of() : form);
        Map<String, Object> both = query;
        if (!form.isEmpty()) {
            both = new LinkedHashMap<>(query);
            both.putAll(form);
        }
        map.put("params", both);
    }

    private static Map<String, Object> decode(String query) {
        Map<String, Object> values = new LinkedHashMap<>();
        int start = 0;
        while (start <= query.length()) {
            int end = query.indexOf('&', start);
            end = end < 0 ? query.length() : end;
            if (end > start) {
                int equals = query.indexOf('=', start);
                boolean hasValue = equals >= 0 && equals < end;
                String name = plain(query.substring(start, hasValue ? equals : end));
                add(values, name, hasValue ? plain(query.substring(equals + 1, end)) : "");
            }
            start = end + 1;
        }
        return values;
    }

    private static void add(Map<String, Object> values, String name, String value) {
        Object before = values.get(name);
        if (before == null) {
            values.put(name, value);
        } else if (before instanceof List<?>) {
            Json.list(before).add(value);
        } else {
            List<Object> list = new ArrayList<>(4);
            list.add(before);
            list.add(value);
            values.put(name, list);
        }
    }

    private static String plain(String text) {
        if (text.indexOf('%') < 0 && text.indexOf('+') < 0) {
            return text;
        }
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException odd) {
            return text;
        }
    }
}
