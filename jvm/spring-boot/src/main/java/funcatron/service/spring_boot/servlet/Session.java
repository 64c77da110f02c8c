package funcatron.service.spring_boot.servlet;

import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpSession;
import jakarta.servlet.http.HttpSessionAttributeListener;
import jakarta.servlet.http.HttpSessionBindingEvent;
import jakarta.servlet.http.HttpSessionBindingListener;
import java.util.Collections;
import java.util.Enumeration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What is remembered of a caller between calls, in the memory of this process. */
final class Session implements HttpSession {
    private final Sessions sessions;
    private final Map<String, Object> attributes = new ConcurrentHashMap<>();
    private final long createdAt = System.currentTimeMillis();
    private volatile String id;
    private volatile long usedAt = createdAt;
    private volatile long usedBefore = createdAt;
    private volatile int timeoutS;
    private volatile boolean isNew = true;
    private volatile boolean isOver;

    Session(Sessions sessions, String id, int timeoutS) {
        this.sessions = sessions;
        this.id = id;
        this.timeoutS = timeoutS;
    }

    /** A call came with this session. */
    void use() {
        usedBefore = usedAt;
        usedAt = System.currentTimeMillis();
        isNew = false;
    }

    boolean isExpired(long now) {
        return timeoutS > 0 && now - usedAt >= timeoutS * 1000L;
    }

    boolean isOver() {
        return isOver;
    }

    void rename(String newId) {
        id = newId;
    }

    /** Ends it; the listeners hear of it while its attributes are still there. */
    void end() {
        synchronized (this) {
            if (isOver) return;
            sessions.tellOfEnd(this);
            isOver = true;
        }
        for (String name : attributes.keySet()) drop(name);
    }

    private void mustLive() {
        if (isOver) throw new IllegalStateException("the session has ended");
    }

    @Override
    public long getCreationTime() {
        mustLive();
        return createdAt;
    }

    @Override
    public String getId() {
        return id;
    }

    @Override
    public long getLastAccessedTime() {
        mustLive();
        return usedBefore;
    }

    @Override
    public ServletContext getServletContext() {
        return sessions.context();
    }

    @Override
    public void setMaxInactiveInterval(int seconds) {
        timeoutS = seconds;
    }

    @Override
    public int getMaxInactiveInterval() {
        return timeoutS;
    }

    @Override
    public Object getAttribute(String name) {
        mustLive();
        return attributes.get(name);
    }

    @Override
    public Enumeration<String> getAttributeNames() {
        mustLive();
        return Collections.enumeration(attributes.keySet());
    }

    @Override
    public void setAttribute(String name, Object value) {
        mustLive();
        if (value == null) {
            drop(name);
            return;
        }
        HttpSessionBindingEvent event = new HttpSessionBindingEvent(this, name, value);
        Object before = attributes.put(name, value);
        if (before != value && value instanceof HttpSessionBindingListener bound)
            bound.valueBound(event);
        if (before != value && before instanceof HttpSessionBindingListener unbound)
            unbound.valueUnbound(new HttpSessionBindingEvent(this, name, before));
        Listeners listeners = sessions.listeners();
        if (before == null)
            listeners.tell(HttpSessionAttributeListener.class, one -> one.attributeAdded(event));
        else {
            HttpSessionBindingEvent old = new HttpSessionBindingEvent(this, name, before);
            listeners.tell(HttpSessionAttributeListener.class, one -> one.attributeReplaced(old));
        }
    }

    @Override
    public void removeAttribute(String name) {
        mustLive();
        drop(name);
    }

    private void drop(String name) {
        Object value = attributes.remove(name);
        if (value == null) return;
        HttpSessionBindingEvent event = new HttpSessionBindingEvent(this, name, value);
        if (value instanceof HttpSessionBindingListener unbound) unbound.valueUnbound(event);
        sessions.listeners()
                .tell(HttpSessionAttributeListener.class, one -> one.attributeRemoved(event));
    }

    @Override
    public void invalidate() {
        mustLive();
        sessions.remove(this);
        end();
    }

    @Override
    public boolean isNew() {
        mustLive();
        return isNew;
    }
}
