package sample;

import funcatron.intf.Context;
import funcatron.intf.Func;

/** Pays something in: {@code cents} is a number here, since the contract says that it is one. */
public class Deposit implements Func<Object> {
    @Override
    public Account post(Object body, Context context) throws Exception {
        String name = (String) context.getPathParams().get("name");
        long cents = (Long) context.getPathParams().get("cents");
        return Bank.of(context).add(name, cents);
    }
}
