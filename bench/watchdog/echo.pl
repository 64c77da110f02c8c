#!/usr/bin/env perl
# Says again what it is told: once, or, with an argument, call after call.
use strict;
use warnings;
$| = 1;
unless (@ARGV) {
    local $/;
    print scalar <STDIN>;
    exit;
}
while (my $line = <STDIN>) {
    my ($length) = split / /, $line, 2;
    read STDIN, my $body, $length;
    print $length, "\n", $body;
}
