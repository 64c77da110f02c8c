package sample;

import funcatron.intf.Context;
import funcatron.intf.Func;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/** Answers GET with some values; a Func that reads no body takes any type for it. */
public class Simple implements Func<Object> {
    @Override
    public Object get(Context context) {
        context.getLogger().info("In Java " + Runtime.version().feature());
        return Map.of(
                "time", Instant.now().toString(),
                "bools", ThreadLocalRandom.current().nextBoolean(),
                "numero", ThreadLocalRandom.current().nextInt(1, 101));
    }
}
