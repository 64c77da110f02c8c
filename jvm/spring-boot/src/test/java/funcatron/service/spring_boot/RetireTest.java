package funcatron.service.spring_boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RetireTest {
    private static final int CYCLES = 20;

    /** Cycles of the application that takes longest. */
    private static final int AUTHORS = 3;

    /** Java 17 remembers whose methods it linked last; that it forgets bundles is the worker's. */
    private record Last(String value) {}

    @Test
    void nothingIsLeftOfBundlesThatEnded() throws Exception {
        cycle("small");
        System.gc();
        long before = metaspace();
        int threadsBefore = Thread.activeCount();
        List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
        for (int i = 0; i < CYCLES; i++) loaders.add(cycle(application(i)));
        assertTrue(Thread.activeCount() <= threadsBefore, "threads are left");
        Last last = new Last("");
        assertTrue(last.equals(new Last("")) && last.hashCode() == 0 && last.toString() != null);
        for (int i = 0; i < 50 && loaders.stream().anyMatch(one -> one.get() != null); i++) {
            System.gc();
            Thread.sleep(100);
        }
        System.gc();
        long left = loaders.stream().filter(one -> one.get() != null).count();
        System.out.printf(
                "metaspace: %d MiB, after %d cycles %d%n", before, CYCLES, metaspace());
        assertEquals(0, left, "class loaders are left");
    }

    private static String application(int cycle) {
        return cycle == 0 ? "shop" : cycle <= AUTHORS ? "authors" : "small";
    }

    /** On a thread of its own, as the worker has one for each bundle. */
    private static WeakReference<ClassLoader> cycle(String application) throws Exception {
        List<WeakReference<ClassLoader>> made = new ArrayList<>();
        List<Exception> failed = new ArrayList<>();
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                made.add(serve(application));
                            } catch (Exception thrown) {
                                failed.add(thrown);
                            }
                        });
        thread.start();
        thread.join();
        if (!failed.isEmpty()) throw failed.get(0);
        return made.get(0);
    }

    private static WeakReference<ClassLoader> serve(String application) throws Exception {
        String url = "jdbc:h2:mem:retire";
        boolean isShop = application.equals("shop");
        Map<String, Object> props =
                Map.of("application", application, "spring.datasource.url", url);
        try (Host host = new Host(application.equals("authors") ? JpaTest.props(url) : props)) {
            if (application.equals("authors")) {
                serveAuthors(host);
                return new WeakReference<>(host.loader());
            }
            assertEquals(200, host.get(isShop ? "/shop/callable" : "/shop").status());
            if (isShop) {
                assertEquals(200, host.get("/shop/items").status());
                assertEquals(200, host.get("/shop/visits").status());
                host.contract();
            }
            return new WeakReference<>(host.loader());
        }
    }

    private static void serveAuthors(Host host) throws Exception {
        String author = "{\"name\":\"Ada\",\"titles\":[\"Notes\"]}";
        assertEquals(201, host.send(new Call("post", "/shop/authors").json(author)).status());
        assertEquals(200, host.get("/shop/authors/of/Notes").status());
        assertEquals(400, host.send(new Call("post", "/shop/authors").json("{}")).status());
    }

    private static long metaspace() {
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans())
            if (pool.getName().equals("Metaspace")) return pool.getUsage().getUsed() >> 20;
        return -1;
    }
}
