package bench;

import funcatron.intf.Context;
import funcatron.intf.Func;
import java.util.Map;

/** Answers a small object with a parameter of the path in it. */
public class GetItem implements Func<Object> {
    @Override
    public Object get(Context context) {
        return Map.of("id", context.getPathParams().get("id"), "name", "a thing");
    }
}
