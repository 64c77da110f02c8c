package sample;

/** What is posted: JSON becomes this, and this becomes JSON. */
public record Data(String name, int age) {}
