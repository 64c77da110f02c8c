package funcatron.service.spring_boot.authors;

import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import java.util.List;
import org.hibernate.Hibernate;
import org.springframework.http.HttpStatus;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Authors and their books. */
@RestController
@RequestMapping("/authors")
class AuthorController {
    /** An author as it is sent. */
    record Draft(@NotBlank String name, @NotEmpty List<@NotBlank String> titles) {}

    /** An author as it is told. */
    record Told(Long id, String name, List<String> titles) {}

    /** Whose a book is, and whether that had been loaded before it was asked for. */
    record Written(String by, boolean loaded) {}

    private final Authors authors;

    AuthorController(Authors authors) {
        this.authors = authors;
    }

    @PostMapping
    @ResponseStatus(HttpStatus.CREATED)
    @Transactional
    public Told add(@Valid @RequestBody Draft draft) {
        Author author = new Author(draft.name());
        draft.titles().forEach(author::write);
        return tell(authors.save(author));
    }

    @GetMapping
    List<Told> find(@RequestParam(defaultValue = "") String start) {
        return authors.findByNameStartingWithOrderByName(start).stream()
                .map(AuthorController::tell)
                .toList();
    }

    /** Within no transaction: what lazy loading needs is open as long as the request is. */
    @GetMapping("/of/{title}")
    Written of(@PathVariable String title) {
        Author author = authors.bookOf(title).author;
        boolean isLoaded = Hibernate.isInitialized(author);
        return new Written(author.name(), isLoaded);
    }

    /** Changes the author and a book before it fails, if it is to. */
    @PutMapping("/{id}")
    @Transactional
    public void rename(@PathVariable Long id, @RequestParam String name) {
        Author author = authors.findById(id).orElseThrow();
        author.write("by " + name);
        author.rename(name);
        authors.flush();
        if (name.equals("Nobody")) throw new IllegalStateException("nobody is called that");
    }

    private static Told tell(Author author) {
        return new Told(
                author.id, author.name(), author.books.stream().map(book -> book.title).toList());
    }
}
