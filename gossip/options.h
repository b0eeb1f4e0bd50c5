/*
 * options.h - the command line of gossip.
 */
#ifndef GOSSIP_OPTIONS_H
#define GOSSIP_OPTIONS_H

#include <stdbool.h>

#include "common/base/err.h"

/** Borrowed from argv. */
struct options {
	const char *store; /**< store directory */
	const char *
		config; /**< -C: a file, or a directory with *.pre and *.cf; NULL: the site's */
	const char *username; /**< -u: the account to become; NULL: stay who we are */
	bool check_config;
	bool debug;
	bool show_help;
	bool show_version;
};

/** @return 0 or ERR_INVALID with the word at fault in msg. */
NODISCARD int options_parse(int argc, char **argv, struct options *out, struct err_msg *msg);

const char *options_help_text(void);

#endif
