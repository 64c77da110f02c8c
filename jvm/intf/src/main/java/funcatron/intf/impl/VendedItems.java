package funcatron.intf.impl;

import funcatron.intf.ServiceVendor;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Level;
import java.util.logging.Logger;

/** What the services of a bundle gave to one call. */
final class VendedItems {
    private final Queue<Item<?>> items = new ConcurrentLinkedQueue<>();

    <T> void add(T item, ServiceVendor<T> vendor) {
        items.add(new Item<>(item, vendor));
    }

    /**
     * Gives each item back, in the order they were vended, once. When one cannot be committed,
     * those that follow are rolled back, and the call fails: its caller must not hear that all went
     * well.
     */
    void release(boolean success, Logger logger) {
        boolean commit = success;
        IllegalStateException failure = null;
        for (Item<?> item = items.poll(); item != null; item = items.poll()) {
            try {
                item.release(commit);
            } catch (Exception error) {
                if (commit) {
                    commit = false;
                    failure = new IllegalStateException(item.failure(error), error);
                } else {
                    logger.log(Level.WARNING, error, () -> "A service failed to roll back");
                }
            }
        }
        if (failure != null) throw failure;
    }

    private record Item<T>(T item, ServiceVendor<T> vendor) {
        void release(boolean success) throws Exception {
            vendor.release(item, success);
        }

        String failure(Exception error) {
            return "the service \"" + vendor.name() + "\" could not commit: " + error.getMessage();
        }
    }
}
