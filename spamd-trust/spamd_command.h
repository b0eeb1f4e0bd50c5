/*
 * spamd_command.h - the command line of a request (SPEC 2).
 */
#ifndef SPAMD_TRUST_SPAMD_COMMAND_H
#define SPAMD_TRUST_SPAMD_COMMAND_H

#include "common/base/attr.h"
#include "common/base/slice.h"

enum spamd_command {
	SPAMD_CHECK,
	SPAMD_SYMBOLS,
	SPAMD_REPORT,
	SPAMD_REPORT_IFSPAM,
	SPAMD_PROCESS,
	SPAMD_HEADERS,
	SPAMD_TELL,
	SPAMD_SKIP,
	SPAMD_PING,
};

/** The word of the protocol: "CHECK" ... */
const char *spamd_command_name(enum spamd_command command);

/**
 * Finds the command in a line without its line end. As in the original the match is not
 * anchored, scanning commands go before TELL, and TELL before SKIP and PING.
 * @return 0, or ERR_INVALID where there is none.
 */
NODISCARD int spamd_command_parse(
	struct slice line, enum spamd_command *command_out, double *version_out);

/**
 * The number at the start of a version text, as strtod() reads it, except for hexadecimal: "1.5
 * extra" is 1.5, text is 0. It may be infinite, or NAN, which is neither below nor from any
 * version on.
 */
double spamd_version_parse(struct slice text);

#endif
