package funcatron.intf;

/**
 * A service of a bundle, such as a pool of connections, which gives calls what they need of it.
 *
 * @param <T> what it gives
 */
public interface ServiceVendor<T> {
    /**
     * The name of the service: the key of the prop that set it up.
     *
     * @return the name
     */
    String name();

    /**
     * The type of what it gives.
     *
     * @return the class
     */
    Class<T> type();

    /**
     * Whether what it gives can be used as something.
     *
     * @param wanted what is wanted, for example {@code java.sql.Connection.class}
     * @return whether {@link #type()} is assignable from it, in the words of
     *     {@link Class#isAssignableFrom(Class)}
     */
    default boolean ofType(Class<?> wanted) {
        return type().isAssignableFrom(wanted);
    }

    /**
     * Gives an item. An implementation must hand it to the accumulator if it is to be released.
     *
     * @param accumulator of the call that asks
     * @return the item
     * @throws Exception if there is none to give
     */
    T vend(Accumulator accumulator) throws Exception;

    /** Closes the service, when the bundle ends. */
    void endLife();

    /**
     * Takes an item back at the end of a call.
     *
     * @param item what was vended
     * @param success true to commit, false to roll back
     * @throws Exception if that failed; a commit that failed fails the call
     */
    void release(T item, boolean success) throws Exception;
}
