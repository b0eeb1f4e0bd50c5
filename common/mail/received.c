#include "common/mail/received.h"

#include "common/base/strnum.h"
#include "common/mail/lexer.h"

/* The from clause: what stands between "from" and "by". */
struct from_clause {
	struct slice words[3];
	size_t word_count; /* of all, also beyond words[] */
	struct slice comments[2];
	size_t comment_count; /* of all, also beyond comments[] */
};

/* What a comment behind the name in the from clause turned out to be. */
enum hint {
	HINT_NONE,    /* nothing known */
	HINT_KEYED,   /* only keyed words: "HELO x", "helo=x port=2525" */
	HINT_ADDRESS, /* the address of the peer */
	HINT_LOCAL,   /* somebody on the host: OpenSMTPD's [local] */
};

/* What stands behind the from clause. */
struct clauses {
	struct slice by;
	struct slice with;
	bool is_exim;      /* the comment "(Exim ...)" */
	bool is_pickup;    /* the comment "(Postfix, from userid N)" */
	bool is_ambiguous; /* "by" or "with" twice, or "with" first: a HELO name with blanks? */
};

static const char word_blanks[] = " \t\r\n";

static bool
is_word_byte(uint8_t c)
{
	return c > ' ' && c != '(' && c != ';';
}

/* next_word - the next word, behind blanks and comments; empty at ";" and at the end */
static struct slice
next_word(struct lexer *lx)
{
	lexer_skip_cfws(lx);
	return lexer_run(lx, is_word_byte);
}

static bool
is_clause_keyword(struct slice word)
{
	static const char *const keywords[] = {"by", "via", "with", "id", "for"};

	for (size_t i = 0; i < ARRAY_LEN(keywords); i++) {
		if (slice_eq_nocase(word, slice_str(keywords[i]))) {
			return true;
		}
	}
	return false;
}

/* read_from - up to the next keyword; the first word is the name, even where it reads "by" */
static void
read_from(struct lexer *lx, struct from_clause *from)
{
	for (;;) {
		size_t start;
		struct slice word;

		lexer_skip_fws(lx);
		if (lexer_peek(lx) == '(') {
			struct slice comment = lexer_comment(lx);

			if (from->comment_count < ARRAY_LEN(from->comments)) {
				from->comments[from->comment_count] = slice_trim(comment);
			}
			from->comment_count++;
			continue;
		}
		start = lx->at;
		word = lexer_run(lx, is_word_byte);
		if (word.len == 0 || (from->word_count > 0 && is_clause_keyword(word))) {
			lx->at = start;
			return;
		}
		if (from->word_count < ARRAY_LEN(from->words)) {
			from->words[from->word_count] = word;
		}
		from->word_count++;
	}
}

/* set_once - "by uid 1000" is what qmail-scanner adds to its own "by" */
static void
set_once(struct clauses *clauses, struct slice *field, struct slice value)
{
	if (field->len == 0) {
		*field = value;
	} else if (!slice_eq(value, SLICE("uid"))) {
		clauses->is_ambiguous = true;
	}
}

static void
read_clauses(struct lexer *lx, struct clauses *out)
{
	for (;;) {
		struct slice word;

		lexer_skip_fws(lx);
		if (lexer_peek(lx) == '(') {
			struct slice comment = lexer_comment(lx);

			out->is_exim |= slice_starts_with(comment, SLICE("Exim "));
			out->is_pickup |=
				slice_starts_with(comment, SLICE("Postfix, from userid"));
			continue;
		}
		word = lexer_run(lx, is_word_byte);
		if (word.len == 0) {
			return; /* the date, or the end */
		}
		if (slice_eq_nocase(word, SLICE("by"))) {
			set_once(out, &out->by, next_word(lx));
		} else if (slice_eq_nocase(word, SLICE("with"))) {
			out->is_ambiguous |= out->by.len == 0;
			set_once(out, &out->with, next_word(lx));
		}
	}
}

static bool
is_bracketed(struct slice host)
{
	return host.len > 0 && host.data[0] == '[';
}

/* parse_address - bare, or in brackets and then perhaps with ":PORT" behind */
static bool
parse_address(struct slice host, struct net_address *out)
{
	if (is_bracketed(host)) {
		size_t close = slice_find_byte(host, ']') + 1;
		struct slice behind = slice_skip(host, close);
		uint32_t port;

		if (behind.len > 0 &&
			(behind.data[0] != ':' ||
				strnum_u32(slice_skip(behind, 1), UINT16_MAX, &port) != 0)) {
			return false;
		}
		host = slice_take(host, close);
	}
	return net_address_parse(host, out) == 0;
}

