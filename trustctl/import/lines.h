/*
 * lines.h - cuts a stream of bytes into lines, in bounded memory.
 *
 * Sans-I/O: the caller feeds what it read, in any pieces. A line ends in LF or CRLF. One
 * longer than LINES_MAX comes in several pieces, of which only the first `starts` and only
 * the last `ends` the line, so that a file without a single line ending costs no memory.
 */
#ifndef TRUSTCTL_IMPORT_LINES_H
#define TRUSTCTL_IMPORT_LINES_H

#include "common/base/slice.h"

/** Sixteen times what RFC 5322 section 2.1.1 allows. */
#define LINES_MAX 16384

struct line {
	struct slice text; /**< without its ending; borrowed until the next call */
	uint64_t number;   /**< from 1 */
	bool starts;
	bool ends;
};

/** Fields are private. */
struct lines {
	size_t len;
	uint64_t number;
	bool inside; /* a piece of the present line was handed out */
	bool handed; /* buffer holds what was handed out last */
	uint8_t buffer[LINES_MAX];
};

void lines_init(struct lines *l);

/** True and a line, or false when more input is needed; *used says how much was taken. */
bool lines_feed(struct lines *l, struct slice in, size_t *used, struct line *out);

/** After the end of input: true and what came after the last line ending. */
bool lines_finish(struct lines *l, struct line *out);

#endif
