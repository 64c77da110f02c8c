package sample;

import funcatron.intf.Context;
import funcatron.intf.Func;
import funcatron.intf.FuncException;

/**
 * Moves money. It is taken before it is given: whatever goes wrong in between, such as a receiver
 * that is not there, the exception puts it back.
 */
public class Transfer implements Func<Order> {
    @Override
    public Order post(Order order, Context context) throws Exception {
        Bank bank = Bank.of(context);
        Account from = bank.add(order.from(), -order.cents());
        if (from.cents() < 0) {
            throw new FuncException(409, order.from() + " has not got that much");
        }
        bank.add(order.to(), order.cents());
        return order;
    }
}
