#include "common/mail/address.h"

#include "common/base/utf8.h"
#include "common/mail/domain.h"
#include "common/mail/lexer.h"

/* Domains may come as U-labels, which are longer than what they become. */
#define DOMAIN_INPUT_MAX (4 * DOMAIN_TEXT_MAX)

/* Parts of an addr-spec as they are collected word by word. */
struct part {
	uint8_t *bytes;
	size_t len;
	size_t cap;
};

static void
part_add(struct lexer *lx, struct part *part, uint8_t c)
{
	if (part->len == part->cap) {
		lexer_fail(lx, ERR_TOOBIG);
		return;
	}
	part->bytes[part->len++] = c;
}

static void
part_add_slice(struct lexer *lx, struct part *part, struct slice s)
{
	if (s.len > part->cap - part->len) {
		lexer_fail(lx, ERR_TOOBIG);
		return;
	}
	if (s.len > 0) {
		memcpy(part->bytes + part->len, s.data, s.len);
		part->len += s.len;
	}
}

/* read_word - an atom, or a quoted string without its quotes */
static void
read_word(struct lexer *lx, struct part *local)
{
	struct slice raw;
	int c;

	if (lexer_peek(lx) != '"') {
		raw = lexer_atom(lx);
		if (raw.len == 0) {
			lexer_fail(lx, ERR_INVALID);
			return;
		}
		part_add_slice(lx, local, raw);
		return;
	}
	raw = lexer_quoted(lx);
	c = lexer_unquote_next(&raw);
	while (c != LEXER_END) {
		part_add(lx, local, (uint8_t)c);
		c = lexer_unquote_next(&raw);
	}
}

/* read_local - word *("." word), RFC 5322 obs-local-part; the "." is kept */
static void
read_local(struct lexer *lx, struct part *local)
{
	lexer_skip_cfws(lx);
	read_word(lx, local);
	lexer_skip_cfws(lx);
	while (lexer_accept(lx, '.')) {
		part_add(lx, local, '.');
		lexer_skip_cfws(lx);
		read_word(lx, local);
		lexer_skip_cfws(lx);
	}
}

/* read_domain - a literal or atom *("." atom), perhaps with a last dot; labels come later */
static void
read_domain(struct lexer *lx, struct part *domain)
{
	lexer_skip_cfws(lx);
	if (lexer_peek(lx) == '[') {
		part_add_slice(lx, domain, lexer_literal(lx));
		return;
	}
	part_add_slice(lx, domain, lexer_atom(lx));
	lexer_skip_cfws(lx);
	while (lexer_accept(lx, '.')) {
		part_add(lx, domain, '.');
		lexer_skip_cfws(lx);
		part_add_slice(lx, domain, lexer_atom(lx));
		lexer_skip_cfws(lx);
	}
}

/* is_dot_atom - whether a local part can be written without quotes */
static bool
is_dot_atom(struct slice local)
{
	bool after_dot = true;

	for (size_t i = 0; i < local.len; i++) {
		bool is_dot = local.data[i] == '.';

		if (is_dot ? after_dot : !lexer_is_atext(local.data[i])) {
			return false;
		}
		after_dot = is_dot;
	}
	return !after_dot;
}

/* put_local - writes the local part in its canonical form */
static int
put_local(struct slice local, bool fold, struct address *out)
{
	bool quote = !is_dot_atom(local);
	size_t at = 0;

	if (!utf8_is_valid(local) || utf8_has_control(local)) {
		return ERR_INVALID;
	}
	if (quote) {
		out->text[at++] = '"';
	}
	for (size_t i = 0; i < local.len; i++) {
		uint8_t c = fold ? ascii_lower(local.data[i]) : local.data[i];

		if (c == '"' || c == '\\') {
			out->text[at++] = '\\';
		}
		out->text[at++] = (char)c;
	}
	if (quote) {
		out->text[at++] = '"';
	}
	out->local_len = (uint16_t)at;
	return at > ADDRESS_LOCAL_MAX ? ERR_TOOBIG : 0;
}

int
address_read(struct lexer *lx, bool fold_local_part, struct address *out)
{
	UNINITIALIZED uint8_t local_bytes[ADDRESS_LOCAL_MAX];
	UNINITIALIZED uint8_t domain_bytes[DOMAIN_INPUT_MAX];
	struct part local = {.bytes = local_bytes, .cap = sizeof(local_bytes)};
	struct part domain = {.bytes = domain_bytes, .cap = sizeof(domain_bytes)};
	struct domain canonical;
	size_t local_at = lx->at;
	size_t domain_at;
	int ret;

	read_local(lx, &local);
	domain_at = lx->at;
	if (!lexer_accept(lx, '@')) {
		return lexer_fail(lx, ERR_INVALID);
	}
	read_domain(lx, &domain);
	if (lx->error != 0) {
		return lx->error;
	}
	ret = put_local(slice_of(local.bytes, local.len), fold_local_part, out);
	if (ret != 0) {
		return lexer_fail_at(lx, ret, local_at);
	}
	ret = domain_normalise_or_literal(slice_of(domain.bytes, domain.len), &canonical);
	if (ret != 0) {
		return lexer_fail_at(lx, ret, domain_at);
	}
	out->len = (uint16_t)(out->local_len + 1 + canonical.len);
	out->text[out->local_len] = '@';
	memcpy(out->text + out->local_len + 1, canonical.text, (size_t)canonical.len + 1);
	return 0;
}

static int
explain(const struct lexer *lx, struct err_msg *msg)
{
	switch (lx->error) {
	case ERR_NOMEM:
		return err_set(msg, lx->error, "%s", err_text(lx->error));
	case ERR_TOOBIG:
		return err_set_at(msg, lx->error, lx->error_at,
			"mail address too long: at most %d bytes before the @ and %d behind it",
			ADDRESS_LOCAL_MAX, DOMAIN_TEXT_MAX);
	default:
		return err_set_at(msg, lx->error, lx->error_at,
			"not a mail address (local-part@domain), look at byte %zu",
			lx->error_at);
	}
}

int
address_parse(struct slice text, bool fold_local_part, struct address *out, struct err_msg *msg)
{
	struct lexer lx;

	lexer_init(&lx, text);
	if (address_read(&lx, fold_local_part, out) == 0 &&
		(lx.saw_cfws || lexer_peek(&lx) != LEXER_END)) {
		lexer_fail(&lx, ERR_INVALID);
	}
	return lx.error == 0 ? 0 : explain(&lx, msg);
}

bool
address_strip_sub_address(const struct address *a, const char *delimiters, struct address *out)
{
	size_t cut = 1;

	*out = *a;
	if (a->local_len == 0 || a->text[0] == '"') {
		return false;
	}
	while (cut < a->local_len && strchr(delimiters, a->text[cut]) == NULL) {
		cut++;
	}
	if (cut + 1 >= a->local_len || a->text[cut - 1] == '.') {
		return false; /* nothing behind it, or what is before it would need quotes */
	}
	memmove(out->text + cut, a->text + a->local_len, (size_t)(a->len - a->local_len) + 1);
	out->len = (uint16_t)(a->len - (a->local_len - cut));
	out->local_len = (uint16_t)cut;
	return true;
}
