package library;

import jakarta.validation.Valid;
import java.util.List;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Lending; who has what is for librarians only. */
@RestController
class LoanController {
    private final Shelf shelf;

    LoanController(Shelf shelf) {
        this.shelf = shelf;
    }

    @PostMapping("/loans")
    @ResponseStatus(HttpStatus.CREATED)
    Loan lend(@Valid @RequestBody Loan loan) {
        shelf.lend(loan);
        return loan;
    }

    @GetMapping("/desk/loans")
    List<Loan> findLoans() {
        return shelf.loans();
    }

    @ExceptionHandler
    @ResponseStatus(HttpStatus.CONFLICT)
    ProblemDetail notLent(Shelf.NotLent refusal) {
        return ProblemDetail.forStatusAndDetail(HttpStatus.CONFLICT, refusal.getMessage());
    }
}
