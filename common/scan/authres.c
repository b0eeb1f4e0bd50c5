#include "common/scan/authres.h"

#include "common/mail/auth_results.h"
#include "common/mail/domain.h"
#include "common/scan/arc.h"
#include "common/scan/signatures.h"
#include "common/scan/trace.h"

/* Results about signatures that are compared with each other. */
#define RESULTS_MAX 64

/* Fields of ours that are read; a chain of filters writes three or four. */
#define FIELDS_MAX 16

/* One DKIM result about the From domain (or dkim=none, without a domain). */
struct signature_result {
	size_t field;
	bool pass;
	struct slice domain; /* canonical */
	struct slice selector;
	struct slice b;
};

/* What one reading needs. */
struct reading {
	struct slice sender;
	struct slice from_domain;
	struct arena *arena;
	const struct evidence_owner *owner;
	struct authres_findings *out;
	struct signature_result *signatures; /* RESULTS_MAX of them, unset */
	size_t signature_count;
	struct signatures in_message;
	struct slice identity; /* of the only AUTHRES_IDENTITY_FIELD, or empty */
	bool arc_none;         /* some field says the chain is not good */
};

/* canonical - a domain as written, made canonical in the arena; empty when it is none */
static struct slice
canonical(struct slice text, struct arena *arena)
{
	struct domain d;

	if (domain_normalise(text, &d) != 0) {
		return (struct slice){0};
	}
	return arena_copy(arena, domain_slice(&d));
}

static struct slice
property(const struct auth_result *r, struct slice ptype, struct slice name)
{
	struct slice value = {0};

	if (!auth_result_property(r, ptype, name, &value)) {
		return (struct slice){0};
	}
	return value;
}

/*
 * signing_domain - header.d, or the domain of header.i where a writer gives only that
 *
 * i= lies in d= or below it (RFC 6376 section 3.5), so an i= that is the From domain or an
 * ancestor of it means the same of d=.
 */
static struct slice
signing_domain(const struct reading *rd, const struct auth_result *r)
{
	struct slice d = property(r, SLICE("header"), SLICE("d"));

	if (d.len == 0) {
		d = slice_behind_last(property(r, SLICE("header"), SLICE("i")), '@');
	}
	return d.len == 0 ? d : canonical(d, rd->arena);
}

/*
 * may_be_same - could both results be about one signature? What is not said cannot tell them
 * apart.
 */
static bool
may_be_same(const struct signature_result *a, const struct signature_result *b)
{
	size_t n = a->b.len < b->b.len ? a->b.len : b->b.len;

	return signatures_agree(a->domain, b->domain) &&
	       signatures_agree(a->selector, b->selector) &&
	       slice_eq(slice_take(a->b, n), slice_take(b->b, n));
}

static void
note_signature(struct reading *rd, const struct signature_result *fresh)
{
	for (size_t i = 0; i < rd->signature_count; i++) {
		const struct signature_result *have = &rd->signatures[i];

		if (have->pass != fresh->pass && may_be_same(have, fresh) &&
			(have->field != fresh->field ||
				(have->b.len > 0 && fresh->b.len > 0))) {
			rd->out->dkim_conflict = true;
		}
	}
	if (rd->signature_count == RESULTS_MAX) {
		rd->out->dkim_conflict = true; /* what cannot be compared is not believed */
		return;
	}
	rd->signatures[rd->signature_count++] = *fresh;
}

/*
 * is_aligned - does the signing domain speak for the From domain?
 *
 * An ancestor controls what is below it, so no list of suffixes is needed; only a top-level domain
 * is left out, whose key would speak for everybody under it.
 */
static bool
is_aligned(struct slice from_domain, struct slice signing)
{
	return signing.len > 0 && domain_is_same_or_under(from_domain, signing) &&
	       (slice_eq(from_domain, signing) || slice_find_byte(signing, '.') < signing.len);
}

/*
 * read_identity - the field by which a sender shows his identity, for the signatures to cover
 *
 * A second one, which might be added behind the signer's back, makes both doubtful; so do blanks
 * before the colon, for which a verifier may take it for another field than the one h= names.
 */