/* real_name - a reverse name, where there is one */
static struct slice
real_name(struct slice host)
{
	return slice_eq_nocase(host, SLICE("unknown")) ? slice_of(NULL, 0) : host;
}

/* set_helo - the first counts: an ident answer comes behind it and may hold "helo=" too */
static void
set_helo(struct received *out, struct slice helo)
{
	if (out->helo.len == 0) {
		out->helo = helo;
	}
}

/* take_keyed - "helo=NAME", "HELO NAME" and other keyed words; false for any other token */
static bool
take_keyed(struct slice token, struct slice *rest, struct received *out)
{
	struct slice tag = SLICE("helo=");
	struct slice value;

	if (slice_eq_nocase(token, SLICE("HELO")) || slice_eq_nocase(token, SLICE("EHLO"))) {
		(void)slice_next_token(rest, word_blanks, &value);
		set_helo(out, value);
		return true;
	}
	if (slice_eq_nocase(token, SLICE("account"))) { /* CommuniGate Pro, with a name */
		(void)slice_next_token(rest, word_blanks, &value);
		return true;
	}
	if (slice_starts_with_nocase(token, tag)) {
		set_helo(out, slice_skip(token, tag.len));
	}
	return slice_find_byte(token, '=') < token.len;
}

/* read_keyed - the rest of a comment that began with a keyed word */
static enum hint
read_keyed(struct slice rest, struct received *out)
{
	struct slice token;

	while (slice_next_token(&rest, word_blanks, &token)) {
		if (!take_keyed(token, &rest, out)) {
			return HINT_NONE;
		}
	}
	return HINT_KEYED;
}

/*
 * read_comment - the address is the first token, or in brackets the second, behind the reverse
 * name. Behind it only keyed words and remarks ("(may be forged)") are known: one more bracket
 * there means that the first came out of an ident answer.
 */
static enum hint
read_comment(struct slice comment, struct received *out)
{
	struct slice rest = comment;
	struct slice token;

	if (!slice_next_token(&rest, word_blanks, &token)) {
		return HINT_NONE;
	}
	if (take_keyed(token, &rest, out)) {
		return read_keyed(rest, out);
	}
	/* "root@mail.example.org" without the ident answer, which may hold an "@" too */
	token = slice_behind_last(token, '@');
	if (!is_bracketed(token) && slice_trim(rest).len > 0) {
		out->rdns = real_name(token);
		(void)slice_next_token(&rest, word_blanks, &token);
		if (!is_bracketed(token)) {
			return HINT_NONE;
		}
	}
	if (slice_eq(token, SLICE("[local]"))) {
		return HINT_LOCAL;
	}
	if (!parse_address(token, &out->peer)) {
		return HINT_NONE;
	}
	while (slice_next_token(&rest, word_blanks, &token)) {
		if (!take_keyed(token, &rest, out) && slice_find_byte(token, '[') < token.len) {
			return HINT_NONE;
		}
	}
	return HINT_ADDRESS;
}

/*
 * has_second_address - does the next comment read as the server's own as well?
 *
 * Servers that let parentheses through in HELO write what the peer made look like their own
 * comment before it. What they say of TLS and logins behind it does not read as an address.
 */
static bool
has_second_address(const struct from_clause *from)
{
	struct received unused = {0};

	return from->comment_count > 1 &&
	       read_comment(from->comments[1], &unused) == HINT_ADDRESS;
}

/* from_name_and_comment - "NAME (...)" and what servers put inside */
static enum received_kind
from_name_and_comment(const struct from_clause *from, struct received *out)
{
	struct slice name = from->words[0];
	enum hint hint = read_comment(from->comments[0], out);

	if (hint == HINT_KEYED && from->comment_count > 1) {
		hint = read_comment(from->comments[1], out); /* qmail: (HELO x) (192.0.2.1) */
		out->rdns_is_doubtful = true;
	} else if (hint == HINT_KEYED && is_bracketed(name) &&
		   parse_address(name, &out->peer)) {
		return RECEIVED_FROM_PEER; /* Exim: [192.0.2.1] (helo=x) */
	}
	if (hint == HINT_LOCAL ||
		(slice_eq(name, SLICE("localhost")) &&
			slice_ends_with(from->comments[0], SLICE("@localhost")))) {
		return RECEIVED_SUBMITTED; /* the latter is sendmail -bs */
	}
	if (hint != HINT_ADDRESS || (!out->rdns_is_doubtful && has_second_address(from))) {
		return RECEIVED_UNKNOWN;
	}
	if (slice_find(from->comments[0], SLICE("may be forged")) < from->comments[0].len) {
		out->rdns_is_doubtful = true;
	}
	if (out->helo.len == 0) {
		out->helo = name;
	} else if (out->rdns.len == 0) {
		out->rdns = real_name(name);
	}
	return RECEIVED_FROM_PEER;
}

