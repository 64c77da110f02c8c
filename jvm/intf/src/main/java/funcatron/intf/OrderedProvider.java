package funcatron.intf;

/** A provider that may come before or after others of its kind. */
public interface OrderedProvider {
    /**
     * Its place.
     *
     * @return the highest is asked first
     */
    default int order() {
        return 0;
    }
}
