#include "common/scan/scan_advice.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/statement/statement.h"

#define DAY_S 86400

const char *
scan_date(uint64_t at_s, char out[SCAN_DATE_MAX])
{
	static const char *const months[] = {"March", "April", "May", "June", "July", "August",
		"September", "October", "November", "December", "January", "February"};
	/* Days since 1 March of year 0; years that begin in March end with the leap day. */
	uint64_t days = at_s / DAY_S + 719468;
	uint64_t era = days / 146097;
	uint64_t of_era = days % 146097;
	uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * of_year + 2) / 153;
	uint64_t day = of_year - (153 * month + 2) / 5 + 1;

	(void)snprintf(out, SCAN_DATE_MAX, "%u %s %" PRIu64, (unsigned int)day, months[month],
		year + era * 400 + (month >= 10 ? 1 : 0));
	return out;
}

/* dated - FORMAT with one date in it */
static struct slice
dated(struct arena *arena, const char *before, uint64_t at_s, const char *behind)
{
	char date[SCAN_DATE_MAX];

	return slice_str(arena_printf(arena, "%s %s%s", before, scan_date(at_s, date), behind));
}

static struct slice
about_proof(const struct scan_details *d, struct slice sender, struct arena *arena)
{
	struct slice domain = slice_behind_last(sender, '@');

	if (domain.len == 0) {
		return (struct slice){0};
	}
	return slice_str(arena_printf(arena, "%s does not prove %.*s",
		d->evidence.signer.len > 0 ? "the signature" : "no signature is there that",
		SLICE_ARG(domain)));
}

/* about_friend - why the friend who vouches cannot introduce */
static struct slice
about_friend(const struct scan_broke *b, struct arena *arena)
{
	char date[SCAN_DATE_MAX];
	struct slice n = b->name;

	switch (b->reason) {
	case METRIC_SHORT_SPENT:
		return slice_str(arena_printf(arena, "%.*s has no introduction left until %s",
			SLICE_ARG(n), scan_date(b->until_s, date)));
	case METRIC_SHORT_SUSPENDED:
		return slice_str(arena_printf(arena,
			"%.*s introduced too many reported senders and is suspended until %s",
			SLICE_ARG(n), scan_date(b->until_s, date)));
	case METRIC_SHORT_FORBIDDEN:
		return slice_str(arena_printf(
			arena, "%.*s is not allowed to introduce anybody", SLICE_ARG(n)));
	case METRIC_SHORT_LIMIT:
		return slice_str(arena_printf(arena,
			"%.*s has no credit, for reports against him or too many vouches",
			SLICE_ARG(n)));
	case METRIC_SHORT_NONE:
		break;
	}
	return (struct slice){0};
}

/* about_credit - those who vouch have too little left between them */
static struct slice
about_credit(const struct scan_details *d, struct arena *arena)
{
	uint64_t renews_s = 0;

	if (d->voucher_count == 0 && d->broke_count > 0) {
		return about_friend(&d->broke[0], arena);
	}
	for (size_t i = 0; i < d->voucher_count; i++) {
		uint64_t at_s = d->vouchers[i].renews_s;

		if (at_s != 0 && (renews_s == 0 || at_s < renews_s)) {
			renews_s = at_s;
		}
	}
	if (renews_s != 0) {
		return dated(arena,
			"those who vouch have too little introduction credit left; more comes "
			"back on",
			renews_s, "");
	}
	return SLICE("those who vouch have too little introduction credit; one more friend who "
		     "vouches would do");
}

static struct slice
about_nobody(const struct scan_details *d, struct arena *arena)
{
	switch (d->refusal) {
	case METRIC_REFUSAL_NO_VOUCHER:
		return SLICE("a vouch of anybody the recipient knows would make him known");
	case METRIC_REFUSAL_WARNINGS:
		return slice_str(arena_printf(arena,
			"%u contacts of the recipient warned about him, so nobody may introduce "
			"him",
			d->warnings));
	case METRIC_REFUSAL_CREDIT:
		return about_credit(d, arena);
	case METRIC_REFUSAL_ONE_HELPER:
		return SLICE("one contact knows somebody who vouches; a second one, by "
			     "somebody else, would make him known");
	case METRIC_REFUSAL_LEDGER:
		return SLICE("the introduction could not be recorded, so it does not count");
	case METRIC_REFUSAL_NONE:
		break;
	}
	return (struct slice){0};
}

static struct slice
about_introduction(const struct scan_details *d, struct arena *arena)
{
	return d->is_paid ? dated(arena, "without further mail the introduction ends on",
				    d->ends_s, "")
			  : SLICE("as a friend of the recipient he would need no introduction");
}

struct slice
scan_advice(const struct scan_details *d, struct slice sender, struct arena *arena)
{
	switch (d->rule) {
	case TRUST_RULE_REVOKED:
		return SLICE("a revocation is final; he needs a new identity");
	case TRUST_RULE_BLOCKED:
		return SLICE("only taking the block back changes that");
	case TRUST_RULE_UNPROVEN:
		return about_proof(d, sender, arena);
	case TRUST_RULE_REPORTED:
		return dated(arena, "the recipient reported him on", d->reported_s,
			"; reporting the message as ham takes that back");
	case TRUST_RULE_SUSPECT:
		return dated(arena, "a contact whom the recipient reported on", d->reported_s,
			": his account may be stolen, so he is known at most for a while");
	case TRUST_RULE_OWN_EDGE:
		return d->level == TRUST_LEVEL_STRONG
			       ? (struct slice){0}
			       : SLICE("at level strong his mail would always get through");
	case TRUST_RULE_INTRODUCTION:
		return about_introduction(d, arena);
	case TRUST_RULE_NOBODY:
		return about_nobody(d, arena);
	case TRUST_RULE_NEWKEY:
		return SLICE(
			"confirming the new signer (trustctl friend confirm) makes him known again");
	case TRUST_RULE_NO_SENDER:
	case TRUST_RULE_NO_STORE:
		break;
	}
	return (struct slice){0};
}
