package library;

import jakarta.validation.constraints.NotBlank;

/** Who has which book. */
record Loan(@NotBlank String isbn, @NotBlank String reader) {}
