package sample;

import funcatron.intf.Context;
import funcatron.intf.Func;
import java.util.List;
import java.util.stream.LongStream;

/** Answers POST: {@code cnt} is a number here, since the contract says that it is one. */
public class Change implements Func<Data> {
    @Override
    public List<Data> post(Data data, Context context) {
        long count = (Long) context.getPathParams().get("cnt");
        return LongStream.rangeClosed(1, count)
                .mapToObj(years -> new Data(data.name() + " " + years, data.age() + (int) years))
                .toList();
    }
}
