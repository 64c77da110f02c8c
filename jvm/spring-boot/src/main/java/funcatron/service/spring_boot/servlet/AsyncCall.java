package funcatron.service.spring_boot.servlet;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/** A call that goes on after its servlet returned; the exchange guards its state. */
final class AsyncCall implements AsyncContext {
    private static final Log LOG = LogFactory.getLog(AsyncCall.class);
    private static final long TIMEOUT_MS = 30_000;

    /** What was asked for last. */
    enum Wish {
        NONE,
        DISPATCH,
        COMPLETE
    }

    /** What listeners can be told. */
    interface Event {
        void tell(AsyncListener listener, AsyncEvent event) throws IOException;
    }

    private record Listening(
            AsyncListener listener, ServletRequest request, ServletResponse response) {}

    private final Exchange exchange;
    private final ServletRequest request;
    private final ServletResponse response;
    private final boolean isOriginal;
    private final List<Listening> listeners = new CopyOnWriteArrayList<>();
    private volatile long timeoutMs = TIMEOUT_MS;
    private Wish wish = Wish.NONE;
    private String path;

    AsyncCall(
            Exchange exchange,
            ServletRequest request,
            ServletResponse response,
            boolean isOriginal) {
        this.exchange = exchange;
        this.request = request;
        this.response = response;
        this.isOriginal = isOriginal;
    }

    Wish wish() {
        return wish;
    }

    /** The path to dispatch to, within the application; null for the one that was asked for. */
    String path() {
        return path;
    }

    /** Asks for something, under the guard of the exchange; once. */
    void ask(Wish next, String to) {
        if (wish != Wish.NONE)
            throw new IllegalStateException("the call was dispatched or completed already");
        wish = next;
        path = to;
    }

    /** Tells every listener; what one throws does not keep the others from hearing. */
    void tell(Event event, Throwable thrown) {
        for (Listening one : listeners) {
            AsyncEvent what = new AsyncEvent(this, one.request, one.response, thrown);
            try {
                event.tell(one.listener, what);
            } catch (IOException | RuntimeException error) {
                LOG.warn("a listener of an asynchronous call failed", error);
            }
        }
    }

    @Override
    public ServletRequest getRequest() {
        return request;
    }

    @Override
    public ServletResponse getResponse() {
        return response;
    }

    @Override
    public boolean hasOriginalRequestAndResponse() {
        return isOriginal;
    }

    @Override
    public void dispatch() {
        exchange.ask(this, Wish.DISPATCH, null);
    }

    @Override
    public void dispatch(String to) {
        exchange.ask(this, Wish.DISPATCH, to);
    }

    @Override
    public void dispatch(ServletContext context, String to) {
        dispatch(to);
    }

    @Override
    public void complete() {
        exchange.ask(this, Wish.COMPLETE, null);
    }

    @Override
    public void start(Runnable work) {
        String asked = ((HttpServletRequest) request).getRequestURI();
        Thread thread = new Thread(work, "async " + asked);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void addListener(AsyncListener listener) {
        addListener(listener, null, null);
    }

    @Override
    public void addListener(AsyncListener listener, ServletRequest req, ServletResponse res) {
        listeners.add(new Listening(listener, req, res));
    }

    @Override
    public <T extends AsyncListener> T createListener(Class<T> type) throws ServletException {
        try {
            return type.getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException cause) {
            throw new ServletException(type.getName() + " cannot be made", cause);
        }
    }

    @Override
    public void setTimeout(long ms) {
        timeoutMs = ms;
    }

    @Override
    public long getTimeout() {
        return timeoutMs;
    }
}
