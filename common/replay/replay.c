#include "common/replay/replay.h"

#include <stdlib.h>

#include "common/base/log.h"
#include "common/base/strnum.h"
#include "common/metric/metric_book.h"
#include "common/replay/replay_graph.h"

#define FIELDS 5

/* Longest part of a bad field that is shown, and what escaping makes of it. */
#define SHOWN_MAX  40
#define SHOWN_TEXT (4 * SHOWN_MAX + 1)

struct replay {
	struct metric_config config;
	struct replay_scores scores;
	struct replay_graph graph;
	struct metric_book *book;
	struct replay_stats stats;
	uint64_t line;
	uint64_t time_s;
	struct metric_decision decision;
	struct metric_payment payment;
	struct metric_report report;
};

/* One line, taken apart. */
struct replay_event {
	struct slice fields[FIELDS];
	uint64_t at_s;
	struct err_msg *msg;
};

int
replay_new(const struct metric_config *config, const struct replay_scores *scores,
	struct replay **out)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		return ERR_NOMEM;
	}
	r->config = *config;
	r->scores = *scores;
	replay_graph_init(&r->graph, &r->config);
	if (metric_book_new(&r->config, &r->book) != 0) {
		replay_free(r);
		return ERR_NOMEM;
	}
	*out = r;
	return 0;
}

void
replay_free(struct replay *r)
{
	if (r != NULL) {
		replay_graph_fini(&r->graph);
		metric_book_free(r->book);
		free(r);
	}
}

const struct metric_decision *
replay_last(const struct replay *r)
{
	return &r->decision;
}

void
replay_stats(const struct replay *r, struct replay_stats *out)
{
	*out = r->stats;
	out->identifiers = r->graph.names.count;
}

/* bad_field - an error about one field, which is shown */
static int
bad_field(const struct replay *r, struct err_msg *msg, int code, const char *what,
	struct slice field)
{
	char shown[SHOWN_TEXT];

	return err_set_at(msg, code, r->line, "line %llu: %s: \"%s\"",
		(unsigned long long)r->line, what,
		log_escape(slice_take(field, SHOWN_MAX), shown, sizeof(shown)));
}

static int
bad_line(const struct replay *r, struct err_msg *msg, int code, const char *what)
{
	return err_set_at(
		msg, code, r->line, "line %llu: %s", (unsigned long long)r->line, what);
}

/* split - exactly five fields */
static int
split(const struct replay *r, struct slice line, struct replay_event *e)
{
	for (size_t i = 0; i < FIELDS; i++) {
		size_t end = slice_find_byte(line, '\t');

		if ((end == line.len) != (i == FIELDS - 1)) {
			return bad_line(r, e->msg, ERR_INVALID,
				"not five fields separated by one TAB each");
		}
		e->fields[i] = slice_take(line, end);
		line = slice_skip(line, end + 1);
	}
	return 0;
}

static int
check_names(const struct replay *r, const struct replay_event *e, size_t last)
{
	for (size_t i = 2; i <= last; i++) {
		if (e->fields[i].len == 0) {
			return bad_line(r, e->msg, ERR_INVALID, "an identifier is empty");
		}
		if (e->fields[i].len > REPLAY_NAME_MAX) {
			return bad_field(r, e->msg, ERR_TOOBIG,
				"an identifier is longer than 1024 bytes", e->fields[i]);
		}
	}
	return 0;
}

static int
read_time(struct replay *r, struct replay_event *e)
{
	if (strnum_u64(e->fields[1], REPLAY_TIME_MAX, &e->at_s) != 0) {
		return bad_field(r, e->msg, ERR_INVALID,
			"the time is not a number of seconds up to 2^48", e->fields[1]);
	}
	if (e->at_s < r->time_s) {
		return bad_field(r, e->msg, ERR_INVALID,
			"the time is before that of the line above", e->fields[1]);
	}
	return 0;
}

static int
on_vouch(struct replay *r, const struct replay_event *e, struct dynbuf *answers)
{
	struct metric_ref issuer;
	struct metric_ref subject;
	uint32_t level = 0;
	int rc = check_names(r, e, 3);

	(void)answers;
	if (rc != 0) {
		return rc;
	}
	if (strnum_u32(e->fields[4], METRIC_LEVELS - 1, &level) != 0) {
		return bad_field(
			r, e->msg, ERR_INVALID, "the level is not 0 to 3", e->fields[4]);
	}
	if (replay_graph_intern(&r->graph, e->fields[2], &issuer) != 0 ||
		replay_graph_intern(&r->graph, e->fields[3], &subject) != 0 ||
		replay_graph_vouch(&r->graph, issuer, subject, level, e->at_s) != 0) {
		return bad_line(r, e->msg, ERR_NOMEM, "out of memory");
	}
	r->stats.vouches++;
	return 0;
}

static const char *
tier_word(enum tier tier)
{
	return tier == TIER_WELL_TRUSTED ? "trusted" : tier_name(tier);
}

static double
direct_score(const struct replay *r)
{
	switch (r->decision.level) {
	case 3:
		return r->scores.well;
	case 2:
		return r->scores.direct;
	default:
		return r->scores.direct_weak;
	}
}

