package sample;

import funcatron.intf.Context;
import funcatron.intf.FuncException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * The accounts, in the transaction of one call: what a Func has done here is committed when it
 * returns, and undone when it throws.
 */
final class Bank {
    private final Connection connection;

    private Bank(Connection connection) {
        this.connection = connection;
    }

    /** The bank of a call; the prop {@code db} says which database it is in. */
    static Bank of(Context context) throws Exception {
        return context.vendForName("db", Connection.class)
                .map(Bank::new)
                .orElseThrow(() -> new IllegalStateException("there is no service db in the props"));
    }

    List<Account> accounts() throws SQLException {
        try (PreparedStatement all =
                        connection.prepareStatement("select name, cents from account order by name");
                ResultSet rows = all.executeQuery()) {
            List<Account> accounts = new ArrayList<>();
            while (rows.next()) accounts.add(new Account(rows.getString(1), rows.getLong(2)));
            return accounts;
        }
    }

    Account account(String name) throws SQLException {
        try (PreparedStatement one =
                connection.prepareStatement("select cents from account where name = ?")) {
            one.setString(1, name);
            try (ResultSet rows = one.executeQuery()) {
                if (!rows.next()) throw new FuncException(404, "there is no account " + name);
                return new Account(name, rows.getLong(1));
            }
        }
    }

    Account open(String name) throws SQLException {
        String insert =
                "insert into account (name) select ?1 where ?1 not in (select name from account)";
        if (change(insert, name) == 0) {
            throw new FuncException(409, "there is an account " + name + " already");
        }
        return account(name);
    }

    void close(String name) throws SQLException {
        change("delete from account where name = ?", name);
    }

    /** Adds cents, which may be less than none. */
    Account add(String name, long cents) throws SQLException {
        if (change("update account set cents = cents + ?2 where name = ?1", name, cents) == 0) {
            throw new FuncException(404, "there is no account " + name);
        }
        return account(name);
    }

    private int change(String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int index = 0; index < values.length; index++) {
                statement.setObject(index + 1, values[index]);
            }
            return statement.executeUpdate();
        }
    }
}
