package sample;

/** An account as callers see it. */
public record Account(String name, long cents) {}
