package funcatron.service.spring_boot.servlet;

import funcatron.service.spring_boot.servlet.AsyncCall.Wish;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequestEvent;
import jakarta.servlet.ServletRequestListener;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Takes a call from its map to the map of its answer. It runs filters and servlets on the thread of
 * who called; if they leave the call to another thread, it waits for what is to be done next. The
 * answer begins when they are done or, where another thread writes it, as soon as the response is
 * committed: its body is a stream then, and who reads that does the waiting from then on.
 */
final class Driver {
    private interface Work {
        void run() throws IOException, ServletException;
    }

    private static final Log LOG = LogFactory.getLog(Driver.class);

    private final Exchange exchange;
    private final Request request;
    private final Response response;
    private boolean isDelivering;
    private Throwable broken;

    Driver(Exchange exchange) {
        this.exchange = exchange;
        request = exchange.request();
        response = exchange.response();
    }

    /** Serves the call; gives {@code status}, {@code headers} and {@code body}. */
    Map<Object, Object> run() throws IOException {
        boolean isAnswered = false;
        try {
            exchange.driveBy(Thread.currentThread());
            tellListeners(false);
            serve(this::runChain);
            advance(response::isHeadFinal);
            Map<Object, Object> answer = answer();
            isAnswered = true;
            return answer;
        } finally {
            exchange.driveBy(null);
            if (!isAnswered) {
                exchange.abandon();
                exchange.close();
            }
        }
    }

    private void runChain() throws IOException, ServletException {
        Chain.run(
                exchange.app().context(),
                DispatcherType.REQUEST,
                request.target().path(),
                request.match(),
                request,
                response);
    }

    private Map<Object, Object> answer() throws IOException {
        Map<String, Object> headers = response.headerMap();
        Object body;
        if (exchange.isHead()) {
            if (exchange.isOver() && exchange.headSize() > 0)
                headers.putIfAbsent("content-length", String.valueOf(exchange.headSize()));
            abandon();
            body = null;
        } else {
            byte[] whole = exchange.isOver() ? exchange.readWhole() : null;
            isDelivering = true;
            if (whole == null) body = new Delivery(this);
            else body = whole.length == 0 ? null : whole;
        }
        Map<Object, Object> result = new LinkedHashMap<>();
        result.put("status", response.getStatus());
        result.put("headers", headers);
        result.put("body", body);
        return result;
    }

    /** Runs a dispatch, and ends the call unless it goes on elsewhere. */
    private void serve(Work dispatch) {
        exchange.beginServing();
        try {
            dispatch.run();
        } catch (IOException | ServletException | RuntimeException | StackOverflowError thrown) {
            fail(thrown);
        }
        if (!exchange.goesOn()) finish();
    }

    /** An exception that the application let through. */
    private void fail(Throwable thrown) {
        AsyncCall async = exchange.async();
        if (async != null) {
            async.tell(AsyncListener::onError, thrown);
            if (async.wish() != Wish.NONE) return;
            exchange.endAsync();
        }
        if (isDelivering) broken = thrown;
        else exchange.app().errorPages().answer(request, response, thrown);
    }

    /** Does what is to be done until the call is over or there is enough to go on with. */
    private void advance(BooleanSupplier isEnough) {
        while (!exchange.isOver()) {
            AsyncCall async = exchange.async();
            switch (exchange.await(isEnough)) {
                case ENOUGH -> {
                    return;
                }
                case LATE -> expire(async);
                case ABANDONED -> end(async, new IOException("nobody waits for the answer"));
                case WISH -> {
                    if (async.wish() == Wish.COMPLETE) end(async, null);
                    else dispatch(async);
                }
            }
        }
    }

    private void expire(AsyncCall async) {
        async.tell(AsyncListener::onTimeout, null);
        if (async.wish() != Wish.NONE) return;
        fail(new IOException("the call took longer than " + async.getTimeout() + " ms"));
        if (!exchange.isOver() && exchange.async() == null) finish();
        async.tell(AsyncListener::onComplete, null);
    }

    private void dispatch(AsyncCall async) {
        HttpServletRequest sent = (HttpServletRequest) async.getRequest();
        String path = async.path();
        if (path == null) path = sent.getRequestURI().substring(sent.getContextPath().length());
        Forward target = Forward.to(exchange.app().context(), path);
        exchange.endAsync();
        serve(() -> target.send(DispatcherType.ASYNC, sent, async.getResponse()));
        if (exchange.isOver()) async.tell(AsyncListener::onComplete, null);
        else async.tell(AsyncListener::onStartAsync, null);
    }

    private void end(AsyncCall async, Throwable thrown) {
        if (thrown != null) async.tell(AsyncListener::onError, thrown);
        exchange.endAsync();
        finish();
        async.tell(AsyncListener::onComplete, null);
    }

    private void finish() {
        try {
            if (response.errorStatus() != 0)
                exchange.app().errorPages().answer(request, response);
            response.complete();
        } catch (IOException gone) {
            broken = gone;
        }
        exchange.over();
        tellListeners(true);
        try {
            request.close();
        } catch (IOException kept) {
            LOG.warn("a file of the request cannot be deleted", kept);
        }
    }

    private void tellListeners(boolean isEnd) {
        WebContext context = exchange.app().context();
        ServletRequestEvent event = new ServletRequestEvent(context, request);
        Listeners listeners = context.listeners();
        Class<ServletRequestListener> kind = ServletRequestListener.class;
        if (isEnd) listeners.tellBackwards(kind, one -> one.requestDestroyed(event));
        else listeners.tell(kind, one -> one.requestInitialized(event));
    }

    // What the reader of the answer does.

    /** Reads bytes, waiting for them; -1 at the end. */
    int read(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) return 0;
        for (;;) {
            int count = exchange.read(bytes, offset, length);
            if (count > 0) return count;
            if (exchange.isAbandoned()) throw new IOException("the call was given up");
            if (exchange.isOver()) {
                if (broken != null) throw new IOException("the answer broke off", broken);
                return -1;
            }
            exchange.driveBy(Thread.currentThread());
            advance(exchange::hasBytes);
            exchange.driveBy(null);
        }
    }

    /** Nobody reads any more: who still writes is told. */
    void abandon() {
        exchange.abandon();
        advance(() -> true);
        exchange.close();
    }
}
