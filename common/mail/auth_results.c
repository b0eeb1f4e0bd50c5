#include "common/mail/auth_results.h"

#include "common/base/strnum.h"
#include "common/mail/lexer.h"

/* The one version of field and methods there is (RFC 8601 sections 2.2 and 6.2). */
#define KNOWN_VERSION 1

static const struct {
	const char *text;
	enum auth_result_code code;
} result_words[] = {
	{"none", AUTH_RESULT_NONE},
	{"pass", AUTH_RESULT_PASS},
	{"fail", AUTH_RESULT_FAIL},
	{"hardfail", AUTH_RESULT_FAIL},
	{"softfail", AUTH_RESULT_SOFTFAIL},
	{"neutral", AUTH_RESULT_NEUTRAL},
	{"policy", AUTH_RESULT_POLICY},
	{"temperror", AUTH_RESULT_TEMPERROR},
	{"permerror", AUTH_RESULT_PERMERROR},
};

struct results_parser {
	struct lexer lx;
	struct arena *arena;
	struct auth_results *out;
	size_t cap;
};

static enum auth_result_code
code_of(struct slice text)
{
	for (size_t i = 0; i < ARRAY_LEN(result_words); i++) {
		if (slice_eq_nocase(text, slice_str(result_words[i].text))) {
			return result_words[i].code;
		}
	}
	return AUTH_RESULT_OTHER;
}

static bool
is_keyword_byte(uint8_t c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '-' || c == '_';
}

/* is_value_byte - what stands unquoted in real fields: base64, addresses, "256/256" */
static bool
is_value_byte(uint8_t c)
{
	return c > ' ' && c != 0x7f && c != ';' && c != '(' && c != ')' && c != '"' &&
	       c != '\\';
}

static bool
is_id_byte(uint8_t c)
{
	return is_value_byte(c) && c != '=';
}

/* read_keyword - with the blanks and comments around it; empty is an error */
static struct slice
read_keyword(struct lexer *lx)
{
	struct slice word;

	lexer_skip_cfws(lx);
	word = lexer_run(lx, is_keyword_byte);
	if (word.len == 0) {
		lexer_fail(lx, ERR_INVALID);
	}
	lexer_skip_cfws(lx);
	return word;
}

static void
expect(struct lexer *lx, uint8_t c)
{
	if (!lexer_accept(lx, c)) {
		lexer_fail(lx, ERR_INVALID);
	}
}

/* unquote - quoted content without its backslashes and folds */
static struct slice
unquote(struct results_parser *p, struct slice raw)
{
	uint8_t *out;
	size_t len = 0;
	int c;

	if (!lexer_is_escaped(raw)) {
		return raw;
	}
	out = arena_alloc(p->arena, raw.len);
	if (out == NULL) {
		lexer_fail(&p->lx, ERR_NOMEM);
		return slice_of(NULL, 0);
	}
	c = lexer_unquote_next(&raw);
	while (c != LEXER_END) {
		out[len++] = (uint8_t)c;
		c = lexer_unquote_next(&raw);
	}
	return slice_of(out, len);
}

/* read_quoted - without the quotes; but a local part before "@" stays as it is written */
static struct slice
read_quoted(struct results_parser *p)
{
	struct lexer *lx = &p->lx;
	size_t start = lx->at;
	struct slice raw = lexer_quoted(lx);

	if (lexer_peek(lx) != '@') {
		return unquote(p, raw);
	}
	(void)lexer_run(lx, is_value_byte);
	return slice_take(slice_skip(lx->in, start), lx->at - start);
}

/*
 * read_value - what stands behind "=". Blanks may come before it, but then an unquoted value
 * must not hold "=": in `smtp.mailfrom= header.d=x` an empty value is as likely. A domain
 * literal must be whole: OpenDMARC writes that of an envelope sender as it came, where a blank
 * or semicolon within "[...]" would have the sender's words read as results.
 */
static struct slice
read_value(struct results_parser *p)
{
	struct lexer *lx = &p->lx;
	size_t before = lx->at;
	struct slice value;

	lexer_skip_cfws(lx);
	if (lexer_peek(lx) == '"') {
		return read_quoted(p);
	}
	before = lx->at - before;
	value = lexer_run(lx, is_value_byte);
	if ((before > 0 && slice_find_byte(value, '=') < value.len) ||
		(slice_find_byte(value, '[') < value.len) !=
			(slice_find_byte(value, ']') < value.len)) {
		lexer_fail(lx, ERR_INVALID);
	}
	return value;
}

/* is_tolerated - what Microsoft, Yahoo and Fastmail write without a property type */
static bool
is_tolerated(struct slice key)
{
	return slice_eq_nocase(key, SLICE("action")) || slice_eq_nocase(key, SLICE("from")) ||
	       slice_starts_with_nocase(key, SLICE("x-"));
}

/* read_property - ptype.name=value, or reason=value; false for what is not a property */
static bool
read_property(struct results_parser *p, struct auth_result *result, struct auth_property *out)
{
	struct lexer *lx = &p->lx;
	struct slice key = read_keyword(lx);

	*out = (struct auth_property){.name = key};
	if (lexer_accept(lx, '.')) {
		out->ptype = key;
		out->name = read_keyword(lx);
		expect(lx, '=');
		out->value = read_value(p);
		return lx->error == 0;
	}
	expect(lx, '=');
	out->value = read_value(p);
	if (slice_eq_nocase(key, SLICE("reason"))) {
		result->reason = out->value;
		return false;
	}
	if (!is_tolerated(key)) {
		lexer_fail(lx, ERR_INVALID);
	}
	return lx->error == 0;
}

