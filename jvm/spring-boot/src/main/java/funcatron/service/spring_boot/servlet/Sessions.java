package funcatron.service.spring_boot.servlet;

import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpSessionEvent;
import jakarta.servlet.http.HttpSessionIdListener;
import jakarta.servlet.http.HttpSessionListener;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/** The sessions of an application: in memory, bounded, gone when it ends. */
final class Sessions {
    private static final Log LOG = LogFactory.getLog(Sessions.class);
    private static final long SWEEP_MS = 60_000;

    private final ServletContext context;
    private final Listeners listeners;
    private final int sessionsMax;
    private final SecureRandom random = new SecureRandom();
    /** Those used longest ago come first. */
    private final Map<String, Session> byId = new LinkedHashMap<>(16, 0.75f, true);

    private long sweptAt = System.currentTimeMillis();

    Sessions(ServletContext context, Listeners listeners, int sessionsMax) {
        this.context = context;
        this.listeners = listeners;
        this.sessionsMax = sessionsMax;
    }

    ServletContext context() {
        return context;
    }

    Listeners listeners() {
        return listeners;
    }

    /** The session a caller names, if it lives. */
    Session find(String id) {
        sweep();
        Session session;
        synchronized (byId) {
            session = byId.get(id);
            if (session == null) return null;
            if (session.isExpired(System.currentTimeMillis())) byId.remove(id);
            else return session;
        }
        session.end();
        return null;
    }

    Session create() {
        sweep();
        Session session = new Session(this, newId(), context.getSessionTimeout() * 60);
        Session dropped = null;
        synchronized (byId) {
            if (byId.size() >= sessionsMax) dropped = byId.remove(byId.keySet().iterator().next());
            byId.put(session.getId(), session);
        }
        if (dropped != null) {
            LOG.warn("there are " + sessionsMax + " sessions (funcatron.sessions-max): the one"
                    + " unused for longest ends");
            dropped.end();
        }
        listeners.tell(
                HttpSessionListener.class,
                one -> one.sessionCreated(new HttpSessionEvent(session)));
        return session;
    }

    /** Gives a session another id, so that one who knew the old one has nothing. */
    String changeId(Session session) {
        String before = session.getId();
        synchronized (byId) {
            byId.remove(before);
            session.rename(newId());
            byId.put(session.getId(), session);
        }
        HttpSessionEvent event = new HttpSessionEvent(session);
        listeners.tell(HttpSessionIdListener.class, one -> one.sessionIdChanged(event, before));
        return session.getId();
    }

    void remove(Session session) {
        synchronized (byId) {
            byId.remove(session.getId(), session);
        }
    }

    void endAll() {
        List<Session> all;
        synchronized (byId) {
            all = new ArrayList<>(byId.values());
            byId.clear();
        }
        all.forEach(Session::end);
    }

    void tellOfEnd(Session session) {
        HttpSessionEvent event = new HttpSessionEvent(session);
        listeners.tellBackwards(HttpSessionListener.class, one -> one.sessionDestroyed(event));
    }

    private void sweep() {
        List<Session> expired = new ArrayList<>();
        long now = System.currentTimeMillis();
        synchronized (byId) {
            if (now - sweptAt < SWEEP_MS) return;
            sweptAt = now;
            for (Session session : byId.values()) if (session.isExpired(now)) expired.add(session);
            byId.values().removeAll(expired);
        }
        expired.forEach(Session::end);
    }

    private String newId() {
        byte[] bytes = new byte[16];
        random.nextBytes(bytes);
        return HexFormat.of().withUpperCase().formatHex(bytes);
    }
}
