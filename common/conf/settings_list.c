/* Settings that collect: words, globs, pairs, lines of text, networks. */
#include "common/base/log.h"
#include "common/conf/settings_table.h"

#define SHOWN_MAX 80

static int
missing(struct setting_change *c, const char *wanted)
{
	return err_set(c->msg, ERR_INVALID, "%s needs %s", c->row->name, wanted);
}

/* expects_nothing - clear_x and the like take no value; a word behind is a misunderstanding */
static int
expects_nothing(struct setting_change *c)
{
	char shown[SHOWN_MAX * 6 + 1];

	if (slice_is_empty(c->value)) {
		return 0;
	}
	return err_set(c->msg, ERR_INVALID, "%s takes no value, not \"%s\"", c->row->name,
		log_escape(slice_take(c->value, SHOWN_MAX), shown, sizeof(shown)));
}

static bool
is_choice(const char *choices, struct slice word)
{
	struct slice rest = slice_str(choices);
	struct slice choice = {0};

	while (slice_next_token(&rest, " ", &choice)) {
		if (slice_eq_nocase(choice, word)) {
			return true;
		}
	}
	return false;
}

/* add_word - keeps one word as the flags of the row want it */
static int
add_word(struct setting_change *c, struct strlist *list, struct slice word)
{
	struct arena *arena = c->settings->arena;

	return (c->row->flags & SETTING_LOWER) != 0 ? strlist_add_lower(list, arena, word)
						    : strlist_add(list, arena, word);
}

static int
set_words(struct setting_change *c)
{
	struct strlist *field = setting_field(c->settings, c->row);
	struct slice rest = c->value;
	int ret = 0;

	if (slice_is_empty(rest)) {
		return missing(c, "one or more words");
	}
	while (ret == 0 && !slice_is_empty(rest)) {
		struct slice word = cf_next_word(&rest);

		if (c->row->choices != NULL && !is_choice(c->row->choices, word)) {
			char shown[SHOWN_MAX * 6 + 1];

			return err_set(c->msg, ERR_INVALID, "%s: \"%s\" is not one of %s",
				c->row->name,
				log_escape(slice_take(word, SHOWN_MAX), shown, sizeof(shown)),
				c->row->choices);
		}
		ret = add_word(c, field, word);
	}
	return ret;
}

/* print_words - one line an entry: with thousands of globs a single line would grow too long */
static void
print_words(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	const struct strlist *field = setting_field_const(s, row);

	for (size_t i = 0; i < field->count; i++) {
		(void)dynbuf_printf(out, "%s ", row->name);
		setting_print_text(field->items[i], out);
		(void)dynbuf_add_byte(out, '\n');
	}
}

const struct setting_type setting_type_words = {"words, added", set_words, print_words};

static int
set_clear_words(struct setting_change *c)
{
	struct strlist *field = setting_field(c->settings, c->row);
	int ret = expects_nothing(c);

	if (ret == 0) {
		strlist_clear(field);
	}
	return ret;
}

/* print_clear - stands before the entries of its list, so that defaults do not come back */
static void
print_clear(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	(void)s;
	(void)dynbuf_printf(out, "%s\n", row->name);
}

const struct setting_type setting_type_clear_words = {"nothing", set_clear_words, print_clear};

const struct setting_type setting_type_globs = {
	"addresses, `*` and `?` allowed, added", set_words, print_words};

static int
remove_globs(struct setting_change *c, struct strlist *first, struct strlist *second)
{
	struct arena *arena = c->settings->arena;
	struct slice rest = c->value;
	int ret = 0;

	if (slice_is_empty(rest)) {
		return missing(c, "the addresses to take off the list");
	}
	while (ret == 0 && !slice_is_empty(rest)) {
		struct slice word = cf_next_word(&rest);

		ret = strlist_remove(first, arena, word);
		if (ret == 0 && second != NULL) {
			ret = strlist_remove(second, arena, word);
		}
	}
	return ret;
}

static int
set_remove_globs(struct setting_change *c)
{
	return remove_globs(c, setting_field(c->settings, c->row), NULL);
}

static int
set_remove_auth(struct setting_change *c)
{
	return remove_globs(
		c, &c->settings->welcomelist_auth, &c->settings->def_welcomelist_auth);
}

const struct setting_type setting_type_remove_globs = {
	"addresses as they were added", set_remove_globs, NULL};

const struct setting_type setting_type_remove_auth = {
	"addresses as they were added", set_remove_auth, NULL};

static int
set_rcvd(struct setting_change *c)
{
	struct strpairs *field = setting_field(c->settings, c->row);
	struct slice domain = c->value;
	struct slice address = cf_next_word(&domain);
	struct slice more = domain;

	(void)cf_next_word(&more);
	if (slice_is_empty(domain) || !slice_is_empty(more)) {
		return missing(c, "an address and the domain of the relay it comes through");
	}
	return strpairs_add(field, c->settings->arena, address, domain);
}

static void
print_rcvd(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	const struct strpairs *field = setting_field_const(s, row);

	for (size_t i = 0; i < field->count; i++) {
		(void)dynbuf_printf(out, "%s ", row->name);
		setting_print_text(field->items[i].name, out);
		(void)dynbuf_add_byte(out, ' ');
		setting_print_text(field->items[i].value, out);
		(void)dynbuf_add_byte(out, '\n');
	}
}

