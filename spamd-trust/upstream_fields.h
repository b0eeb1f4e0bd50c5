/*
 * upstream_fields.h - the X-Spam fields that another spamd would add to a message.
 *
 * Taken from its answer to HEADERS, for those that we would not add ourselves. Left out are, in
 * any case, the fields that state a verdict (Flag, Level, Status, Report, Checker-Version), as
 * there must be one verdict in a message, ours, which has the other's score in it; what begins
 * with Trust-, which only we may say; and Prev- fields, which are old ones kept. The other side
 * removes such fields that a sender put into his message, as SpamAssassin does (SPEC 9.2).
 */
#ifndef SPAMD_TRUST_UPSTREAM_FIELDS_H
#define SPAMD_TRUST_UPSTREAM_FIELDS_H

#include "common/conf/settings.h"

/** All fields together; one that does not fit any more is left out. */
#define UPSTREAM_FIELDS_MAX_BYTES ((size_t)64 * 1024)

/**
 * Reads a header up to its empty line. `out` is whole lines with LF in the arena, folds as they
 * came, fit to stand in a header; empty for none. @return 0 or ERR_NOMEM.
 */
NODISCARD int upstream_fields_read(struct slice header, const struct settings *settings,
	struct arena *arena, struct slice *out);

#endif
