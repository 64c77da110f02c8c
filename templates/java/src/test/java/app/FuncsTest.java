package app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import funcatron.intf.Context;
import funcatron.intf.impl.ContextImpl;
import java.util.Map;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class FuncsTest {
    private final Map<String, Object> params =
            Map.of("path", Map.of("name", "Ada"), "query", Map.of("times", 2L));
    private final Context context =
            new ContextImpl(Map.of("parameters", params), Logger.getAnonymousLogger());

    @Test
    void helloGreetsAsOftenAsAsked() {
        assertEquals(Map.of("greeting", "Hello, Ada! Hello, Ada!"), new Hello().get(context));
    }

    @Test
    void sumAddsUp() {
        assertEquals(Map.of("sum", 6.5), new Sum().post(new double[] {1, 2, 3.5}, context));
    }
}
