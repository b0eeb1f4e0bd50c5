#include "common/scan/scan_lists.h"

#include "common/base/err.h"
#include "common/conf/glob.h"
#include "common/mail/address_list.h"
#include "common/mail/received.h"
#include "common/scan/recipient.h"
#include "common/scan/trace.h"

/*
 * Addresses of one message that are compared with a list. A hostile To holds thousands, a list
 * of a site has thousands of entries, and each pair costs a walk over both.
 */
#define ADDRESSES_MAX 200

struct addresses {
	struct slice items[ADDRESSES_MAX];
	size_t count;
};

/* What looking at the lists needs. */
struct lists {
	const struct settings *settings;
	const struct header *header;
	struct slice user;
	struct arena *arena;
	struct verdict *verdict;
	int error;
};

/* Where a message says who sent it: the original's fields, and the envelope's. */
static const char *const sender_fields[] = {
	"From",
	"Return-Path",
	"X-Envelope-From",
	"Envelope-Sender",
	"Resent-From",
	"Resent-Sender",
};

/* Where a message says whom it is for: the original's fields. */
static const char *const recipient_fields[] = {
	"To",
	"Cc",
	"Resent-To",
	"Resent-Cc",
	"Apparently-To",
	"Apparently-Resent-To",
	"Delivered-To",
	"X-Delivered-To",
	"X-Original-To",
	"X-Envelope-To",
	"Envelope-To",
	"Envelope-Recipients",
	"X-Rcpt-To",
	"X-Real-To",
};

/* hit - adds a rule, unless its score was set to 0 */
static void
hit(struct lists *l, const char *rule)
{
	struct rule_hit added = {.name = slice_str(rule)};

	if (l->error == 0 && !settings_rule_is_off(l->settings, added.name) &&
		settings_score(l->settings, added.name, &added.score)) {
		added.describe = settings_describe(l->settings, added.name);
		l->error = verdict_add(l->verdict, &added);
	}
}

static void
gather(struct addresses *out, struct slice address)
{
	if (address.len > 0 && out->count < ADDRESSES_MAX) {
		out->items[out->count++] = address;
	}
}

/* gather_fields - the addresses in the fields of one name above the index `end` */
static void
gather_fields(struct lists *l, struct slice name, size_t end, struct addresses *out)
{
	const struct header_field *f = NULL;

	while (l->error == 0 && out->count < ADDRESSES_MAX &&
		(f = header_next(l->header, name, f)) != NULL &&
		(size_t)(f - l->header->fields) < end) {
		struct address_list list;

		l->error = address_list_parse(
			f->body, l->settings->fold_local_part, l->arena, &list);
		for (size_t i = 0; l->error == 0 && i < list.count; i++) {
			gather(out, list.items[i].address);
		}
	}
}

/* check - the rule of a list that holds one of the first `count` addresses */
static void
check(struct lists *l, const struct strlist *list, const struct addresses *addresses,
	size_t count, const char *rule)
{
	for (size_t i = 0; list->count > 0 && i < count; i++) {
		if (strlist_has_glob_match(list, addresses->items[i])) {
			hit(l, rule);
			return;
		}
	}
}

static void
check_blocked_sender(struct lists *l)
{
	UNINITIALIZED struct addresses from;

	if (l->settings->blocklist_from.count == 0) {
		return;
	}
	from.count = 0;
	gather(&from, l->verdict->sender);
	for (size_t i = 0; i < ARRAY_LEN(sender_fields); i++) {
		gather_fields(l, slice_str(sender_fields[i]), l->header->count, &from);
	}
	if (l->settings->envelope_sender_header.len > 0) {
		gather_fields(l, l->settings->envelope_sender_header, l->header->count, &from);
	}
	check(l, &l->settings->blocklist_from, &from, from.count, "USER_IN_BLOCKLIST");
}

/* is_in_domain - is the name the domain, or one below it? */
static bool
is_in_domain(struct slice name, struct slice domain)
{
	size_t above = 0;

	if (domain.len == 0 || name.len < domain.len) {
		return false;
	}
	above = name.len - domain.len;
	return slice_eq_nocase(slice_skip(name, above), domain) &&
	       (above == 0 || name.data[above - 1] == '.');
}

/* is_relay - does "example.net", "[192.0.2.1]" or "[192.0.2.0/24]" mean this peer? */
static bool
is_relay(struct lists *l, struct slice wanted, const struct received *relay)
{
	struct netlist networks = {0};
	int ret = 0;

	if (wanted.len < 2 || wanted.data[0] != '[' || wanted.data[wanted.len - 1] != ']') {
		return !relay->rdns_is_doubtful && is_in_domain(relay->rdns, wanted);
	}
	wanted = slice_take(slice_skip(wanted, 1), wanted.len - 2);
	ret = netlist_add_text(&networks, l->arena, wanted, NULL);
	if (ret == ERR_NOMEM) {
		l->error = ret;
	}
	return ret == 0 && netlist_contains(&networks, &relay->peer);
}

