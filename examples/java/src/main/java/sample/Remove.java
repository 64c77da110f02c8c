package sample;

import funcatron.intf.Context;
import funcatron.intf.Func;
import funcatron.intf.FuncException;

/** Answers DELETE; a {@link FuncException} chooses the status of a refusal. */
public class Remove implements Func<Object> {
    private static final long OLDEST = 122;

    @Override
    public Data delete(Context context) {
        long age = (Long) context.getPathParams().get("cnt");
        if (age > OLDEST) {
            throw new FuncException(404, "nobody is " + age + " years old");
        }
        return new Data("Deleted", (int) age);
    }
}
