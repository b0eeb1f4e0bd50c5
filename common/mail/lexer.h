/*
 * lexer.h - the tokens that structured field bodies are made of (RFC 5322 section 3.2).
 *
 * A cursor over a raw field body with a sticky error, for the parsers of this directory. Line
 * endings count as blanks, since in a field body only folds are left; a NUL or a CR without LF
 * is an error wherever it stands, because mail clients disagree about them. Bytes above 127
 * count as letters (RFC 6532, and what was sent before it).
 */
#ifndef COMMON_MAIL_LEXER_H
#define COMMON_MAIL_LEXER_H

#include "common/base/attr.h"
#include "common/base/slice.h"

/** Nesting of comments; nobody writes three. */
#define LEXER_COMMENT_DEPTH_MAX 16

/** What lexer_peek returns at the end and after an error. */
#define LEXER_END (-1)

/** Parsers may read all fields, and put back an `at` they saved; the rest is private. */
struct lexer {
	struct slice in;
	size_t at;       /**< offset of the next byte */
	bool saw_cfws;   /**< blanks or comments were skipped */
	bool saw_quote;  /**< a comment ended behind an odd number of quotes */
	int error;       /**< 0, ERR_INVALID, or ERR_TOOBIG for comments nested too deep */
	size_t error_at; /**< where the token at fault starts */
};

/** Borrows the input. */
void lexer_init(struct lexer *lx, struct slice in);

/** The next byte, or LEXER_END. */
static inline int
lexer_peek(const struct lexer *lx)
{
	return lx->error != 0 || lx->at >= lx->in.len ? LEXER_END : lx->in.data[lx->at];
}

/** Takes the next byte if it is c. */
static inline bool
lexer_accept(struct lexer *lx, uint8_t c)
{
	if (lexer_peek(lx) != c) {
		return false;
	}
	lx->at++;
	return true;
}

/** Records an error at the current place, unless there is one; returns it. */
int lexer_fail(struct lexer *lx, int code);

/** As lexer_fail, at another place. */
int lexer_fail_at(struct lexer *lx, int code, size_t at);

/** The work of lexer_skip_fws() and lexer_skip_cfws() where there is something to skip. */
void lexer_skip_blanks(struct lexer *lx);
void lexer_skip_comments(struct lexer *lx);

static inline bool
lexer_is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/** Skips blanks and folds. */
static inline void
lexer_skip_fws(struct lexer *lx)
{
	if (lexer_is_blank(lexer_peek(lx))) {
		lexer_skip_blanks(lx);
	}
}

/** Skips blanks, folds and comments. */
static inline void
lexer_skip_cfws(struct lexer *lx)
{
	lexer_skip_fws(lx);
	if (lexer_peek(lx) == '(') {
		lexer_skip_comments(lx);
	}
}

/** Takes a comment that starts here; what is inside, raw, nested ones too. Empty on error. */
struct slice lexer_comment(struct lexer *lx);

/** Takes a quoted string that starts here; what is between the quotes, raw. Empty on error. */
struct slice lexer_quoted(struct lexer *lx);

/** Takes a domain literal that starts here, with its brackets. Empty on error. */
struct slice lexer_literal(struct lexer *lx);

/** atext of RFC 5322, or above 127. */
static inline bool
lexer_is_atext(uint8_t c)
{
	/* A bit for each byte below 0x80: letters, digits and !#$%&'*+-/=?^_`{|}~ */
	static const uint64_t atext[2] = {0xa3ffacfa00000000U, 0x7fffffffc7fffffeU};

	return c >= 0x80 || (atext[c >> 6] >> (c & 63) & 1) != 0;
}

/** Takes bytes while `is_part` holds; empty where there is none. */
static inline struct slice
lexer_run(struct lexer *lx, bool (*is_part)(uint8_t c))
{
	size_t start = lx->at;

	if (lx->error != 0) {
		return slice_of(NULL, 0);
	}
	while (lx->at < lx->in.len && is_part(lx->in.data[lx->at])) {
		lx->at++;
	}
	return slice_take(slice_skip(lx->in, start), lx->at - start);
}

/** Takes a run of atext and bytes above 127; empty where there is none. */
static inline struct slice
lexer_atom(struct lexer *lx)
{
	return lexer_run(lx, lexer_is_atext);
}

/**
 * Takes the next byte of raw quoted content from *raw: quoted pairs give the byte behind the
 * backslash, line endings of folds are left out. @return it, or LEXER_END.
 */
int lexer_unquote_next(struct slice *raw);

/** Whether raw quoted content has anything for lexer_unquote_next to take out. */
bool lexer_is_escaped(struct slice raw);

#endif
