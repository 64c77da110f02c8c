package funcatron.worker.bundle;

import funcatron.worker.json.Json;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What ASSIGN says of the bundle to load. */
public final class Assignment {
    private static final String[] INHERITED = {"PATH", "HOME", "LANG", "TMPDIR", "TZ"};

    /** The name of the bundle, for people. */
    public final String name;

    /** Whether it asked for a JVM that no other bundle shares. */
    public final boolean isAlone;

    /** How many calls it is given at a time. */
    public final int concurrency;

    /** Whether only its contract is asked for. */
    public final boolean describe;

    /** The variables it may see. */
    public final Map<String, String> environment;

    /** {@code name}, {@code sha} and {@code version}, for the request map. */
    public final Map<String, Object> identity;

    final File jar;
    final File dir;
    final List<Func> funcs = new ArrayList<>();
    final Map<String, Object> props;

    /** Reads the payload of ASSIGN. */
    public Assignment(byte[] payload) throws IOException {
        Map<String, Object> given = Json.object(payload);
        name = String.valueOf(given.get("name"));
        isAlone = Boolean.TRUE.equals(Json.map(given.get("jvm")).get("own"));
        concurrency = given.get("concurrency") instanceof Number count ? count.intValue() : 1;
        describe = Boolean.TRUE.equals(given.get("describe"));
        identity = new LinkedHashMap<>();
        for (String key : new String[] {"name", "sha", "version"}) {
            identity.put(key, given.get(key));
        }
        jar = file(given.get("jar"));
        dir = file(given.get("dir"));
        for (Object func : Json.list(given.get("funcs"))) {
            funcs.add(new Func(Json.map(func)));
        }
        props = PropNames.changeAll(Json.map(given.get("props")));
        environment = environment(Json.map(given.get("env")));
    }

    private static File file(Object path) {
        return new File(path instanceof String text ? text : "");
    }

    private static Map<String, String> environment(Map<String, Object> own) {
        Map<String, String> all = new LinkedHashMap<>();
        for (String name : INHERITED) {
            String value = System.getenv(name);
            if (value != null) {
                all.put(name, value);
            }
        }
        for (Map.Entry<String, Object> entry : own.entrySet()) {
            all.put(entry.getKey(), String.valueOf(entry.getValue()));
        }
        return java.util.Collections.unmodifiableMap(all);
    }
}