const struct setting_type setting_type_rcvd = {
	"address (`*` and `?` allowed) and relay domain, added", set_rcvd, print_rcvd};

static int
set_remove_rcvd(struct setting_change *c)
{
	struct settings *s = c->settings;
	struct slice rest = c->value;
	int ret = 0;

	if (slice_is_empty(rest)) {
		return missing(c, "the addresses to take off the list");
	}
	while (ret == 0 && !slice_is_empty(rest)) {
		struct slice word = cf_next_word(&rest);

		ret = strpairs_remove(&s->welcomelist_from_rcvd, s->arena, word);
		if (ret == 0) {
			ret = strpairs_remove(&s->def_welcomelist_from_rcvd, s->arena, word);
		}
	}
	return ret;
}

const struct setting_type setting_type_remove_rcvd = {
	"addresses as they were added", set_remove_rcvd, NULL};

/* set_lines - one line of a template; quotes keep the blanks at its ends */
static int
set_lines(struct setting_change *c)
{
	struct strlist *field = setting_field(c->settings, c->row);
	struct slice line = c->value;

	if (line.len >= 2 && line.data[0] == '"' && line.data[line.len - 1] == '"') {
		line = slice_of(line.data + 1, line.len - 2);
	}
	return strlist_add(field, c->settings->arena, line);
}

static void
print_lines(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	const struct strlist *field = setting_field_const(s, row);

	for (size_t i = 0; i < field->count; i++) {
		(void)dynbuf_printf(out, "%s \"", row->name);
		setting_print_text(field->items[i], out);
		(void)dynbuf_add_str(out, "\"\n");
	}
}

const struct setting_type setting_type_lines = {
	"one line of text, added; in double quotes where blanks at its ends count", set_lines,
	print_lines};

/*
 * Networks. msa_networks has no loopback, the other two always have, in front, so that no
 * exclusion takes it out.
 */
static bool
has_loopback(const struct settings *s, const struct netlist *list)
{
	return list != &s->msa_networks;
}

/* mark_set - remembers which of trusted and internal were given; the other follows it */
static void
mark_set(struct settings *s, const struct netlist *list, bool is_set)
{
	if (list == &s->trusted_networks) {
		s->trusted_networks_set = is_set;
	} else if (list == &s->internal_networks) {
		s->internal_networks_set = is_set;
	}
}

static int
clear_networks(struct settings *s, struct netlist *list)
{
	*list = (struct netlist){0};
	mark_set(s, list, false);
	return has_loopback(s, list) ? netlist_add_loopback(list, s->arena) : 0;
}

static int
set_clear_networks(struct setting_change *c)
{
	int ret = expects_nothing(c);

	return ret != 0 ? ret : clear_networks(c->settings, setting_field(c->settings, c->row));
}

const struct setting_type setting_type_clear_networks = {
	"nothing", set_clear_networks, print_clear};

/*
 * set_networks - adds what can be read. An entry that cannot is left out, which trusts less
 * (the list counts as set even when nothing is left: it must not follow the other one); an
 * exclusion left out would trust more, so that is dangerous.
 */
static int
set_networks(struct setting_change *c)
{
	struct netlist *field = setting_field(c->settings, c->row);
	struct slice rest = c->value;
	int first_error = 0;

	if (slice_is_empty(rest)) {
		return missing(c, "one or more addresses or networks");
	}
	while (!slice_is_empty(rest)) {
		struct slice word = cf_next_word(&rest);
		struct err_msg msg = {0};
		int ret = netlist_add_text(field, c->settings->arena, word, &msg);

		if (ret == ERR_NOMEM) {
			return ret;
		}
		if (ret != 0) {
			char shown[SHOWN_MAX * 6 + 1];

			c->is_dangerous = c->is_dangerous || word.data[0] == '!';
			first_error = err_set(c->msg, ret, "%s: \"%s\": %s", c->row->name,
				log_escape(slice_take(word, SHOWN_MAX), shown, sizeof(shown)),
				msg.text);
		}
	}
	mark_set(c->settings, field, true);
	return first_error;
}

/*
 * print_networks - loopback comes by itself; it is written where one of trusted and internal
 * was set and holds nothing else, since an unset list would follow the other one
 */
static void
print_networks(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	const struct netlist *field = setting_field_const(s, row);
	size_t first = has_loopback(s, field) ? NETLIST_LOOPBACK_COUNT : 0;
	bool any_set = s->trusted_networks_set || s->internal_networks_set;

	if (first > 0 && field->count == first && any_set) {
		(void)dynbuf_printf(out, "%s 127.0.0.1\n", row->name);
	}
	for (size_t i = first; i < field->count; i++) {
		char text[NETLIST_ENTRY_TEXT_MAX];

		(void)dynbuf_printf(
			out, "%s %s\n", row->name, net_range_print(&field->items[i], text));
	}
}

const struct setting_type setting_type_networks = {
	"addresses and networks, `!` excludes, added", set_networks, print_networks};
