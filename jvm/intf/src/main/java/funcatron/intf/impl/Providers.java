package funcatron.intf.impl;

import funcatron.intf.OrderedProvider;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Supplier;

/** Finds providers, and says which one failed. */
final class Providers {
    private Providers() {}

    /** All of a kind, those of the highest order first. */
    static <T extends OrderedProvider> List<T> sorted(Class<T> type, ClassLoader loader) {
        List<T> providers = all(type, loader);
        providers.sort(Comparator.comparing(OrderedProvider::order, Comparator.reverseOrder()));
        return providers;
    }

    static <T> List<T> all(Class<T> type, ClassLoader loader) {
        List<T> providers = new ArrayList<>();
        try {
            ServiceLoader.load(type, loader).forEach(providers::add);
        } catch (ServiceConfigurationError error) {
            Throwable cause = error.getCause();
            String why = cause == null ? "" : " (" + cause + ")";
            throw new IllegalStateException(
                    "a provider of META-INF/services/" + type.getName() + " cannot be made: "
                            + error.getMessage() + why,
                    error);
        }
        return providers;
    }

    /** What a provider gives; what it throws is told with its name. */
    static <T> T ask(Object provider, String what, Supplier<T> question) {
        try {
            return question.get();
        } catch (RuntimeException error) {
            String words = error.getMessage() == null ? error.toString() : error.getMessage();
            boolean isOurs = provider instanceof JDBCServiceVendorBuilder;
            String name = provider.getClass().getName();
            String who = isOurs ? "cannot " : "the provider " + name + " failed to ";
            throw new IllegalStateException(who + what + ": " + words, error);
        }
    }
}