static void
read_properties(struct results_parser *p, struct auth_result *result)
{
	struct lexer *lx = &p->lx;
	UNINITIALIZED struct auth_property found[AUTH_PROPERTIES_MAX];
	size_t n = 0;

	lexer_skip_cfws(lx);
	while (lexer_peek(lx) != LEXER_END && lexer_peek(lx) != ';') {
		struct auth_property property;

		if (read_property(p, result, &property)) {
			if (n == ARRAY_LEN(found)) {
				lexer_fail(lx, ERR_TOOBIG);
				return;
			}
			found[n++] = property;
		}
		lexer_skip_cfws(lx);
	}
	if (lx->error != 0 || n == 0) {
		return;
	}
	result->properties = arena_alloc_array(p->arena, n, sizeof(found[0]));
	if (result->properties == NULL) {
		lexer_fail(lx, ERR_NOMEM);
		return;
	}
	memcpy(result->properties, found, n * sizeof(found[0]));
	result->property_count = n;
}

/* read_version - digits; whether it is the one we know */
static bool
read_version(struct lexer *lx)
{
	uint32_t version = 0;

	if (strnum_u32(read_keyword(lx), UINT32_MAX, &version) != 0) {
		lexer_fail(lx, ERR_INVALID);
	}
	return version == KNOWN_VERSION;
}

/* read_result - method[/version]=result and what follows up to ";" or the end */
static void
read_result(struct results_parser *p)
{
	struct lexer *lx = &p->lx;
	struct auth_result result = {0};
	bool is_known = true;

	result.method = read_keyword(lx);
	if (lexer_accept(lx, '/')) {
		is_known = read_version(lx);
	}
	expect(lx, '=');
	result.text = read_keyword(lx);
	result.code = code_of(result.text);
	read_properties(p, &result);
	if (lx->error != 0 || !is_known) {
		return;
	}
	if (p->out->count == p->cap) {
		lexer_fail(lx, ERR_TOOBIG);
		return;
	}
	p->out->results[p->out->count++] = result;
}

/* accept_none - "none" as the only statement; otherwise the lexer stays where it is */
static bool
accept_none(struct results_parser *p)
{
	struct lexer *lx = &p->lx;
	size_t start = lx->at;

	if (slice_eq_nocase(lexer_run(lx, is_keyword_byte), SLICE("none"))) {
		lexer_skip_cfws(lx);
		(void)lexer_accept(lx, ';');
		lexer_skip_cfws(lx);
		if (lexer_peek(lx) == LEXER_END) {
			return true;
		}
	}
	lx->at = start;
	return false;
}

/* read_id - authserv-id and the version behind it */
static void
read_id(struct results_parser *p)
{
	struct lexer *lx = &p->lx;
	struct slice id;

	lexer_skip_cfws(lx);
	id = lexer_peek(lx) == '"' ? unquote(p, lexer_quoted(lx)) : lexer_run(lx, is_id_byte);
	lexer_skip_cfws(lx);
	if (id.len == 0 || lexer_peek(lx) == '=') {
		lexer_fail(lx, ERR_INVALID); /* no id at all: "spf=pass ..." */
		return;
	}
	p->out->authserv_id = id;
	if (lexer_peek(lx) != LEXER_END && ascii_is_digit((uint8_t)lexer_peek(lx)) &&
		!read_version(lx)) {
		lexer_fail(lx, ERR_UNSUPPORTED);
	}
}

static void
read_statements(struct results_parser *p)
{
	struct lexer *lx = &p->lx;

	expect(lx, ';');
	lexer_skip_cfws(lx);
	if (accept_none(p)) {
		return;
	}
	while (lexer_peek(lx) != LEXER_END) {
		read_result(p);
		if (lexer_peek(lx) != LEXER_END) {
			expect(lx, ';');
		}
		lexer_skip_cfws(lx);
	}
}

/* count_bound - no fewer than there are results: semicolons */
static size_t
count_bound(struct slice body)
{
	size_t n = 0;

	for (size_t i = 0; i < body.len && n < AUTH_RESULTS_MAX; i++) {
		n += body.data[i] == ';';
	}
	return n;
}

int
auth_results_parse(
	struct slice body, struct arena *arena, struct auth_results *out, struct err_msg *msg)
{
	struct results_parser p = {.arena = arena, .out = out, .cap = count_bound(body)};

	*out = (struct auth_results){0};
	lexer_init(&p.lx, body);
	out->results = arena_alloc_array(arena, p.cap, sizeof(*out->results));
	if (out->results == NULL) {
		lexer_fail(&p.lx, ERR_NOMEM);
	}
	read_id(&p);
	read_statements(&p);
	if (p.lx.saw_quote) {
		lexer_fail(&p.lx, ERR_INVALID);
	}
	if (p.lx.error == 0) {
		return 0;
	}
	out->results = NULL;
	out->count = 0;
	return err_set_at(msg, p.lx.error, p.lx.error_at,
		"Authentication-Results: %s at byte %zu", err_text(p.lx.error), p.lx.error_at);
}

bool
auth_result_is(const struct auth_result *r, struct slice method)
{
	return slice_eq_nocase(r->method, method);
}

bool
auth_result_property(const struct auth_result *r, struct slice ptype, struct slice name,
	struct slice *value_out)
{
	const struct auth_property *found = NULL;

	for (size_t i = 0; i < r->property_count; i++) {
		const struct auth_property *p = &r->properties[i];

		if (!slice_eq_nocase(p->ptype, ptype) || !slice_eq_nocase(p->name, name)) {
			continue;
		}
		if (found != NULL && !slice_eq(found->value, p->value)) {
			return false;
		}
		found = p;
	}
	if (found == NULL) {
		return false;
	}
	*value_out = found->value;
	return true;
}
