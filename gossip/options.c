#include "gossip/options.h"

#include <getopt.h>

#include "common/graph/store_layout.h"

enum {
	OPTION_STORE = 256,
	OPTION_CHECK_CONFIG,
};

static const struct option longs[] = {
	{"store", required_argument, NULL, OPTION_STORE},
	{"config", required_argument, NULL, 'C'},
	{"username", required_argument, NULL, 'u'},
	{"check-config", no_argument, NULL, OPTION_CHECK_CONFIG},
	{"debug", no_argument, NULL, 'D'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

const char *
options_help_text(void)
{
	return "usage: gossip [OPTION...]\n"
	       "\n"
	       "Swaps statements with the sites of friends, in the foreground; the log goes to\n"
	       "standard error.\n"
	       "\n"
	       "  --store DIR          store directory (default " STORE_LAYOUT_ROOT_DEFAULT
	       ")\n"
	       "  -C, --config FILE    settings: a file, or a directory of them (default: that of\n"
	       "                       spamd-trust)\n"
	       "  -u, --username NAME  becomes that account when started as root\n"
	       "  --check-config       says what is wrong with the settings, and ends\n"
	       "  -D, --debug          logs every request\n"
	       "  -h, --help           shows this\n"
	       "  -V, --version        shows the version\n"
	       "\n"
	       "Peers are connected with: trustctl peer\n";
}

int
options_parse(int argc, char **argv, struct options *out, struct err_msg *msg)
{
	int c = 0;

	*out = (struct options){.store = STORE_LAYOUT_ROOT_DEFAULT};
	opterr = 0;
	/* Start-up is single-threaded. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while ((c = getopt_long(argc, argv, ":C:u:DhV", longs, NULL)) != -1) {
		switch (c) {
		case OPTION_STORE:
			out->store = optarg;
			break;
		case 'C':
			out->config = optarg;
			break;
		case 'u':
			out->username = optarg;
			break;
		case OPTION_CHECK_CONFIG:
			out->check_config = true;
			break;
		case 'D':
			out->debug = true;
			break;
		case 'h':
			out->show_help = true;
			break;
		case 'V':
			out->show_version = true;
			break;
		case ':':
			return err_set(msg, ERR_INVALID, "%s wants a value", argv[optind - 1]);
		default:
			return err_set(msg, ERR_INVALID, "unknown option %s, see --help",
				argv[optind - 1]);
		}
	}
	if (optind < argc) {
		return err_set(msg, ERR_INVALID, "%s is no option, see --help", argv[optind]);
	}
	return 0;
}
