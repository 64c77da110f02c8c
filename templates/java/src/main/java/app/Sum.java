package app;

import funcatron.intf.Context;
import funcatron.intf.Func;
import java.util.Map;
import java.util.stream.DoubleStream;

/** Adds numbers up: the body is what the type argument of Func says. */
public class Sum implements Func<double[]> {
    @Override
    public Object post(double[] numbers, Context context) {
        return Map.of("sum", DoubleStream.of(numbers).sum());
    }
}
