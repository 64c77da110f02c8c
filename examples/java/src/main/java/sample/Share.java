package sample;

import funcatron.intf.Context;
import funcatron.intf.Func;
import java.util.Map;

/** Shares 100 out. What nobody catches here, such as a division by zero, is a 500. */
public class Share implements Func<Object> {
    @Override
    public Object get(Context context) {
        long people = (Long) context.getPathParams().get("people");
        return Map.of("each", 100 / people);
    }
}
