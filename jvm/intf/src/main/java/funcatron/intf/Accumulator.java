package funcatron.intf;

/** Remembers what was vended during a call, so that all of it is released at the end. */
public interface Accumulator {
    /**
     * Remembers an item.
     *
     * @param item what was vended
     * @param vendor who vended it and will release it
     * @param <T> the type of the item
     */
    <T> void accumulate(T item, ServiceVendor<T> vendor);

    /**
     * Releases every item that was remembered, once.
     *
     * @param success whether the call went well
     */
    void finished(boolean success);
}
