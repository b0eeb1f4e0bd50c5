#include "common/scan/evidence.h"

#include "common/base/log.h"
#include "common/mail/address_list.h"
#include "common/scan/arc.h"
#include "common/scan/authres.h"
#include "common/scan/trace.h"

/* explain - puts the line for people together, with everything from outside escaped */
static int
explain(struct evidence *e, struct arena *arena, const char *what, struct slice who)
{
	char name[256];

	if (who.len == 0) {
		e->text = slice_str(what);
		return 0;
	}
	e->text = arena_join(arena,
		(const struct slice[]){slice_str(what), SLICE(" "),
			slice_str(log_escape(who, name, sizeof(name)))},
		3);
	return e->text.data == NULL ? ERR_NOMEM : 0;
}

static bool
is_null_path(struct slice body)
{
	struct address path;

	return address_path_parse(body, false, &path) == ERR_NOTFOUND;
}

/*
 * has_null_sender - is it a bounce?
 *
 * Only fields on top are asked, where the pipeline puts them. A sender who writes one himself
 * loses his tier by it, which is his business.
 */
static bool
has_null_sender(const struct header *h, const struct settings *settings)
{
	size_t end = trace_envelope_end(h);
	struct slice configured = settings->envelope_sender_header;

	for (size_t i = 0; i < end; i++) {
		const struct header_field *f = &h->fields[i];

		if (header_field_is(f, SLICE("Return-Path")) ||
			header_field_is(f, SLICE("X-Envelope-From"))) {
			return is_null_path(f->body);
		}
	}
	if (configured.len > 0) {
		const struct header_field *f = header_find(h, configured, 0);

		return f != NULL && is_null_path(f->body);
	}
	return false;
}

/* read_from - the one address of the one From, else empty and the reason why there is none */
static int
read_from(const struct header *h, const struct settings *settings, struct arena *arena,
	struct evidence *e, struct slice *single, const char **why_not)
{
	struct address_list list;
	int ret = 0;

	*single = (struct slice){0};
	*why_not = NULL;
	switch (header_count(h, SLICE("From"))) {
	case 0:
		*why_not = "no From field";
		return 0;
	case 1:
		break;
	default:
		*why_not = "more than one From field";
		return 0;
	}
	ret = address_list_parse(header_find(h, SLICE("From"), 0)->body,
		settings->fold_local_part, arena, &list);
	if (ret != 0) {
		return ret;
	}
	if (!address_list_is_single(&list)) {
		*why_not = list.malformed    ? "From cannot be read beyond doubt"
			   : list.count == 0 ? "From holds no address"
					     : "From holds more than one address";
		return 0;
	}
	e->has_sender = principal_from_address(list.items[0].address, &e->sender) == 0;
	if (e->has_sender) {
		*single = list.items[0].address;
	} else {
		*why_not = "the address in From is too long";
	}
	return 0;
}

/* doubtful_header - a reason not to believe that a mail client shows the From we saw */
static const char *
doubtful_header(const struct header *h)
{
	static const struct {
		unsigned int flag;
		const char *why;
	} doubts[] = {
		{HEADER_CUT, "the header is too long to be read whole"},
		{HEADER_NUL, "the header holds NUL bytes"},
		{HEADER_BARE_CR, "the header holds bare CR bytes"},
		{HEADER_BROKEN_OFF, "the header ends in a line that is no field"},
		{HEADER_JUNK, "the header holds a line that is no field"},
	};

	for (size_t i = 0; i < ARRAY_LEN(doubts); i++) {
		if ((h->flags & doubts[i].flag) != 0) {
			return doubts[i].why;
		}
	}
	return NULL;
}

/* listed_sealer - d= of the newest seal, when the site lists it; empty otherwise */
static struct slice
listed_sealer(const struct header *h, const struct settings *settings, unsigned int newest,
	struct arena *arena)
{
	struct slice domain = arc_sealer(h, newest, arena);

	return strlist_has(&settings->arc_trusted_sealers, domain) ? domain : (struct slice){0};
}

/*
 * judge_arc - E2: our verifier passed the chain, and a listed sealer saw the sender proven
 *
 * The newest seal vouches for the whole chain below it, so only its sealer needs to be listed,
 * and what he saw stands in his own ARC-Authentication-Results.
 */
