package funcatron.intf.impl;

import java.util.function.Supplier;

/** Asks methods that a Func need not have. */
final class Defaults {
    private Defaults() {}

    /** What a Func says, or the default: proxies of some languages lack the default methods. */
    static <T> T or(T otherwise, Supplier<T> method) {
        try {
            return method.get();
        } catch (UnsupportedOperationException missing) {
            return otherwise;
        }
    }
}
