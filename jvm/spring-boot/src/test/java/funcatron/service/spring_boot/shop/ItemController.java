package funcatron.service.spring_boot.shop;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import java.util.List;
import java.util.Map;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** Items in a database. */
@RestController
@RequestMapping("/items")
public class ItemController {
    /** An item. */
    public record Item(@NotBlank String name, @Min(0) int amount) {}

    /** Nothing of that name. */
    public static class NoItem extends RuntimeException {
        NoItem(String name) {
            super("there is no " + name);
        }
    }

    private final JdbcTemplate database;

    ItemController(JdbcTemplate database) {
        this.database = database;
    }

    @GetMapping
    List<Item> list() {
        return database.query(
                "select name, amount from item order by name",
                (row, number) -> new Item(row.getString(1), row.getInt(2)));
    }

    @GetMapping("/{name}")
    Item get(@PathVariable String name) {
        return list().stream()
                .filter(item -> item.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new NoItem(name));
    }

    @PostMapping
    ResponseEntity<Item> add(@Valid @RequestBody Item item) {
        database.update("insert into item values (?, ?)", item.name(), item.amount());
        return ResponseEntity.status(201).header("x-made", "yes", "indeed").body(item);
    }

    /** Takes from one before it finds that it cannot give to the other. */
    @PostMapping("/move")
    @Transactional
    public void move(@RequestParam String from, @RequestParam String to) {
        database.update("update item set amount = amount - 1 where name = ?", from);
        int found = database.update("update item set amount = amount + 1 where name = ?", to);
        if (found == 0) throw new NoItem(to);
    }

    @PatchMapping("/{name}")
    Map<String, Object> patch(@PathVariable String name, @RequestBody Map<String, Object> change) {
        return Map.of("name", name, "change", change);
    }

    @DeleteMapping("/{name}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void delete(@PathVariable String name) {
        if (database.update("delete from item where name = ?", name) == 0)
            throw new ResponseStatusException(HttpStatus.GONE, "no " + name + " any more");
    }

    @ExceptionHandler
    ProblemDetail missing(NoItem thrown) {
        return ProblemDetail.forStatusAndDetail(HttpStatus.NOT_FOUND, thrown.getMessage());
    }
}
