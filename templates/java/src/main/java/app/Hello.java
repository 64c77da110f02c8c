package app;

import funcatron.intf.Context;
import funcatron.intf.Func;
import java.util.Collections;
import java.util.Map;

/** Greets somebody as often as asked. */
public class Hello implements Func<Object> {
    @Override
    public Object get(Context context) {
        String name = (String) context.getPathParams().get("name");
        long times = (Long) context.getQueryParams().get("times");
        context.getLogger().info("greeting " + name);
        String greeting = "Hello, " + name + "!";
        return Map.of("greeting", String.join(" ", Collections.nCopies((int) times, greeting)));
    }
}
