package library;

import jakarta.validation.Valid;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RequestPart;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.multipart.MultipartFile;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;

/** Books. */
@RestController
@RequestMapping("/books")
class BookController {
    private final Shelf shelf;

    BookController(Shelf shelf) {
        this.shelf = shelf;
    }

    @GetMapping
    List<Book> findBooks(@RequestParam(defaultValue = "") String title) {
        return shelf.find(title);
    }

    @GetMapping("/{isbn}")
    Book getBook(@PathVariable String isbn) {
        return shelf.get(isbn);
    }

    @PostMapping
    ResponseEntity<Book> addBook(@Valid @RequestBody Book book) {
        try {
            shelf.add(book);
        } catch (DuplicateKeyException there) {
            throw new ResponseStatusException(HttpStatus.CONFLICT, book.isbn() + " is there");
        }
        return ResponseEntity.created(URI.create("/library/books/" + book.isbn())).body(book);
    }

    @DeleteMapping("/{isbn}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void removeBook(@PathVariable String isbn) {
        shelf.remove(isbn);
    }

    @PutMapping(path = "/{isbn}/cover", consumes = MediaType.MULTIPART_FORM_DATA_VALUE)
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void putCover(@PathVariable String isbn, @RequestPart MultipartFile picture)
            throws IOException {
        shelf.putCover(isbn, picture.getBytes());
    }

    @GetMapping(path = "/{isbn}/cover", produces = MediaType.IMAGE_PNG_VALUE)
    byte[] getCover(@PathVariable String isbn) {
        return shelf.cover(isbn);
    }

    /** Every book, line by line as they are read. */
    @GetMapping(path = "/export", produces = "text/csv")
    ResponseEntity<StreamingResponseBody> exportBooks() {
        StreamingResponseBody lines =
                out -> {
                    for (Book book : shelf.find("")) {
                        String line = book.isbn() + "," + book.title() + "," + book.copies() + "\n";
                        out.write(line.getBytes(StandardCharsets.UTF_8));
                    }
                };
        return ResponseEntity.ok().contentType(MediaType.valueOf("text/csv")).body(lines);
    }
}
