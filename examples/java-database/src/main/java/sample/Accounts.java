package sample;

import funcatron.intf.Context;
import funcatron.intf.Func;
import java.util.List;

/** All accounts. */
public class Accounts implements Func<Object> {
    @Override
    public List<Account> get(Context context) throws Exception {
        return Bank.of(context).accounts();
    }
}
