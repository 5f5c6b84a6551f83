#!/usr/bin/perl
#
# posts.pl N: N posts of real text as lines of JSON for "mn post --batch".
# The texts are paragraphs and items of the changelogs under /usr/share/doc,
# of 165 to 900 bytes; where these do not suffice, of NEWS and copyright
# files; where those do not either (an image without documentation), they
# come again with a number behind. The same files give the same posts.
# How many there are, and the average size, goes to stderr.

use strict;
use warnings;

use constant { MIN => 165, MAX => 900, FIRST => 1_500_000_000_000 };

my $want = shift // die "usage: posts.pl N\n";
my (%seen, @posts);

# Takes one paragraph or item: [text, package].
sub take {
	my ($text, $package) = @_;
	my ($indent) = $text =~ /^([ \t]*)/;

	$text =~ s/^\Q$indent\E//gm;
	$text =~ s/\s+\z//;
	my $len = length $text;
	return if $len < MIN || $len > MAX;
	return if $text =~ /[^\t\n\x20-\x7e\x80-\xff]/ || !utf8::decode($text);
	utf8::encode($text);
	push @posts, [$text, $package] unless $seen{$text}++;
}

sub read_file {
	my ($path) = @_;
	my ($package) = $path =~ m{^/usr/share/doc/([^/]+)/};
	my ($in, $part) = (undef, '');

	if ($path =~ /\.gz\z/) {
		open $in, '-|', 'gzip', '-dc', $path or die "gzip: $!\n";
	} else {
		open $in, '<', $path or return;
	}
	$package = lc $package;
	while (<$in>) {
		my $apart = /^\s*$/ || /^\S+ \(.*\) .*;/ || /^ -- /;

		if ($apart || /^\s*[-*+] /) {
			take($part, $package);
			$part = '';
		}
		$part .= $_ unless $apart;
	}
	take($part, $package);
	close $in;
}

my %inode;
for my $names ('{changelog,ChangeLog,CHANGELOG,CHANGES}*', 'NEWS*',
	       'copyright') {
	last if @posts >= $want;
	for my $path (sort glob "/usr/share/doc/*/$names") {
		next unless -f $path;
		read_file($path) unless $inode{(stat _)[1]}++;
	}
}
die "no texts under /usr/share/doc\n" unless @posts;

# A step through all of them, so that neighbours have little in common.
my $step = int(@posts * 0.618) || 1;
sub gcd { my ($x, $y) = @_; ($x, $y) = ($y, $x % $y) while $y; $x }
$step++ while gcd($step, scalar @posts) != 1;

my %escape = ("\n" => '\n', "\t" => '\t', '"' => '\"', '\\' => '\\\\');
my ($at, $bytes) = (0, 0);
for my $i (0 .. $want - 1) {
	my ($text, $package) = @{$posts[$at]};
	my $round = int($i / @posts);

	$text .= "\n\n($round)" if $round;
	$bytes += length $text;
	$text =~ s/([\n\t"\\])/$escape{$1}/g;
	printf '{"text":"%s","time":%d,"tags":["%s"]}' . "\n", $text,
		FIRST + $i * 60_000, $package;
	$at = ($at + $step) % @posts;
}
printf STDERR "%d posts, %.0f bytes of text on average, from %d texts\n",
	$want, $bytes / ($want || 1), scalar @posts;
