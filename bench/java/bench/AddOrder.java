package bench;

import funcatron.intf.Context;
import funcatron.intf.Func;
import java.util.Map;

/** Answers what it was sent, parsed and written again. */
@SuppressWarnings("rawtypes")
public class AddOrder implements Func<Map> {
    @Override
    public Object apply(Map order, Context context) {
        return order;
    }
}
