package library;

import java.util.List;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.http.HttpStatus;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.web.server.ResponseStatusException;

/** The books and loans in the database. */
@Service
class Shelf {
    /** A book that cannot be lent, and why. */
    static class NotLent extends RuntimeException {
        NotLent(String why) {
            super(why);
        }
    }

    private final JdbcClient database;

    Shelf(JdbcClient database) {
        this.database = database;
    }

    List<Book> find(String title) {
        return database.sql("select isbn, title, copies from book where title like ? order by isbn")
                .param("%" + title + "%")
                .query(Book.class)
                .list();
    }

    Book get(String isbn) {
        return database.sql("select isbn, title, copies from book where isbn = ?")
                .param(isbn)
                .query(Book.class)
                .optional()
                .orElseThrow(() -> missing(isbn));
    }

    void add(Book book) {
        database.sql("insert into book (isbn, title, copies) values (:isbn, :title, :copies)")
                .paramSource(book)
                .update();
    }

    void remove(String isbn) {
        if (database.sql("delete from book where isbn = ?").param(isbn).update() == 0)
            throw missing(isbn);
    }

    void putCover(String isbn, byte[] picture) {
        int found =
                database.sql("update book set cover = ? where isbn = ?")
                        .params(picture, isbn)
                        .update();
        if (found == 0) throw missing(isbn);
    }

    byte[] cover(String isbn) {
        return database.sql("select cover from book where isbn = ? and cover is not null")
                .param(isbn)
                .query((row, number) -> row.getBytes(1))
                .optional()
                .orElseThrow(() -> missing(isbn));
    }

    /** Takes a copy from the shelf first: if the reader has one already, that is undone. */
    @Transactional
    public void lend(Loan loan) {
        try {
            int taken =
                    database.sql("update book set copies = copies - 1 where isbn = ?")
                            .param(loan.isbn())
                            .update();
            if (taken == 0) throw missing(loan.isbn());
            database.sql("insert into loan (isbn, reader) values (:isbn, :reader)")
                    .paramSource(loan)
                    .update();
        } catch (DuplicateKeyException again) {
            throw new NotLent(loan.reader() + " has it already");
        } catch (DataIntegrityViolationException none) {
            throw new NotLent("no copy is left");
        }
    }

    List<Loan> loans() {
        return database.sql("select isbn, reader from loan order by isbn, reader")
                .query(Loan.class)
                .list();
    }

    private static ResponseStatusException missing(String isbn) {
        return new ResponseStatusException(HttpStatus.NOT_FOUND, "there is no " + isbn);
    }
}
