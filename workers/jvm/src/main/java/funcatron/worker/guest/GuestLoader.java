package funcatron.worker.guest;

/** The class loader of a bundle, as far as {@link Guest} knows it. */
public interface GuestLoader {
    /** The host of the bundle; {@code null} once that has ended. */
    GuestHost host();
}
