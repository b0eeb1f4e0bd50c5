/*
 * log_setup.h - where -s, --syslog-socket, --log-timestamp-fmt and -D send the log (SPEC 11, 12.1).
 */
#ifndef SPAMD_TRUST_LOG_SETUP_H
#define SPAMD_TRUST_LOG_SETUP_H

#include "common/base/log.h"
#include "spamd-trust/options.h"

/**
 * Fills *out, which borrows from the options. A name of letters and digits is a syslog
 * facility, anything else a file. Without a syslog daemon (`has_syslog` false) the facility
 * becomes standard error. With -D the log goes to standard error as well, wherever -s sends it,
 * until -d leaves that behind.
 */
void log_setup_choose(const struct options *options, bool has_syslog, struct log_config *out);

/**
 * Chooses and opens; a file that cannot be opened is a warning, and standard error takes its place.
 * @return 0; ERR_NOTFOUND for an unknown facility.
 */
NODISCARD int log_setup_open(const struct options *options, struct err_msg *msg);

#endif
