package library;

import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.PositiveOrZero;

/** A book, and how many copies of it are in the house. */
record Book(
        @Pattern(regexp = "[0-9]{13}") String isbn,
        @NotBlank String title,
        @PositiveOrZero int copies) {}
