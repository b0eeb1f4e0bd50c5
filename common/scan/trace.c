#include "common/scan/trace.h"

/* What pipelines put before the mail they hand to a scorer (DESIGN 5). */
static const char *const envelope_fields[] = {
	"Return-Path",
	"X-Envelope-From",
	"X-Envelope-To",
	"Delivered-To",
	"X-Original-To",
	"X-Haraka-UUID",
};

static bool
is_envelope_field(const struct header_field *field)
{
	for (size_t i = 0; i < ARRAY_LEN(envelope_fields); i++) {
		if (header_field_is(field, slice_str(envelope_fields[i]))) {
			return true;
		}
	}
	return false;
}

size_t
trace_envelope_end(const struct header *h)
{
	size_t i = 0;

	while (i < h->count && is_envelope_field(&h->fields[i])) {
		i++;
	}
	return i;
}

/* is_border - did the message enter our networks by this hop? */
static bool
is_border(const struct received *hop, const struct netlist *ours)
{
	switch (hop->kind) {
	case RECEIVED_INSIDE:
		return false;
	case RECEIVED_FROM_PEER:
		return !netlist_contains(ours, &hop->peer);
	case RECEIVED_SUBMITTED:
	case RECEIVED_UNKNOWN:
		break;
	}
	return true;
}

/* top_run_end - end of the run of Authentication-Results at the very top */
static size_t
top_run_end(const struct header *h)
{
	size_t i = trace_envelope_end(h);

	while (i < h->count &&
		header_field_is(&h->fields[i], SLICE("Authentication-Results"))) {
		i++;
	}
	return i;
}

static size_t
next_received(const struct header *h, size_t from)
{
	while (from < h->count && !header_field_is(&h->fields[from], SLICE("Received"))) {
		from++;
	}
	return from;
}

/* border - index of the border hop, read into `out`; h->count when there is none */
static size_t
border(const struct header *h, const struct netlist *ours, struct received *out)
{
	size_t hop = next_received(h, 0);

	while (hop < h->count) {
		received_parse(h->fields[hop].body, out);
		if (is_border(out, ours)) {
			break;
		}
		hop = next_received(h, hop + 1);
	}
	return hop;
}

void
trace_find(const struct header *h, const struct settings *settings, struct trace *out)
{
	const struct netlist *ours = settings->authres_networks == SETTINGS_AUTHRES_TRUSTED
					     ? &settings->trusted_networks
					     : &settings->internal_networks;
	struct received received;
	size_t hop = 0;

	*out = (struct trace){.above = h->count};
	if (settings->authres_networks == SETTINGS_AUTHRES_ALL) {
		return;
	}
	hop = border(h, ours, &received);
	if (hop == h->count) {
		out->above = top_run_end(h);
		return;
	}
	out->above = hop;
	if (settings->authres_position == SETTINGS_AUTHRES_BELOW) {
		out->below_from = hop + 1;
		out->below_end = next_received(h, hop + 1);
	}
}

bool
trace_handover(const struct header *h, const struct netlist *ours, struct received *out)
{
	return border(h, ours, out) < h->count && out->kind == RECEIVED_FROM_PEER;
}

bool
trace_is_ours(const struct trace *t, size_t field)
{
	return field < t->above || (field >= t->below_from && field < t->below_end);
}
