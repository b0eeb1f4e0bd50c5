#include "spamd-trust/decision_note.h"

#include <string.h>

#include "common/mail/message_digest.h"

/* Far beyond any score, and in the range of the record. */
#define SCORE_MAX 1000000.0

void
decision_note_id(struct slice id, struct digest *out)
{
	*out = (struct digest){{0}};
	id = slice_trim(id);
	if (id.len >= 2 && id.data[0] == '<' && id.data[id.len - 1] == '>') {
		id = slice_take(slice_skip(id, 1), id.len - 2);
	}
	if (id.len > 0) {
		digest_sha256(id, out);
	}
}

static int32_t
score_milli(double score)
{
	if (score > SCORE_MAX || score < -SCORE_MAX) {
		score = score > 0 ? SCORE_MAX : -SCORE_MAX;
	}
	return (int32_t)(score * 1000.0 + (score < 0 ? -0.5 : 0.5));
}

/* is_friend - the recipient holds an edge to the very address */
static bool
is_friend(const struct scan_details *d)
{
	return (d->rule == TRUST_RULE_OWN_EDGE || d->rule == TRUST_RULE_SUSPECT ||
		       d->rule == TRUST_RULE_NEWKEY) &&
	       d->edge_kind != NULL && strcmp(d->edge_kind, "addr") == 0;
}

static uint8_t
flags_of(const struct scan_details *d)
{
	switch (d->rule) {
	case TRUST_RULE_NEWKEY:
		return LEDGER_HISTORY_NEWKEY;
	case TRUST_RULE_REPORTED:
		return LEDGER_HISTORY_REPORTED;
	case TRUST_RULE_SUSPECT:
		return LEDGER_HISTORY_SUSPECT;
	case TRUST_RULE_INTRODUCTION:
		return d->is_paid ? 0 : LEDGER_HISTORY_INTRODUCED;
	default:
		return 0;
	}
}

/* add_payers - who paid for the sender, now or before */
static void
add_payers(const struct scan_details *d, struct ledger_decision *out)
{
	size_t count = d->rule == TRUST_RULE_INTRODUCTION ? d->voucher_count : 0;

	for (size_t i = 0; i < count && out->payer_count < LEDGER_HISTORY_PAYERS_MAX; i++) {
		const struct scan_voucher *v = &d->vouchers[i];

		if (v->amount > 0 && d->price > 0) {
			out->payers[out->payer_count++] = (struct ledger_history_payer){
				v->principal,
				(uint32_t)((uint64_t)v->amount * METRIC_ONE / d->price)};
		}
	}
}

bool
decision_note_make(const struct verdict *verdict, struct slice message,
	const struct message_split *split, struct slice id, uint64_t now_s,
	struct ledger_note *out)
{
	const struct scan_details *d = verdict->details;
	bool proven = evidence_is_proof(verdict->evidence);

	if (!verdict->has_trust || d == NULL) {
		return false;
	}
	out->decision = (struct ledger_decision){
		.at_s = now_s,
		.evidence = (uint8_t)verdict->evidence,
		.tier = verdict->tier,
		.flags = flags_of(d),
		.score_milli = score_milli(verdict->score),
		.user = verdict->recipient,
		.sender = verdict->sender,
		.signer = d->evidence.signer,
	};
	add_payers(d, &out->decision);
	decision_note_id(id, &out->decision.message_id);
	out->decision.has_lead = proven && verdict->recipient.len > 0 &&
				 message_lead_of(message, split, &out->decision.lead) == 0;
	out->is_friend = proven && is_friend(d);
	out->shows_identity = proven && d->shows_identity;
	out->identity = d->evidence.identity;
	out->is_acquaintance =
		proven && (d->rule == TRUST_RULE_OWN_EDGE || d->rule == TRUST_RULE_SUSPECT ||
				  d->rule == TRUST_RULE_INTRODUCTION);
	return true;
}
