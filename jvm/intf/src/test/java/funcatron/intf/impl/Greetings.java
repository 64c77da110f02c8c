package funcatron.intf.impl;

import funcatron.intf.Accumulator;
import funcatron.intf.ServiceVendor;
import funcatron.intf.ServiceVendorProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Logger;

/** Makes services that say what becomes of them. */
public final class Greetings implements ServiceVendorProvider {
    /** What happened to the services and to what they vended. */
    static final List<String> EVENTS = new ArrayList<>();

    @Override
    public String forType() {
        return "greeting";
    }

    @Override
    public Optional<ServiceVendor<?>> buildVendor(
            String name, Map<String, Object> properties, Logger logger) {
        if (properties.containsKey("refuse")) throw new IllegalStateException("no greetings");
        if (properties.containsKey("none")) return Optional.empty();
        return Optional.of(new Greeting(name, (String) properties.get("to")));
    }

    private record Greeting(String name, String to) implements ServiceVendor<String> {
        @Override
        public Class<String> type() {
            return String.class;
        }

        @Override
        public String vend(Accumulator accumulator) {
            accumulator.accumulate(to, this);
            return to;
        }

        @Override
        public void endLife() {
            EVENTS.add("end " + name);
        }

        @Override
        public void release(String item, boolean success) {
            EVENTS.add((success ? "commit " : "rollback ") + item);
            if (success && to.equals("failing")) throw new IllegalStateException("disk full");
        }
    }
}
