package funcatron.service.spring_boot.shop;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;

/** Answers later, or bit by bit. */
@RestController
public class AsyncController {
    private final CountDownLatch broken = new CountDownLatch(1);
    private final CountDownLatch mayBreak = new CountDownLatch(1);
    private volatile SseEmitter emitter;

    @GetMapping("/callable")
    Callable<String> callable(@RequestParam(defaultValue = "false") boolean fails) {
        return () -> {
            if (fails) throw new IllegalStateException("it failed later");
            boolean isTask = Thread.currentThread().getName().startsWith("task");
            return isTask ? "on a task" : "on itself";
        };
    }

    @GetMapping("/deferred")
    DeferredResult<String> deferred() {
        DeferredResult<String> result = new DeferredResult<>();
        new Thread(() -> result.setResult("later")).start();
        return result;
    }

    @GetMapping("/never")
    DeferredResult<String> never() {
        return new DeferredResult<>(50L);
    }

    @GetMapping("/stream")
    ResponseEntity<StreamingResponseBody> stream(@RequestParam int megabytes) {
        byte[] chunk = new byte[1 << 16];
        return ResponseEntity.ok()
                .contentType(MediaType.APPLICATION_OCTET_STREAM)
                .body(
                        out -> {
                            try {
                                for (int i = 0; i < megabytes * 16; i++) out.write(chunk);
                            } catch (IOException gone) {
                                broken.countDown();
                                throw gone;
                            }
                        });
    }

    /** Whether a stream was left by its reader. */
    @GetMapping("/stream/broken")
    boolean broken() {
        return wait(broken);
    }

    private static boolean wait(CountDownLatch latch) {
        try {
            return latch.await(20, TimeUnit.SECONDS);
        } catch (InterruptedException thrown) {
            throw new IllegalStateException(thrown);
        }
    }

    @PostMapping("/stream/half/break")
    void breakIt() {
        mayBreak.countDown();
    }

    @GetMapping("/stream/half")
    StreamingResponseBody half() {
        return out -> {
            out.write("half".getBytes());
            out.flush();
            wait(mayBreak);
            throw new IllegalStateException("no more");
        };
    }

    @GetMapping(path = "/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    SseEmitter events() throws IOException {
        emitter = new SseEmitter(0L);
        emitter.send("first");
        return emitter;
    }

    @PostMapping("/events/next")
    void next(@RequestParam String text) throws IOException {
        if (text.equals("end")) emitter.complete();
        else emitter.send(text);
    }
}