static bool
comes_by_relay(struct lists *l, const struct strpairs *list, const struct received *relay)
{
	for (size_t i = 0; i < list->count; i++) {
		if (glob_match(list->items[i].name, l->verdict->sender) &&
			is_relay(l, list->items[i].value, relay)) {
			return true;
		}
	}
	return false;
}

static void
check_relays(struct lists *l)
{
	const struct settings *s = l->settings;
	struct received relay;

	if (s->welcomelist_from_rcvd.count + s->def_welcomelist_from_rcvd.count == 0 ||
		(l->header->flags & HEADER_DOUBTFUL) != 0 ||
		!trace_handover(l->header, &s->trusted_networks, &relay)) {
		return;
	}
	if (comes_by_relay(l, &s->welcomelist_from_rcvd, &relay)) {
		hit(l, "USER_IN_WELCOMELIST");
	} else if (comes_by_relay(l, &s->def_welcomelist_from_rcvd, &relay)) {
		hit(l, "USER_IN_DEF_WELCOMELIST");
	}
}

static void
check_proven(struct lists *l)
{
	const struct settings *s = l->settings;
	struct slice sender = l->verdict->sender;
	bool by_spf = l->verdict->details->evidence.by_spf;

	if (strlist_has_glob_match(&s->welcomelist_from, sender)) {
		hit(l, "USER_IN_WELCOMELIST");
	}
	if (strlist_has_glob_match(&s->welcomelist_auth, sender)) {
		hit(l, by_spf ? "USER_IN_SPF_WELCOMELIST" : "USER_IN_DKIM_WELCOMELIST");
	} else if (strlist_has_glob_match(&s->def_welcomelist_auth, sender)) {
		hit(l, by_spf ? "USER_IN_DEF_SPF_WL" : "USER_IN_DEF_DKIM_WL");
	}
}

static bool
has_rule(const struct verdict *v, struct slice name)
{
	for (size_t i = 0; i < v->rule_count; i++) {
		if (slice_eq(v->rules[i].name, name)) {
			return true;
		}
	}
	return false;
}

static void
check_welcome_sender(struct lists *l)
{
	const struct verdict *v = l->verdict;

	if (v->sender.len == 0 || v->tier == TIER_BLOCKED || v->tier == TIER_REVOKED) {
		return;
	}
	if (v->evidence >= EVIDENCE_DKIM) {
		check_proven(l);
	}
	if (!has_rule(v, SLICE("USER_IN_WELCOMELIST"))) {
		check_relays(l);
	}
}

/* gather_known - the recipients by the site's own words: what a sender writes is not among them */
static void
gather_known(struct lists *l, struct addresses *to)
{
	const struct strlist *fields = &l->settings->recipient_headers;
	struct address user;

	gather(to, l->verdict->recipient);
	if (address_parse(l->user, l->settings->fold_local_part, &user, NULL) == 0) {
		gather(to, arena_copy(l->arena, address_slice(&user)));
	}
	for (size_t i = 0; i < fields->count; i++) {
		gather_fields(l, fields->items[i], recipients_fields_end(l->header), to);
	}
}

static void
check_recipients(struct lists *l)
{
	const struct settings *s = l->settings;
	UNINITIALIZED struct addresses to;
	size_t count = 0;

	if (s->welcomelist_to.count + s->more_spam_to.count + s->all_spam_to.count +
			s->blocklist_to.count ==
		0) {
		return;
	}
	to.count = 0;
	gather_known(l, &to);
	count = to.count;
	for (size_t i = 0; i < ARRAY_LEN(recipient_fields); i++) {
		gather_fields(l, slice_str(recipient_fields[i]), l->header->count, &to);
	}
	if (count == 0) {
		count = to.count;
	}
	check(l, &s->welcomelist_to, &to, count, "USER_IN_WELCOMELIST_TO");
	check(l, &s->more_spam_to, &to, count, "USER_IN_MORE_SPAM_TO");
	check(l, &s->all_spam_to, &to, count, "USER_IN_ALL_SPAM_TO");
	check(l, &s->blocklist_to, &to, to.count, "USER_IN_BLOCKLIST_TO");
}

int
scan_lists(const struct settings *settings, const struct header *h, struct slice user,
	struct arena *arena, struct verdict *v)
{
	struct lists l = {
		.settings = settings,
		.header = h,
		.user = user,
		.arena = arena,
		.verdict = v,
	};

	check_blocked_sender(&l);
	check_welcome_sender(&l);
	check_recipients(&l);
	return l.error;
}
