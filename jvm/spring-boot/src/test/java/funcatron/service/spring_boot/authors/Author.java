package funcatron.service.spring_boot.authors;

import jakarta.persistence.CascadeType;
import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.Id;
import jakarta.persistence.OneToMany;
import jakarta.validation.constraints.Size;
import java.util.ArrayList;
import java.util.List;

/** An author; the books are loaded when they are asked for. */
@Entity
class Author {
    @Id @GeneratedValue Long id;

    @Size(max = 20)
    String name;

    @OneToMany(mappedBy = "author", cascade = CascadeType.ALL)
    List<Book> books = new ArrayList<>();

    protected Author() {}

    Author(String name) {
        this.name = name;
    }

    Book write(String title) {
        Book book = new Book(this, title);
        books.add(book);
        return book;
    }

    /** Of a proxy, this loads what it stands for. */
    String name() {
        return name;
    }

    void rename(String other) {
        name = other;
    }
}
