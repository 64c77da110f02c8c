package sample;

/** What is to be moved, from where, to where. */
public record Order(String from, String to, long cents) {}
