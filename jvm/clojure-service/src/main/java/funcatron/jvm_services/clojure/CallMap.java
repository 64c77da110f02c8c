package funcatron.jvm_services.clojure;

import clojure.lang.ILookup;
import clojure.lang.Named;
import funcatron.intf.impl.ContextImpl;
import java.util.Map;
import java.util.logging.Logger;

/**
 * A call as a Clojure function sees it: a {@link funcatron.intf.Context}, and the request map, read
 * with {@code get} and destructuring by keyword or string. {@code (:uri call)},
 * {@code (get-in call [:parameters "path" "id"])}.
 */
public final class CallMap extends ContextImpl implements ILookup {
    CallMap(Map<Object, Object> request, Logger logger) {
        super(request, logger);
    }

    @Override
    public Object valAt(Object key) {
        return valAt(key, null);
    }

    @Override
    public Object valAt(Object key, Object otherwise) {
        Object name = key instanceof Named named ? named.getName() : key;
        Map<Object, Object> request = getRequestInfo();
        return request.containsKey(name) ? CallData.toClojure(request.get(name)) : otherwise;
    }
}
