/*
 * ctl_lines.h - cuts the bytes of a control socket into lines.
 *
 * Feed what came, then take lines until there is none. Nothing is kept beyond CTL_LINE_MAX bytes: a
 * line without an end by then is ERR_TOOBIG, and the connection is of no more use.
 */
#ifndef COMMON_CTL_CTL_LINES_H
#define COMMON_CTL_CTL_LINES_H

#include "common/ctl/ctl_message.h"

/** Fields are private. */
struct ctl_lines {
	struct dynbuf bytes;
	size_t taken; /* bytes of the line given out last, LF included */
};

void ctl_lines_init(struct ctl_lines *l);
void ctl_lines_fini(struct ctl_lines *l);

/** How many bytes may be fed now; 0: take a line first. */
size_t ctl_lines_room(const struct ctl_lines *l);

/** Adds bytes, at most ctl_lines_room(). @return 0, ERR_TOOBIG, ERR_NOMEM. */
NODISCARD int ctl_lines_feed(struct ctl_lines *l, struct slice bytes);

/**
 * The next line without its LF, borrowed until the next call.
 * @return 1 and the line; 0 when more bytes are needed; ERR_TOOBIG.
 */
NODISCARD int ctl_lines_next(struct ctl_lines *l, struct slice *line_out);

#endif
