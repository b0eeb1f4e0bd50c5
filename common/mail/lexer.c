#include "common/mail/lexer.h"

#include "common/base/err.h"

void
lexer_init(struct lexer *lx, struct slice in)
{
	*lx = (struct lexer){.in = in};
}

int
lexer_fail_at(struct lexer *lx, int code, size_t at)
{
	if (lx->error == 0) {
		lx->error = code;
		lx->error_at = at;
	}
	return lx->error;
}

int
lexer_fail(struct lexer *lx, int code)
{
	return lexer_fail_at(lx, code, lx->at);
}

/* is_broken - a byte no token may hold: a NUL, or a CR that does not belong to a line ending */
static bool
is_broken(const struct lexer *lx)
{
	uint8_t c = lx->in.data[lx->at];

	if (c == '\r') {
		return lx->at + 1 >= lx->in.len || lx->in.data[lx->at + 1] != '\n';
	}
	return c == '\0';
}

/*
 * skip_plain - takes the run of bytes that mean nothing to any token; most of a comment or
 * quoted string
 */
static void
skip_plain(struct lexer *lx)
{
	/* A bit for each byte below 0x80 that may mean something: NUL, CR and "()[\] */
	static const uint64_t special[2] = {0x0000030400002001U, 0x0000000038000000U};
	const uint8_t *data = lx->in.data;
	size_t at = lx->at;

	while (at < lx->in.len &&
		(data[at] >= 0x80 || (special[data[at] >> 6] >> (data[at] & 63) & 1) == 0)) {
		at++;
	}
	lx->at = at;
}

/* take - the next byte, checked; LEXER_END at the end */
static int
take(struct lexer *lx)
{
	if (lexer_peek(lx) == LEXER_END) {
		return LEXER_END;
	}
	if (is_broken(lx)) {
		lexer_fail(lx, ERR_INVALID);
		return LEXER_END;
	}
	return lx->in.data[lx->at++];
}

/* take_pair - the byte behind a backslash; a line ending cannot be quoted away */
static void
take_pair(struct lexer *lx)
{
	int c = lexer_peek(lx);

	if (c == '\r' || c == '\n') {
		lexer_fail(lx, ERR_INVALID);
	}
	(void)take(lx);
}

void
lexer_skip_blanks(struct lexer *lx)
{
	while (lexer_is_blank(lexer_peek(lx))) {
		(void)take(lx);
		lx->saw_cfws = true;
	}
}

void
lexer_skip_comments(struct lexer *lx)
{
	while (lexer_peek(lx) == '(') {
		(void)lexer_comment(lx);
		lx->saw_cfws = true;
		lexer_skip_fws(lx);
	}
}

/* finish - the token between `start` and the closing byte just taken, or an error at `start` */
static struct slice
finish(struct lexer *lx, size_t start, int last, uint8_t closing)
{
	if (last != closing) {
		lexer_fail_at(lx, ERR_INVALID, start);
		return slice_of(NULL, 0);
	}
	return slice_of(lx->in.data + start + 1, lx->at - start - 2);
}

struct slice
lexer_comment(struct lexer *lx)
{
	size_t start = lx->at;
	size_t depth = 0;
	bool in_quote = false;
	int c;

	do {
		skip_plain(lx);
		c = take(lx);
		if (c == '(') {
			depth++;
		} else if (c == ')') {
			depth--;
		} else if (c == '"') {
			in_quote = !in_quote;
		} else if (c == '\\') {
			take_pair(lx);
		}
		if (depth > LEXER_COMMENT_DEPTH_MAX) {
			lexer_fail_at(lx, ERR_TOOBIG, start);
		}
	} while (depth > 0 && c != LEXER_END);
	lx->saw_quote |= in_quote;
	return finish(lx, start, c, ')');
}

struct slice
lexer_quoted(struct lexer *lx)
{
	size_t start = lx->at++;
	int c;

	do {
		skip_plain(lx);
		c = take(lx);
		if (c == '\\') {
			take_pair(lx);
		}
	} while (c != '"' && c != LEXER_END);
	return finish(lx, start, c, '"');
}

struct slice
lexer_literal(struct lexer *lx)
{
	size_t start = lx->at++;
	struct slice inner;
	int c;

	do {
		skip_plain(lx);
		c = take(lx);
	} while (c != ']' && c != '[' && c != '\\' && c != LEXER_END);
	inner = finish(lx, start, c, ']');
	return inner.data == NULL ? inner : slice_of(inner.data - 1, inner.len + 2);
}

int
lexer_unquote_next(struct slice *raw)
{
	while (raw->len > 0) {
		uint8_t c = raw->data[0];

		*raw = slice_skip(*raw, 1);
		if (c == '\\' && raw->len > 0) {
			c = raw->data[0];
			*raw = slice_skip(*raw, 1);
			return c;
		}
		if (c != '\r' && c != '\n') {
			return c;
		}
	}
	return LEXER_END;
}

bool
lexer_is_escaped(struct slice raw)
{
	for (size_t i = 0; i < raw.len; i++) {
		if (raw.data[i] == '\\' || raw.data[i] == '\r' || raw.data[i] == '\n') {
			return true;
		}
	}
	return false;
}
