package funcatron.service.spring_boot.servlet;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EventListener;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Who wants to know what happens in the application. */
final class Listeners {
    private final List<EventListener> all = new CopyOnWriteArrayList<>();

    void add(EventListener listener) {
        all.add(listener);
    }

    /** Tells those of a kind, in the order in which they came. */
    <T extends EventListener> void tell(Class<T> kind, Consumer<T> event) {
        for (EventListener listener : all)
            if (kind.isInstance(listener)) event.accept(kind.cast(listener));
    }

    /** Tells those of a kind of an end: the last one first. */
    <T extends EventListener> void tellBackwards(Class<T> kind, Consumer<T> event) {
        List<EventListener> backwards = new ArrayList<>(all);
        Collections.reverse(backwards);
        for (EventListener listener : backwards)
            if (kind.isInstance(listener)) event.accept(kind.cast(listener));
    }
}
