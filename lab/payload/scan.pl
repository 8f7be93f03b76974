#!/usr/bin/perl
# FOR THE LAB ONLY. What an intruder would leave in /dev/shm: asks for port 22 at very many addresses. It sends nothing but connection
# requests, only into 198.18.0.0/15 (set apart for tests, RFC 2544), and refuses to run where the lab's marks are missing.
# Bounds: at most 5000 addresses, 15 seconds, 200 sockets at once. usage: scan.pl [ADDRESSES [SECONDS]]
# Needs perl-base only, which every Debian has.
use strict;
use warnings;
use Errno qw(EINPROGRESS);
use POSIX ();
use Socket qw(:DEFAULT SOCK_NONBLOCK);

my $addresses = $ARGV[0] // 1500;
my $seconds = $ARGV[1] // 8;
die "scan.pl: wrong numbers\n" unless "$addresses $seconds" =~ /^\d+ \d+$/ && $addresses <= 5000 && $seconds >= 1 && $seconds <= 15;

# The marks: a host called srv-*, whose only route to the test range is the lab's router. /proc/net/route writes addresses in hexadecimal,
# in the byte order of the machine.
sub in_lab {
    return 0 unless (POSIX::uname())[1] =~ /^srv-[a-z]$/;
    my ($net, $via) = map { sprintf '%08X', unpack 'L', inet_aton($_) } '198.18.0.0', '192.0.2.1';
    open my $routes, '<', '/proc/net/route' or return 0;
    return grep { /^\S+\t$net\t$via\t/ } <$routes>;
}
die "scan.pl: this is not a server of the Pinfold lab; doing nothing\n" unless in_lab();

my $started = time;
my $per_tick = POSIX::ceil($addresses / ($seconds * 20));    # a tick is 50 ms
my (@open, $asked);
for ($asked = 0; $asked < $addresses && time - $started <= $seconds; ) {
    for (1 .. $per_tick) {
        last if $asked >= $addresses;
        # Steps through 198.18.0.0 - 198.18.31.255 without repeating; an odd factor visits all 8192.
        my $low = ($asked++ * 2909 + $$) % 8192;
        socket(my $socket, PF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0) or next;
        my $to = pack_sockaddr_in(22, pack('C4', 198, 18, $low >> 8, $low & 255));
        push @open, $socket if connect($socket, $to) || $! == EINPROGRESS;
    }
    splice @open, 0, @open - 200 if @open > 200;    # closing gives up on those that stay silent
    select undef, undef, undef, 0.05;
}
exit 0;