static void
read_identity(const struct header *h, struct reading *rd)
{
	const struct header_field *f = header_find(h, AUTHRES_IDENTITY_FIELD, 0);

	if (header_count(h, AUTHRES_IDENTITY_FIELD) == 1 &&
		h->message.data[f->offset + f->name.len] == ':') {
		rd->identity = slice_trim(f->body);
	}
}

/* note_pass - of a signature that speaks for the From domain */
static void
note_pass(struct reading *rd, const struct signature_result *result)
{
	const struct signature_name name = {result->domain, result->selector, result->b};

	if (signatures_may_be_partial(&rd->in_message, &name)) {
		rd->out->dkim_partial = true;
		return;
	}
	if (result->domain.len > rd->out->dkim_domain.len) {
		rd->out->dkim_domain = result->domain; /* the closest ancestor says most */
	}
	if (rd->identity.len > 0 &&
		signatures_cover(&rd->in_message, &name, AUTHRES_IDENTITY_FIELD)) {
		rd->out->identity = rd->identity;
	}
}

static void
read_dkim(struct reading *rd, size_t field, const struct auth_result *r)
{
	struct signature_result result = {
		.field = field,
		.pass = r->code == AUTH_RESULT_PASS,
		.domain = signing_domain(rd, r),
		.selector = property(r, SLICE("header"), SLICE("s")),
		.b = property(r, SLICE("header"), SLICE("b")),
	};
	bool aligned = is_aligned(rd->from_domain, result.domain);

	if (r->code == AUTH_RESULT_NONE ||
		(aligned && (result.pass || r->code == AUTH_RESULT_FAIL ||
				    r->code == AUTH_RESULT_PERMERROR))) {
		note_signature(rd, &result);
	}
	if (result.pass && aligned) {
		note_pass(rd, &result);
	}
}

static void
read_dmarc(struct reading *rd, const struct auth_result *r)
{
	struct slice from = property(r, SLICE("header"), SLICE("from"));
	bool about_from = slice_eq(canonical(from, rd->arena), rd->from_domain);

	if (r->code == AUTH_RESULT_PASS && about_from) {
		rd->out->dmarc_pass = true;
	}
	if (r->code == AUTH_RESULT_FAIL && (about_from || from.len == 0)) {
		rd->out->dmarc_fail = true;
	}
}

static void
read_spf(struct reading *rd, const struct auth_result *r)
{
	struct slice mailfrom = property(r, SLICE("smtp"), SLICE("mailfrom"));
	struct slice domain = canonical(slice_behind_last(mailfrom, '@'), rd->arena);

	if (r->code == AUTH_RESULT_PASS && domain.len > 0 &&
		(domain_is_same_or_under(rd->from_domain, domain) ||
			domain_is_same_or_under(domain, rd->from_domain))) {
		rd->out->spf_domain = domain;
	}
}

static void
read_auth(struct reading *rd, const struct auth_result *r)
{
	struct slice login = property(r, SLICE("smtp"), SLICE("auth"));

	if (r->code == AUTH_RESULT_PASS && login.len > 0 && rd->owner != NULL &&
		rd->owner->owns(rd->owner->ctx, login, rd->sender)) {
		rd->out->auth_owned = true;
		rd->out->auth_login = login;
	}
}

static void
read_arc(struct reading *rd, const struct auth_result *r)
{
	if (r->code == AUTH_RESULT_PASS) {
		rd->out->arc_pass = true;
	} else {
		rd->arc_none = true;
	}
}

/*
 * names_helo - does the result end in what the client called himself?
 *
 * OpenDMARC, where it checks SPF itself, writes that name as it was sent, and Postfix takes blanks
 * and semicolons in it: all that stands behind it may be the client's own words.
 */
static bool
names_helo(const struct auth_result *r)
{
	struct slice name = {0};

	return auth_result_property(r, SLICE("smtp"), SLICE("helo"), &name);
}

