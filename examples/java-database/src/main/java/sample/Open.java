package sample;

import funcatron.intf.Context;
import funcatron.intf.Func;

/** Opens an account. */
public class Open implements Func<Object> {
    @Override
    public Account put(Object body, Context context) throws Exception {
        return Bank.of(context).open((String) context.getPathParams().get("name"));
    }
}