static enum received_kind
find_peer(const struct from_clause *from, bool is_exim, struct received *out)
{
	const struct slice *words = from->words;

	if (from->word_count == 1 && from->comment_count > 0) {
		return from_name_and_comment(from, out);
	}
	/* Exim leaves the comment out where the HELO name is the address. */
	if (from->word_count == 1 && is_exim && is_bracketed(words[0]) &&
		parse_address(words[0], &out->peer)) {
		out->helo = words[0];
		return RECEIVED_FROM_PEER;
	}
	if (from->word_count == 3 && from->comment_count == 0 &&
		slice_eq(words[0], SLICE("mail")) && slice_eq(words[1], SLICE("pickup")) &&
		slice_eq(words[2], SLICE("service"))) {
		return RECEIVED_SUBMITTED; /* Microsoft SMTPSVC */
	}
	return RECEIVED_UNKNOWN;
}

static bool
starts_with_one_of(struct slice with, const char *const *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_starts_with_nocase(with, slice_str(prefixes[i]))) {
			return true;
		}
	}
	return false;
}

/* kind_of_comment - what stands instead of a from clause: sendmail, qmail, nullmailer */
static enum received_kind
kind_of_comment(struct slice comment)
{
	if (slice_find(comment, SLICE(" invoked from network")) < comment.len) {
		return RECEIVED_INSIDE;
	}
	return slice_starts_with(comment, SLICE("from ")) ||
			       slice_find(comment, SLICE(" invoked ")) < comment.len
		       ? RECEIVED_SUBMITTED
		       : RECEIVED_UNKNOWN;
}

static enum received_kind
kind_of_clauses(
	const struct from_clause *from, const struct clauses *clauses, struct received *out)
{
	static const char *const submitted[] = {"local", "POP", "IMAP"};
	static const char *const inside[] = {"LMTP", "qmail-scanner"};
	enum received_kind kind;

	if (starts_with_one_of(clauses->with, submitted, ARRAY_LEN(submitted)) ||
		clauses->is_pickup) {
		return RECEIVED_SUBMITTED;
	}
	if (from->word_count == 0) {
		return clauses->by.len > 0 ? RECEIVED_INSIDE : RECEIVED_UNKNOWN;
	}
	kind = find_peer(from, clauses->is_exim, out);
	/* Only a plain name: what cannot be read may hold anything the peer said. */
	if (kind == RECEIVED_UNKNOWN && from->word_count == 1 && from->comment_count == 0 &&
		starts_with_one_of(clauses->with, inside, ARRAY_LEN(inside))) {
		return RECEIVED_INSIDE;
	}
	return kind;
}

void
received_parse(struct slice body, struct received *out)
{
	struct from_clause from = {.word_count = 0};
	struct clauses clauses = {.is_exim = false};
	struct slice comment = {0};
	struct lexer lx;
	size_t start;

	*out = (struct received){.kind = RECEIVED_UNKNOWN};
	lexer_init(&lx, body);
	lexer_skip_fws(&lx);
	if (lexer_peek(&lx) == '(') {
		comment = lexer_comment(&lx);
		lexer_skip_fws(&lx);
	}
	start = lx.at;
	if (slice_eq_nocase(lexer_run(&lx, is_word_byte), SLICE("from"))) {
		read_from(&lx, &from);
	} else {
		lx.at = start;
	}
	read_clauses(&lx, &clauses);
	if (lx.error == 0 && !clauses.is_ambiguous &&
		(lexer_peek(&lx) == ';' || lexer_peek(&lx) == LEXER_END)) {
		out->kind = comment.len > 0 ? kind_of_comment(comment)
					    : kind_of_clauses(&from, &clauses, out);
	}
	if (out->kind != RECEIVED_FROM_PEER) {
		*out = (struct received){.kind = out->kind}; /* no half of what was tried */
	}
	if (out->kind != RECEIVED_UNKNOWN) {
		out->by = clauses.by;
		out->with = clauses.with;
	}
}
