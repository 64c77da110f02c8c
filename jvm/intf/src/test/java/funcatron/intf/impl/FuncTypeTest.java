package funcatron.intf.impl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import funcatron.intf.Func;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FuncTypeTest {
    static class Plain implements Func<Integer> {}

    static class Bytes implements Func<byte[]> {}

    static class Of implements Func<Map<String, Object>> {}

    static class Arrays implements Func<List<String>[]> {}

    @SuppressWarnings("rawtypes")
    static class Raw implements Func {}

    abstract static class Base<A, B> implements Runnable, Func<B> {}

    abstract static class Middle<T> extends Base<String, T> {}

    static class Leaf extends Middle<Integer> {
        @Override
        public void run() {}
    }

    interface Lists<T> extends Func<List<T>> {}

    static class Names implements Lists<String> {}

    static class Open<T extends Number> implements Func<T> {}

    private static String full(Class<?> func) {
        return FuncType.of(func).getTypeName();
    }

    private static Class<?> raw(Class<?> func) {
        Type type = FuncType.of(func);
        return FuncType.raw(type);
    }

    @Test
    void aPlainArgumentIsItself() {
        assertEquals(Integer.class, FuncType.of(Plain.class));
        assertEquals(byte[].class, FuncType.of(Bytes.class));
    }

    @Test
    void aGenericArgumentHasAClassAndArguments() {
        assertEquals("java.util.Map<java.lang.String, java.lang.Object>", full(Of.class));
        assertEquals(Map.class, raw(Of.class));
        assertEquals(List[].class, raw(Arrays.class));
    }

    @Test
    void parentsPassTheirArgumentOn() {
        assertEquals(Integer.class, FuncType.of(Leaf.class));
        assertEquals(List.class, raw(Names.class));
        assertEquals(Integer.class, FuncType.of(new Leaf() {}.getClass()));
    }

    @Test
    void whatIsNotSaidIsItsBoundOrObject() {
        assertEquals(Object.class, FuncType.of(Raw.class));
        assertEquals(Number.class, raw(Open.class));
    }
}
