# Starts programs for a runner, from a small process: a fork costs time in proportion to the memory
# of who forks. The runner starts this with a socket as standard input and output. It sends frames,
# `u32 length | fields joined by NUL`, and gets lines:
#
#   env NAME=VALUE ...                                   what every program sees
#   run ID WANTS CWD FILE ARGC ARG ... NAME=VALUE ...    starts one, in its own process group; WANTS
#                                                        holds i for a pipe as standard input, m for
#                                                        standard error merged into the output
#   opened ID                                            the runner has opened the pipes of ID
#
#   ready FD ORPHANS          FD is a pipe the runner tries to open, to see whether it can; ORPHANS
#                             is 1 if orphans become children of this
#   started ID PID IN OUT ERR   numbers of the pipe ends, open here until `opened`; -1 for none
#   exited ID STATUS          status as wait(2) gives it
#   failed ID ERRNO           could not be executed; `exited` follows
#   refused ID ERRNO          could not be forked
#
# The runner opens pipes as /proc/<this>/fd/<n>. When its socket ends, everything started here is
# killed: nothing outlives its runner, not even one that was killed itself.
use strict;
use warnings;

$^F = 2;    # descriptors above this are closed in programs
open(my $requests, '<&', \*STDIN)  or die "no requests: $!";
open(my $replies,  '>&', \*STDOUT) or die "no replies: $!";

# Handlers, not IGNORE: what is ignored stays ignored in the programs started here.
my $child_died = 0;
$SIG{CHLD} = sub { $child_died = 1 };
$SIG{$_} = sub { } for qw(PIPE TERM INT HUP);

# As subreaper (prctl(2), 36) this inherits the orphans of its programs. The number of the system
# call depends on the machine; the runner knows it.
my $prctl = ($ARGV[0] || 0) + 0;
my $reaps_orphans = $prctl && syscall($prctl, 36, 1, 0, 0, 0) == 0;

my %running;    # pid to id
my %held;       # id to the runner's ends of its pipes

sub reply { syswrite($replies, join(' ', @_) . "\n") }

sub reap {
    $child_died = 0;
    while ((my $pid = waitpid(-1, 1)) > 0) {    # 1 is WNOHANG
        my $status = $?;
        my $id = delete $running{$pid};
        reply('exited', $id, $status) if defined $id;
    }
}

sub become {
    my ($in, $out, $err, $cwd, $file, $argv, $pairs) = @_;
    setpgrp(0, 0);
    chdir($cwd) or return;
    if ($in) { open(STDIN, '<&', $in) or return }
    else     { open(STDIN, '<', '/dev/null') or return }
    open(STDOUT, '>&', $out) or return;
    open(STDERR, '>&', $err || $out) or return;
    for my $pair (@$pairs) {
        my ($name, $value) = split(/=/, $pair, 2);
        $ENV{$name} = $value;
    }
    no warnings 'exec';
    exec {$file} @$argv;
}

sub run {
    my ($id, $wants, $cwd, $file, $argc, @rest) = @_;
    my @argv = splice(@rest, 0, $argc);
    my ($in, $feed, $read_out, $out, $read_err, $err);
    my $piped = ($wants !~ /i/ || pipe($in, $feed)) && pipe($read_out, $out);
    $piped &&= pipe($read_err, $err) unless $wants =~ /m/;
    my $pid = $piped ? fork() : undef;
    return reply('refused', $id, $! + 0) unless defined $pid;
    if ($pid == 0) {
        become($in, $out, $err, $cwd, $file, \@argv, \@rest);
        reply('failed', $id, $! + 0);
        kill('KILL', $$);
    }
    setpgrp($pid, $pid);    # here as well: the runner may signal the group as soon as it is told
    $running{$pid} = $id;
    $held{$id} = [$feed, $read_out, $read_err];
    reply('started', $id, $pid, map { $_ ? fileno($_) : -1 } $feed, $read_out, $read_err);
}

sub obey {
    my ($verb, @fields) = @_;
    if    ($verb eq 'run')    { run(@fields) }
    elsif ($verb eq 'opened') { delete $held{ $fields[0] } }
    elsif ($verb eq 'env')    { %ENV = map { split(/=/, $_, 2) } @fields }
}

sub children {
    return keys %running unless $reaps_orphans;
    open(my $list, '<', "/proc/$$/task/$$/children") or return keys %running;
    return split(' ', <$list> // '');
}

sub kill_all {
    for (1 .. 200) {
        my @pids = children() or return;
        kill('KILL', map { (-$_, $_) } @pids);
        select(undef, undef, undef, 0.005);
        while ((my $pid = waitpid(-1, 1)) > 0) { delete $running{$pid} }
    }
}

pipe(my $probe, my $probe_end) or die "no pipe: $!";
reply('ready', fileno($probe), $reaps_orphans ? 1 : 0);

my $buffer = '';
while (1) {
    my $ready = '';
    vec($ready, fileno($requests), 1) = 1;
    # A child may die between the look at the flag and the wait: the timeout bounds what that costs.
    my $found = select($ready, undef, undef, $child_died ? 0 : %running ? 0.05 : undef);
    reap() if $child_died;
    next unless $found > 0;
    my $got = sysread($requests, $buffer, 65536, length $buffer);
    next unless defined $got;
    last if $got == 0;
    while (length $buffer >= 4) {
        my $length = unpack('N', $buffer);
        last if length $buffer < 4 + $length;
        my @fields = split(/\0/, substr($buffer, 4, $length), -1);
        substr($buffer, 0, 4 + $length) = '';
        obey(@fields);
    }
}
kill_all();
