package sample;

import funcatron.intf.Context;
import funcatron.intf.Func;

/** Closes an account, and says what it held. */
public class Close implements Func<Object> {
    @Override
    public Account delete(Context context) throws Exception {
        Bank bank = Bank.of(context);
        Account account = bank.account((String) context.getPathParams().get("name"));
        bank.close(account.name());
        return account;
    }
}
