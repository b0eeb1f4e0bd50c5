#include "common/mail/address_list.h"

#include "common/mail/lexer.h"

struct list_parser {
	struct lexer lx;
	bool fold_local_part;
	bool in_group;
	struct arena *arena;
	size_t cap;
	struct address_list *out;
};

/* count_bound - no fewer than there are addresses: separators and one */
static size_t
count_bound(struct slice body)
{
	size_t n = 1;

	for (size_t i = 0; i < body.len && n < ADDRESS_LIST_MAX; i++) {
		n += body.data[i] == ',' || body.data[i] == ';' || body.data[i] == ':';
	}
	return n;
}

/* skip_phrase - to what tells an address from a display name; whether an "@" was passed */
static bool
skip_phrase(struct lexer *lx)
{
	bool has_at = false;

	for (;;) {
		int c;

		lexer_skip_cfws(lx);
		c = lexer_peek(lx);
		if (c == '"') {
			(void)lexer_quoted(lx);
		} else if (c == '[') {
			(void)lexer_literal(lx);
		} else if (c == '@' || c == '.') {
			has_at = has_at || c == '@';
			lx->at++;
		} else if (c == LEXER_END || lexer_atom(lx).len == 0) {
			return has_at;
		}
	}
}

/* skip_route - the source route of RFC 5322 obs-route, "@a,@b:" */
static void
skip_route(struct lexer *lx)
{
	if (lexer_peek(lx) != '@' && lexer_peek(lx) != ',') {
		return;
	}
	while (!lexer_accept(lx, ':')) {
		if (!lexer_accept(lx, ',') && !lexer_accept(lx, '@')) {
			lexer_fail(lx, ERR_INVALID);
			return;
		}
		lexer_skip_cfws(lx);
		while (lexer_atom(lx).len > 0 || lexer_accept(lx, '.')) {
			lexer_skip_cfws(lx);
		}
	}
}

/* read_angle - "<" [route] addr-spec ">" */
static int
read_angle(struct lexer *lx, bool fold_local_part, struct address *out)
{
	int ret;

	(void)lexer_accept(lx, '<');
	lexer_skip_cfws(lx);
	skip_route(lx);
	ret = address_read(lx, fold_local_part, out);
	if (ret != 0) {
		return ret;
	}
	lexer_skip_cfws(lx);
	return lexer_accept(lx, '>') ? 0 : lexer_fail(lx, ERR_INVALID);
}

/* at_separator - whether an element is really over here */
static bool
at_separator(const struct list_parser *p)
{
	int c = lexer_peek(&p->lx);

	return c == ',' || (c == ';' && p->in_group) || (c == LEXER_END && p->lx.error == 0);
}

static int
add(struct list_parser *p, const struct address *address, struct slice display_name)
{
	struct address_list *out = p->out;
	struct slice text;

	if (out->count == p->cap) {
		return lexer_fail(&p->lx, ERR_TOOBIG);
	}
	text = arena_copy(p->arena, address_slice(address));
	if (text.data == NULL) {
		return lexer_fail(&p->lx, ERR_NOMEM);
	}
	out->items[out->count++] = (struct mailbox){
		.address = text,
		.local = slice_take(text, address->local_len),
		.domain = slice_skip(text, (size_t)address->local_len + 1),
		.display_name = slice_trim(display_name),
	};
	return 0;
}

/* read_element - a mailbox, or the beginning of a group */
static int
read_element(struct list_parser *p)
{
	struct lexer *lx = &p->lx;
	size_t start = lx->at;
	bool has_at = skip_phrase(lx);
	struct slice lead = slice_take(slice_skip(lx->in, start), lx->at - start);
	struct address address;
	int ret;

	if (lexer_peek(lx) == ':' && !p->in_group && !has_at && lead.len > 0) {
		lx->at++;
		p->in_group = true;
		return 0;
	}
	if (lexer_peek(lx) == '<') {
		ret = read_angle(lx, p->fold_local_part, &address);
	} else {
		lx->at = start;
		lead.len = 0;
		ret = address_read(lx, p->fold_local_part, &address);
	}
	if (ret != 0) {
		return ret;
	}
	lexer_skip_cfws(lx);
	return at_separator(p) ? add(p, &address, lead) : lexer_fail(lx, ERR_INVALID);
}