static int
judge_arc(const struct header *h, const struct settings *settings, struct slice from_domain,
	const struct authres_findings *ours, struct arena *arena, struct evidence *e)
{
	struct authres_findings theirs = {0};
	unsigned int newest = 0;
	struct slice sealer;
	int ret = 0;

	if (!ours->arc_pass) {
		return 0;
	}
	newest = arc_newest(h, arena);
	sealer = listed_sealer(h, settings, newest, arena);
	if (sealer.len == 0) {
		return 0;
	}
	ret = authres_read_arc(h, newest, from_domain, arena, &theirs);
	if (ret != 0 || authres_contradicts(&theirs) ||
		(theirs.dkim_domain.len == 0 && !theirs.dmarc_pass)) {
		return ret;
	}
	e->level = EVIDENCE_ARC;
	e->signer = sealer;
	return explain(e, arena, "ARC chain sealed by", sealer);
}

/* note_identity - whose identity the signed header shows; one that is none shows nothing */
static void
note_identity(const struct authres_findings *found, struct evidence *e)
{
	struct principal p;

	if (found->identity.len > 0 && principal_parse(found->identity, false, &p, NULL) == 0 &&
		p.kind == PRINCIPAL_ID) {
		e->has_identity = true;
		e->shown = found->identity;
		principal_digest(&p, &e->identity);
	}
}

/* judge - the strongest evidence that the merged results support */
static int
judge(const struct header *h, const struct settings *settings,
	const struct authres_findings *found, struct arena *arena, struct evidence *e)
{
	struct slice address = principal_value(&e->sender);
	struct slice from_domain = slice_behind_last(address, '@');

	if (found->injected) {
		return explain(e, arena,
			"a DKIM-Signature holds what might pass for a result, or cannot be read",
			(struct slice){0});
	}
	if (authres_contradicts(found)) {
		return explain(e, arena, "the Authentication-Results contradict each other",
			(struct slice){0});
	}
	if (found->dkim_domain.len > 0) {
		e->level = EVIDENCE_DKIM;
		e->signer = found->dkim_domain;
		note_identity(found, e);
		return explain(e, arena, "DKIM signature of", found->dkim_domain);
	}
	if (found->auth_owned) {
		e->level = EVIDENCE_DKIM;
		return explain(e, arena, "authenticated submission by", found->auth_login);
	}
	if (settings->dmarc_spf && authres_dmarc_rests_on_spf(found)) {
		e->level = EVIDENCE_DKIM;
		e->signer = from_domain;
		e->by_spf = true;
		return explain(e, arena, "DMARC pass by SPF for", from_domain);
	}
	if (judge_arc(h, settings, from_domain, found, arena, e) != 0) {
		return ERR_NOMEM;
	}
	if (e->level == EVIDENCE_ARC) {
		return 0;
	}
	if (found->spf_domain.len > 0) {
		e->level = EVIDENCE_SPF;
		return explain(e, arena, "only SPF, for", found->spf_domain);
	}
	if (found->dkim_partial) {
		return explain(e, arena,
			"the DKIM signature covers a part of the body only (l=)",
			(struct slice){0});
	}
	return explain(e, arena,
		found->fields == 0 ? "no Authentication-Results of ours"
				   : "no signature proves",
		found->fields == 0 ? (struct slice){0} : from_domain);
}

int
evidence_find(const struct header *h, const struct settings *settings,
	const struct evidence_owner *owner, struct arena *arena, struct evidence *out)
{
	struct authres_findings found = {0};
	const char *why_not = NULL;
	struct slice single;
	int ret = 0;

	*out = (struct evidence){.null_sender = has_null_sender(h, settings)};
	ret = read_from(h, settings, arena, out, &single, &why_not);
	if (ret != 0) {
		return ret;
	}
	named_find(h, settings->fold_local_part, single, arena, &out->named);
	ret = authres_read(h, settings,
		out->has_sender ? principal_value(&out->sender) : (struct slice){0}, owner,
		arena, &found);
	if (ret != 0) {
		return ret;
	}
	out->ar_forged = found.forged;
	out->authserv = found.authserv;
	if (why_not == NULL) {
		why_not = doubtful_header(h);
	}
	if (why_not == NULL && settings->authres_trusted_authserv.count == 0) {
		why_not = "authres_trusted_authserv is not set";
	}
	if (why_not != NULL) {
		out->text = slice_str(why_not);
		return 0;
	}
	return judge(h, settings, &found, arena, out);
}
