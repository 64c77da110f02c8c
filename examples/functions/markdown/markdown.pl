#!/usr/bin/env perl
# Makes HTML of Markdown: headings, paragraphs, lists, quotes, rules, code, links, pictures and
# emphasis. HTML in it is shown as it is written, and no link runs a script.
use strict;
use warnings;

my $depth_max = 20;
my $starts    = qr/^(?:\#{1,6}\s|>|```|~~~|(?:[-*+]|\d{1,9}[.)])\s|([-*_])\s*(?:\g{-1}\s*){2,}$)/;

binmode STDIN;
binmode STDOUT;
my $text = do { local $/; <STDIN> } // '';
print blocks(0, split /\r\n|\r|\n/, $text);

sub blocks {
    my ($depth, @lines) = @_;
    my $html = '';
    while (defined(my $line = shift @lines)) {
        next if $line =~ /^\s*$/;
        if (my ($fence) = $line =~ /^(```+|~~~+)/) {
            my $code = join '', map { escape($_) . "\n" } taken(\@lines, sub { !/^\Q$fence\E/ });
            shift @lines;
            $html .= "<pre><code>$code</code></pre>\n";
        }
        elsif ($line =~ /^(\#{1,6})\s+(.*?)\s*#*\s*$/) {
            my $level = length $1;
            $html .= "<h$level>" . inline($2) . "</h$level>\n";
        }
        elsif ($line =~ /^([-*_])\s*(?:\1\s*){2,}$/) {
            $html .= "<hr>\n";
        }
        elsif ($line =~ /^>/ && $depth < $depth_max) {
            my @quoted = ($line, taken(\@lines, sub {/^>/}));
            s/^> ?// for @quoted;
            $html .= "<blockquote>\n" . blocks($depth + 1, @quoted) . "</blockquote>\n";
        }
        elsif ($line =~ /^(?:[-*+]|\d{1,9}[.)])\s/ && $depth < $depth_max) {
            $html .= list($depth, $line, \@lines);
        }
        else {
            my @more = taken(\@lines, sub { /\S/ && $_ !~ $starts });
            $html .= '<p>' . inline(join "\n", $line, @more) . "</p>\n";
        }
    }
    return $html;
}

# A list from its first line on. What is indented below an item belongs to it.
sub list {
    my ($depth, $line, $lines) = @_;
    my ($item, $tag) = $line =~ /^\d/ ? (qr/^\d{1,9}[.)]\s+/, 'ol') : (qr/^[-*+]\s+/, 'ul');
    my $html = "<$tag>\n";
    while (defined $line && $line =~ s/$item//) {
        my @body = ($line, taken($lines, sub { /^\s+\S/ || (/\S/ && $_ !~ $starts) }));
        s/^(?:\t| {1,4})// for @body;
        my $inner = blocks($depth + 1, @body);
        $inner =~ s{^<p>(.*?)</p>\n}{$1}s;
        $html .= "<li>$inner</li>\n";
        shift @$lines while @$lines > 1 && $lines->[0] =~ /^\s*$/ && $lines->[1] =~ $item;
        $line = @$lines && $lines->[0] =~ $item ? shift @$lines : undef;
    }
    return "$html</$tag>\n";
}

# Takes lines from the beginning as long as they fit.
sub taken {
    my ($lines, $fits) = @_;
    my @taken;
    while (@$lines) {
        local $_ = $lines->[0];
        last if !$fits->();
        push @taken, shift @$lines;
    }
    return @taken;
}

# What is longer than that is not emphasised: whoever opens it ten thousand times waits for nothing.
sub inline {
    my ($text) = @_;
    my $html = '';
    for ($text) {
        while (!/\G\z/gc) {
            if    (/\G\\([[:punct:]])/gc) { $html .= escape($1) }
            elsif (/\G(`+)(?!`)(.{1,1000}?)(?<!`)\1(?!`)/gcs) { $html .= code($2) }
            elsif (/\G(!?)\[([^\[\]]*)\]\(([^()\s]*)\)/gc) { $html .= reference($1, $2, $3) }
            elsif (/\G<((?:https?|mailto):[^<>\s]+)>/gc) { $html .= reference('', $1, $1) }
            elsif (/\G(\*\*|__)(?=\S)(.{1,1000}?)(?<=\S)\1/gcs) { $html .= mark('strong', $2) }
            elsif (/\G(\*|(?<!\w)_)(?![*_\s])(.{1,1000}?)(?<=\S)\1/gcs) { $html .= mark('em', $2) }
            elsif (/\G {2,}\n/gc) { $html .= "<br>\n" }
            elsif (/\G([^\\`!\[<*_ ]+|.)/gcs) { $html .= escape($1) }
        }
    }
    return $html;
}

sub code {
    return '<code>' . escape(shift) . '</code>';
}

sub mark {
    my ($tag, $text) = @_;
    return "<$tag>" . inline($text) . "</$tag>";
}

sub reference {
    my ($picture, $text, $address) = @_;
    $address =~ s/[\x00-\x20\x7f]//g;
    $address = '#' if $address =~ /^[^\/?#]*:/ && $address !~ /^(?:https?|mailto):/i;
    my ($target, $words) = (escape($address), escape($text));
    return $picture ? qq(<img src="$target" alt="$words">) : qq(<a href="$target">$words</a>);
}

sub escape {
    my ($text) = @_;
    my %entity = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;', '"' => '&quot;');
    $text =~ s/([&<>"])/$entity{$1}/g;
    return $text;
}