/* read_results - all of one field, as far as nobody but our verifier can have written it */
static void
read_results(struct reading *rd, size_t field, const struct auth_results *results)
{
	for (size_t i = 0; i < results->count && !rd->out->dkim_conflict; i++) {
		const struct auth_result *r = &results->results[i];

		if (auth_result_is(r, SLICE("dkim"))) {
			read_dkim(rd, field, r);
		} else if (auth_result_is(r, SLICE("dmarc"))) {
			read_dmarc(rd, r);
		} else if (auth_result_is(r, SLICE("spf"))) {
			read_spf(rd, r);
		} else if (auth_result_is(r, SLICE("auth"))) {
			read_auth(rd, r);
		} else if (auth_result_is(r, SLICE("arc"))) {
			read_arc(rd, r);
		}
		if (names_helo(r)) {
			return;
		}
	}
}

/* read_field - one more field that counts; more than anybody writes are not believed */
static void
read_field(struct reading *rd, size_t field, const struct auth_results *results)
{
	if (rd->out->fields == FIELDS_MAX) {
		rd->out->dkim_conflict = true;
		return;
	}
	rd->out->fields++;
	read_results(rd, field, results);
}

static bool
is_our_id(const struct settings *settings, struct slice id)
{
	return strlist_has(&settings->authres_trusted_authserv, id) &&
	       !strlist_has(&settings->authres_ignored_authserv, id);
}

int
authres_read(const struct header *h, const struct settings *settings, struct slice sender,
	const struct evidence_owner *owner, struct arena *arena, struct authres_findings *out)
{
	UNINITIALIZED struct signature_result signatures[RESULTS_MAX];
	struct reading rd = {
		.sender = sender,
		.from_domain = slice_behind_last(sender, '@'),
		.arena = arena,
		.owner = owner,
		.out = out,
		.signatures = signatures,
	};
	const struct header_field *f = NULL;
	struct trace trace;

	*out = (struct authres_findings){0};
	if (signatures_read(h, arena, &rd.in_message) != 0) {
		return ERR_NOMEM;
	}
	out->injected = !signatures_are_plain(&rd.in_message);
	read_identity(h, &rd);
	trace_find(h, settings, &trace);
	while ((f = header_next(h, SLICE("Authentication-Results"), f)) != NULL) {
		size_t index = (size_t)(f - h->fields);
		struct auth_results results;
		int ret = auth_results_parse(f->body, arena, &results, NULL);

		if (ret == ERR_NOMEM) {
			return ret;
		}
		if (!is_our_id(settings, results.authserv_id)) {
			continue;
		}
		if (!trace_is_ours(&trace, index)) {
			out->forged = true;
		} else if (ret == 0 && rd.from_domain.len > 0) {
			out->authserv = results.authserv_id;
			read_field(&rd, index, &results);
		}
	}
	out->arc_pass = out->arc_pass && !rd.arc_none;
	return 0;
}

bool
authres_contradicts(const struct authres_findings *f)
{
	return f->dkim_conflict || (f->dmarc_pass && f->dmarc_fail) ||
	       (f->dmarc_fail && f->dkim_domain.len > 0);
}

bool
authres_dmarc_rests_on_spf(const struct authres_findings *f)
{
	return f->dmarc_pass && (!f->dkim_partial || f->spf_domain.len > 0);
}

int
authres_read_arc(const struct header *h, unsigned int instance, struct slice from_domain,
	struct arena *arena, struct authres_findings *out)
{
	UNINITIALIZED struct signature_result signatures[RESULTS_MAX];
	struct reading rd = {
		.from_domain = from_domain,
		.arena = arena,
		.out = out,
		.signatures = signatures,
	};
	const struct header_field *f = NULL;

	*out = (struct authres_findings){0};
	if (signatures_read(h, arena, &rd.in_message) != 0) {
		return ERR_NOMEM;
	}
	while ((f = header_next(h, SLICE("ARC-Authentication-Results"), f)) != NULL) {
		struct slice body = f->body;
		struct auth_results results;
		int ret = 0;

		if (instance == 0 || arc_results_instance(&body) != instance) {
			continue;
		}
		ret = auth_results_parse(body, arena, &results, NULL);
		if (ret == ERR_NOMEM) {
			return ret;
		}
		if (ret == 0) {
			read_field(&rd, (size_t)(f - h->fields), &results);
		}
	}
	return 0;
}
