#include "trustctl/device_list.h"

#include <stdio.h>

/* find_or_add - NULL when the list is full */
static struct device *
find_or_add(struct device_list *list, const struct thumbprint *key)
{
	for (size_t i = 0; i < list->count; i++) {
		if (thumbprint_eq(&list->items[i].key, key)) {
			return &list->items[i];
		}
	}
	if (list->count == DEVICE_LIST_MAX) {
		return NULL;
	}
	list->items[list->count] = (struct device){.key = *key, .revoked_since_s = UINT64_MAX};
	return &list->items[list->count++];
}

/* note_certificate - what a `device` statement says */
static void
note_certificate(struct device_list *list, const struct statement *st)
{
	struct thumbprint key;
	struct device *device = NULL;

	if (thumbprint_parse(principal_value(&st->sub), &key) == 0) {
		device = find_or_add(list, &key);
	}
	if (device != NULL) {
		device->exp_s = st->exp;
		device->role = st->body.device.role;
		memcpy(device->label, st->body.device.label, sizeof(device->label));
	}
}

static int
look_at_certificate(void *ctx, const struct graph_record *record)
{
	struct statement st;
	int rc = statement_decode(record->jws, &st, NULL);

	if (rc == 0 && st.act == STATEMENT_DEVICE) {
		note_certificate(ctx, &st);
	}
	return rc;
}

static int
look_at_revocation(void *ctx, const struct graph_record *record)
{
	struct device_list *list = ctx;
	struct thumbprint key;
	struct statement st;
	int rc = statement_decode(record->jws, &st, NULL);

	if (rc != 0 || st.act != STATEMENT_REVOKE || st.sub.kind != PRINCIPAL_KEY ||
		thumbprint_parse(principal_value(&st.sub), &key) != 0) {
		return rc;
	}
	uint64_t since_s = st.since < record->first_seen_s ? st.since : record->first_seen_s;

	for (size_t i = 0; i < list->count; i++) {
		struct device *device = &list->items[i];

		if (thumbprint_eq(&device->key, &key) && since_s < device->revoked_since_s) {
			device->revoked_since_s = since_s;
		}
	}
	return 0;
}

struct key_search {
	struct device_list *list;
	const struct thumbprint *identity;
};

static int
note_key(void *ctx, const struct keystore_entry *entry)
{
	struct key_search *search = ctx;

	if (entry->kind == KEYSTORE_DEVICE &&
		thumbprint_eq(&entry->identity, search->identity)) {
		struct device *device = find_or_add(search->list, &entry->key);

		if (device != NULL) {
			device->is_here = true;
		}
	}
	return 0;
}

int
device_list_load(struct keywork *w, struct device_list *out, struct err_msg *msg)
{
	struct key_search search = {out, &w->actor.identity};
	int rc = site_begin(w->site, msg);

	out->count = 0;
	if (rc != 0) {
		return rc;
	}
	rc = graph_visit_issuer(w->site->graph, &w->actor.identity, look_at_certificate, out);
	rc = rc == 0 ? keystore_visit(&w->keys, note_key, &search, msg) : rc;
	rc = rc == 0 ? graph_visit_issuer(
			       w->site->graph, &w->actor.identity, look_at_revocation, out)
		     : rc;
	int end_rc = site_end(w->site, rc == 0 ? msg : NULL);

	if (rc != 0) {
		return err_set(msg, rc, "the devices of %s cannot be read: %s", w->actor.name,
			err_text(rc));
	}
	return end_rc;
}

static bool
is_meant(const struct device *device, struct slice text)
{
	struct slice key = text;

	if (slice_starts_with(key, SLICE("key:"))) {
		key = slice_skip(key, strlen("key:"));
	}
	return (key.len >= 6 && slice_starts_with(thumbprint_slice(&device->key), key)) ||
	       slice_eq(slice_str(device->label), text);
}

int
device_list_find(const struct device_list *list, const char *text, const struct device **out,
	struct err_msg *msg)
{
	size_t found = 0;

	for (int want_revoked = 0; found == 0 && want_revoked < 2; want_revoked++) {
		for (size_t i = 0; i < list->count; i++) {
			const struct device *device = &list->items[i];
			bool is_revoked = device->revoked_since_s != UINT64_MAX;

			if (is_revoked == (want_revoked != 0) && text[0] != '\0' &&
				is_meant(device, slice_str(text))) {
				*out = device;
				found++;
			}
		}
	}
	if (found == 1) {
		return 0;
	}
	return found == 0
		       ? err_set(msg, ERR_NOTFOUND,
				 "no device \"%s\"; \"trustctl device list\" shows all", text)
		       : err_set(msg, ERR_INVALID,
				 "several devices fit \"%s\"; say more of the key", text);
}
