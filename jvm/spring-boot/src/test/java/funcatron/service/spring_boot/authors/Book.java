package funcatron.service.spring_boot.authors;

import jakarta.persistence.Entity;
import jakarta.persistence.FetchType;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.Id;
import jakarta.persistence.ManyToOne;

/** A book; its author is a proxy until it is asked something. */
@Entity
class Book {
    @Id @GeneratedValue Long id;

    @ManyToOne(fetch = FetchType.LAZY, optional = false)
    Author author;

    String title;

    protected Book() {}

    Book(Author author, String title) {
        this.author = author;
        this.title = title;
    }
}
