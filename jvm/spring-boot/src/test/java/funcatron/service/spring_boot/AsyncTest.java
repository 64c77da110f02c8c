package funcatron.service.spring_boot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class AsyncTest {
    private static Host host;

    @BeforeAll
    static void start() throws Exception {
        host = new Host(Map.of("spring.datasource.url", "jdbc:h2:mem:async"));
    }

    @AfterAll
    static void end() throws Exception {
        host.close();
    }

    @Test
    void callsMayBeAnsweredLater() throws Exception {
        assertEquals("on a task", host.get("/shop/callable").text());
        assertEquals("later", host.get("/shop/deferred").text());
    }

    @Test
    void whatFailsLaterIsAnsweredAsWhatFailsAtOnce() throws Exception {
        Answer failed = host.get("/shop/callable?fails=true");
        assertEquals(500, failed.status());
        assertEquals("it failed later", failed.json().path("message").asText());
        assertEquals(503, host.get("/shop/never").status());
    }

    @Test
    void streamsAreReadWhileTheyAreWritten() throws Exception {
        Answer answer = host.get("/shop/stream?megabytes=40");
        assertEquals(200, answer.status());
        assertEquals("application/octet-stream", answer.header("content-type"));
        assertInstanceOf(InputStream.class, answer.result().get("body"));
        assertArrayEquals(new byte[40 << 20], answer.bytes());
    }

    @Test
    void whoWritesHearsThatNobodyReads() throws Exception {
        try (InputStream stream = host.get("/shop/stream?megabytes=40").stream()) {
            assertEquals(0, stream.read());
        }
        assertEquals("true", host.get("/shop/stream/broken").text());
    }

    @Test
    void aStreamThatBreaksOffIsNoWholeOne() throws Exception {
        InputStream stream = host.get("/shop/stream/half").stream();
        assertEquals("half", new String(stream.readNBytes(4), StandardCharsets.UTF_8));
        host.send(new Call("post", "/shop/stream/half/break"));
        IOException broken = assertThrows(IOException.class, stream::read);
        assertEquals("no more", broken.getCause().getCause().getMessage());
        stream.close();
    }

    @Test
    void eventsArriveOneByOne() throws Exception {
        Answer answer = host.get("/shop/events");
        assertEquals("text/event-stream", answer.header("content-type"));
        try (InputStream stream = answer.stream()) {
            assertEquals("data:first\n\n", new String(stream.readNBytes(12)));
            host.send(new Call("post", "/shop/events/next?text=other"));
            assertEquals("data:other\n\n", new String(stream.readNBytes(12)));
            host.send(new Call("post", "/shop/events/next?text=end"));
            assertEquals(-1, stream.read());
        }
    }

    @Test
    void anInterruptEndsTheWaiting() throws Exception {
        Thread caller = Thread.currentThread();
        Thread canceller = new Thread(caller::interrupt);
        InputStream stream = host.get("/shop/events").stream();
        stream.readNBytes(12);
        canceller.start();
        assertThrows(IOException.class, stream::read);
        assertEquals(true, Thread.interrupted());
        stream.close();
    }
}