/* resume - after an error: from the start of the element to its comma, past quoted ones */
static void
resume(struct list_parser *p, size_t start)
{
	struct lexer *lx = &p->lx;

	if (!p->out->malformed) {
		p->out->malformed = true;
		p->out->malformed_at = lx->error_at;
	}
	lx->error = 0;
	lx->at = start;
	for (;;) {
		int c;

		lexer_skip_cfws(lx);
		c = lexer_peek(lx);
		if (c == LEXER_END || c == ',' || (c == ';' && p->in_group)) {
			return;
		}
		if (c == '"') {
			(void)lexer_quoted(lx);
		} else {
			lx->at++;
		}
	}
}

/* read_group_end - ";", behind which only another element's comma may come */
static int
read_group_end(struct list_parser *p)
{
	(void)lexer_accept(&p->lx, ';');
	p->in_group = false;
	lexer_skip_cfws(&p->lx);
	return at_separator(p) ? 0 : lexer_fail(&p->lx, ERR_INVALID);
}

/* read_list - stops for good at ERR_NOMEM, at the bound, and at unclosed quotes or comments */
static void
read_list(struct list_parser *p)
{
	struct lexer *lx = &p->lx;

	for (;;) {
		size_t start;
		int ret = 0;

		lexer_skip_cfws(lx);
		start = lx->at;
		if (lexer_peek(lx) == LEXER_END) {
			return;
		}
		if (lexer_peek(lx) == ';' && p->in_group) {
			ret = read_group_end(p);
		} else if (!lexer_accept(lx, ',')) {
			ret = read_element(p);
		}
		if (ret == ERR_NOMEM || (ret != 0 && p->out->count == p->cap)) {
			return;
		}
		if (ret != 0) {
			resume(p, start);
		}
	}
}

int
address_list_parse(
	struct slice body, bool fold_local_part, struct arena *arena, struct address_list *out)
{
	struct list_parser p = {
		.fold_local_part = fold_local_part,
		.arena = arena,
		.cap = count_bound(body),
		.out = out,
	};

	*out = (struct address_list){0};
	out->items = arena_alloc_array(arena, p.cap, sizeof(*out->items));
	if (out->items == NULL) {
		return ERR_NOMEM;
	}
	lexer_init(&p.lx, body);
	read_list(&p);
	if (p.lx.error == ERR_NOMEM) {
		return ERR_NOMEM;
	}
	if (!out->malformed && (p.lx.error != 0 || p.in_group)) {
		out->malformed = true;
		out->malformed_at = p.lx.error != 0 ? p.lx.error_at : body.len;
	}
	return 0;
}

/* accept_null_path - "<>" */
static bool
accept_null_path(struct lexer *lx)
{
	size_t start = lx->at;

	if (lexer_accept(lx, '<')) {
		lexer_skip_cfws(lx);
		if (lexer_accept(lx, '>')) {
			return true;
		}
	}
	lx->at = start;
	return false;
}

int
address_path_parse(struct slice body, bool fold_local_part, struct address *out)
{
	struct lexer lx;
	bool is_null;

	lexer_init(&lx, body);
	lexer_skip_cfws(&lx);
	is_null = (lexer_peek(&lx) == LEXER_END && lx.error == 0) || accept_null_path(&lx);
	if (!is_null) {
		int ret = lexer_peek(&lx) == '<' ? read_angle(&lx, fold_local_part, out)
						 : address_read(&lx, fold_local_part, out);

		if (ret != 0) {
			return ret;
		}
	}
	lexer_skip_cfws(&lx);
	if (lexer_peek(&lx) != LEXER_END) {
		lexer_fail(&lx, ERR_INVALID);
	}
	if (lx.error != 0) {
		return lx.error;
	}
	return is_null ? ERR_NOTFOUND : 0;
}
