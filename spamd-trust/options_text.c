#include <zlib.h>

#include <openssl/opensslv.h>

#include "product_version.h"
#include "spamd-trust/options.h"

/*
 * The first line and the two "with" lines are looked for by scripts and by SpamAssassin's own
 * tests.
 */
static const char version_text[] = "SpamAssassin Server version 4.0.1\n"
				   "  running on spamd-trust " PRODUCT_VERSION "\n"
				   "  with SSL support (" OPENSSL_VERSION_TEXT ")\n"
				   "  with zlib support (zlib " ZLIB_VERSION ")\n";

static const char help_text[] =
	"\n"
	"spamd-trust answers spamc and other clients of spamd; it scores mail by who vouches\n"
	"for its sender.\n"
	"\n"
	"Usage:\n"
	"  spamd-trust [options]\n"
	"\n"
	"Listening\n"
	"  -i, --listen [ADDR[:PORT]]    address, name, * for all, or /PATH of a UNIX socket;\n"
	"                                ssl: in front for TLS; repeatable (default localhost)\n"
	"  -p, --port PORT               where -i names none (default 783)\n"
	"  -4, --ipv4-only / -6          one address family only\n"
	"      --socketpath PATH         listen on this UNIX socket; alone: on no TCP port\n"
	"      --socketowner NAME, --socketgroup NAME, --socketmode OCTAL (0666)\n"
	"  -A, --allowed-ips LIST        clients that may connect: addresses, CIDR, 10.\n"
	"                                (default 127.0.0.1,::1)\n"
	"      --ssl                     TLS on all TCP ports; --ssl-port PORT\n"
	"      --server-key FILE, --server-cert FILE\n"
	"      --ssl-verify              ask for client certificates; --ssl-ca-file FILE,\n"
	"                                --ssl-ca-path DIR\n"
	"\n"
	"Running\n"
	"  -d, --daemonize               to the background once it listens\n"
	"  -r, --pidfile FILE            write the process id there\n"
	"  -u, --username NAME, -g, --groupname NAME   run as (not root)\n"
	"  -U, --default-user NAME       started as root without -u: run as (default nobody)\n"
	"  -P, --paranoid                refuse requests for unknown users\n"
	"  -m, --max-children N          worker threads (default: one per core)\n"
	"  -T, --timeout-tcp SECONDS     for the command line (command_timeout: 30; 0: none)\n"
	"  -t, --timeout-child SECONDS   from there to the answer (request_timeout: 300; 0: none)\n"
	"  -l, --allow-tell              accept TELL (spamc -L and -C)\n"
	"\n"
	"Settings\n"
	"      --store DIR               the stores graph/, private/ and ledger/\n"
	"                                (default /var/lib/spamd-trust)\n"
	"  -C, --configpath PATH         a .cf file, or a directory of them\n"
	"      --siteconfigpath DIR      read after it\n"
	"      --cf LINE, --pre LINE     further lines; repeatable\n"
	"  -x, --nouser-config           no user_prefs of users\n"
	"      --virtual-config-dir PATTERN   with -x and -u: DIR/user_prefs; %u %l %d %x\n"
	"      --check-config            read everything, report, and exit: 0, or 78\n"
	"\n"
	"Log\n"
	"  -s, --syslog WHERE            a syslog facility (default mail), stderr, null or a file\n"
	"      --syslog-socket none      stderr instead of syslog\n"
	"      --log-timestamp-fmt FMT   strftime(3); empty for none\n"
	"  -D, --debug [AREAS]           more lines, also to standard error\n"
	"\n"
	"  -h, --help; -V, --version\n"
	"\n"
	"Accepted without effect: -c -H -L --max-conn-per-child --max-spare --min-children\n"
	"--min-spare --round-robin --timing. Booleans have a --no form. Names may be shortened.\n"
	"\n"
	"Examples\n"
	"  spamd-trust -i 127.0.0.1 -u spamd-trust -x -s mail\n"
	"  spamd-trust --socketpath /run/spamd.sock --socketmode 0660 -s stderr\n"
	"  spamd-trust --check-config -C /etc/spamassassin\n";

const char *
options_version_text(void)
{
	return version_text;
}

const char *
options_help_text(void)
{
	return help_text;
}
