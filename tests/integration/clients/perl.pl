# Prints, as JSON, what Mail::SpamAssassin::Client understood of each answer.
#
# usage: perl.pl PORT|SOCKET < message
use strict;
use warnings;

use JSON::PP;
use Mail::SpamAssassin::Client;

my ($place) = @ARGV;
my $message = do { local $/; <STDIN> };
my %where = $place =~ m{/} ? (socketpath => $place) : (host => '127.0.0.1', port => $place);
my $client = Mail::SpamAssassin::Client->new({%where, username => 'alice'});
my %got = (ping => $client->ping() ? 1 : 0);

for my $command (qw(check process headers spam_report spam_report_ifspam)) {
	$got{$command} = $client->$command($message);
}
$got{learn} = $client->learn($message, 0);
$got{learn_code} = $client->{resp_code};
print JSON::PP->new->latin1->encode(\%got);