static double
score_of(const struct replay *r)
{
	switch (r->decision.rule) {
	case METRIC_RULE_DIRECT:
		return direct_score(r);
	case METRIC_RULE_PAID:
	case METRIC_RULE_PAYABLE:
		return metric_score(r->decision.strength);
	case METRIC_RULE_REPORTED:
		return r->scores.reported;
	case METRIC_RULE_REVOKED:
	case METRIC_RULE_BLOCKED:
	case METRIC_RULE_UNPROVEN:
	case METRIC_RULE_SUSPECT:
	case METRIC_RULE_NOBODY:
		break;
	}
	return r->scores.unknown;
}

static struct metric_party
party(struct metric_ref ref)
{
	return (struct metric_party){.ref = ref};
}

/* decide - and pay, as the daemon does before it answers */
static int
decide(struct replay *r, struct metric_ref recipient, struct metric_ref sender)
{
	struct replay_view view = {
		.graph = &r->graph, .recipient = recipient, .sender = sender};
	struct metric_world world = replay_view_world(&view);
	struct metric_ledger ledger = metric_book_ledger(r->book);
	struct metric_question q = {
		.recipient = party(recipient),
		.sender = party(sender),
		.recipient_ref = recipient,
		.sender_refs = {sender},
		.sender_ref_count = 1,
		.tag = sender.node,
		.now_s = r->time_s,
		.proven = true,
		.level = replay_graph_level(&r->graph, recipient, sender),
	};

	metric_decide(&r->config, &world, &ledger, &q, &r->decision);
	if (r->decision.refreshes) {
		metric_book_refresh(r->book, &q.recipient, &q.sender, r->time_s);
	}
	if (r->decision.rule != METRIC_RULE_PAYABLE) {
		return 0;
	}
	return metric_payment_of(&world, &q, &r->decision, NULL, &r->payment)
		       ? metric_book_pay(r->book, &r->payment)
		       : ERR_NOMEM;
}

static int
on_query(struct replay *r, const struct replay_event *e, struct dynbuf *answers)
{
	struct metric_ref recipient;
	struct metric_ref sender;
	int rc = check_names(r, e, 4);

	if (rc != 0) {
		return rc;
	}
	recipient = replay_names_find(&r->graph.names, e->fields[2]);
	sender = replay_names_find(&r->graph.names, e->fields[3]);
	r->decision.tier = TIER_UNKNOWN;
	r->decision.rule = METRIC_RULE_NOBODY;
	r->decision.payer_count = 0;
	/* Who was in no vouch and no report knows nobody, and nobody knows him. */
	if (recipient.node != 0 && sender.node != 0 && recipient.node != sender.node &&
		decide(r, recipient, sender) != 0) {
		return bad_line(r, e->msg, ERR_NOMEM, "out of memory");
	}
	r->stats.queries++;
	(void)dynbuf_add(answers, e->fields[4]);
	(void)dynbuf_printf(answers, "\t%s\t%.3f\n", tier_word(r->decision.tier), score_of(r));
	return dynbuf_error(answers);
}

static int
report_spam(struct replay *r, struct metric_ref recipient, struct metric_ref sender)
{
	struct metric_ledger ledger = metric_book_ledger(r->book);
	struct metric_party by = party(recipient);
	struct metric_party about = party(sender);

	metric_report_decide(
		&r->config, &ledger, &by, &about, r->time_s, r->stats.reports, &r->report);
	return metric_book_report(r->book, &r->report);
}

static int
on_report(struct replay *r, const struct replay_event *e, struct dynbuf *answers)
{
	struct metric_ref recipient;
	struct metric_ref sender;
	struct metric_party by;
	struct metric_party about;
	bool is_spam = slice_eq(e->fields[4], SLICE("spam"));
	int rc = check_names(r, e, 3);

	(void)answers;
	if (rc != 0) {
		return rc;
	}
	if (!is_spam && !slice_eq(e->fields[4], SLICE("ham"))) {
		return bad_field(
			r, e->msg, ERR_INVALID, "a report says spam or ham", e->fields[4]);
	}
	r->stats.reports++;
	if (replay_graph_intern(&r->graph, e->fields[2], &recipient) != 0 ||
		replay_graph_intern(&r->graph, e->fields[3], &sender) != 0 ||
		(is_spam && report_spam(r, recipient, sender) != 0)) {
		return bad_line(r, e->msg, ERR_NOMEM, "out of memory");
	}
	if (!is_spam) {
		by = party(recipient);
		about = party(sender);
		(void)metric_book_take_back(r->book, &by, &about);
	}
	return 0;
}

static const struct {
	char letter;
	int (*run)(struct replay *r, const struct replay_event *e, struct dynbuf *answers);
} kinds[] = {
	{'A', on_vouch},
	{'Q', on_query},
	{'R', on_report},
};

int
replay_line(struct replay *r, struct slice line, struct dynbuf *answers, struct err_msg *msg)
{
	struct replay_event e = {.msg = msg};
	int rc = 0;

	r->line++;
	if (line.len > REPLAY_LINE_MAX) {
		return bad_line(r, msg, ERR_TOOBIG, "longer than any line can be");
	}
	rc = split(r, line, &e);
	if (rc == 0) {
		rc = read_time(r, &e);
	}
	if (rc != 0) {
		return rc;
	}
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (e.fields[0].len == 1 && e.fields[0].data[0] == (uint8_t)kinds[i].letter) {
			r->time_s = e.at_s;
			return kinds[i].run(r, &e, answers);
		}
	}
	return bad_field(r, msg, ERR_INVALID, "a line starts with A, Q or R", e.fields[0]);
}
