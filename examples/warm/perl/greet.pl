#!/usr/bin/env perl
use strict;
use warnings;
$| = 1;    # answers leave at once
my $calls = 0;
while (my $line = <STDIN>) {
    my ($length, $method, $uri, $head) = split / /, $line, 4;
    read STDIN, my $body, $length;
    my $answer = sprintf "Hello, %s! Call %d of this perl, by %s %s.\n",
        length $body ? $body : 'nobody', ++$calls, $method, $uri;
    print length $answer, " 200\n", $answer;
}
