#include "gossip/lines.h"

#include <inttypes.h>

#include "common/base/encoding.h"
#include "common/base/strnum.h"
#include "common/statement/small_json.h"
#include "gossip/node.h"

/* next_line - takes a line off *rest, without its end. @return 0, ERR_TRUNCATED */
static int
next_line(struct slice *rest, struct slice *line)
{
	size_t end = slice_find_byte(*rest, '\n');

	if (end == rest->len) {
		return ERR_TRUNCATED;
	}
	*line = slice_take(*rest, end);
	*rest = slice_skip(*rest, end + 1);
	return 0;
}

static int
parse_line(struct slice text, struct line *out)
{
	size_t space = slice_find_byte(text, ' ');

	*out = (struct line){.jws = slice_take(text, space)};
	if (space == 0) {
		return ERR_INVALID;
	}
	if (space == text.len) {
		return 0;
	}
	out->has_first_seen = true;
	return strnum_u64(
		slice_skip(text, space + 1), STATEMENT_TIME_MAX_S, &out->first_seen_s);
}

int
lines_parse(struct slice body, struct lines *out)
{
	struct slice text;
	int rc = 0;

	out->count = 0;
	while (rc == 0 && body.len > 0) {
		rc = next_line(&body, &text);
		if (rc == 0 && out->count == LINES_MAX) {
			rc = ERR_TOOBIG;
		}
		rc = rc == 0 ? parse_line(text, &out->line[out->count++]) : rc;
	}
	if (rc != 0) {
		out->count = 0;
	}
	return rc;
}

/* parse_end - "NEXT SP LAST" */
static int
parse_end(struct slice text, struct feed_end *end)
{
	size_t space = slice_find_byte(text, ' ');
	int rc = strnum_u64(slice_take(text, space), UINT64_MAX, &end->next);

	rc = rc == 0 ? strnum_u64(slice_skip(text, space + 1), UINT64_MAX, &end->last) : rc;
	return rc == 0 && end->next > end->last ? ERR_INVALID : rc;
}

int
lines_parse_feed(struct slice body, struct lines *out, struct feed_end *end)
{
	struct slice last;
	int rc;

	out->count = 0;
	if (body.len == 0 || body.data[body.len - 1] != '\n') {
		return ERR_TRUNCATED;
	}
	last = slice_behind_last(slice_take(body, body.len - 1), '\n');
	rc = parse_end(last, end);
	return rc == 0 ? lines_parse(slice_take(body, body.len - last.len - 1), out) : rc;
}

void
lines_add(struct dynbuf *out, struct slice jws, enum graph_peer_class class,
	uint64_t first_seen_s)
{
	(void)dynbuf_add(out, jws);
	if (class == GRAPH_PEER_SITE) {
		(void)dynbuf_printf(out, " %" PRIu64, first_seen_s);
	}
	(void)dynbuf_add_byte(out, '\n');
}

void
lines_end_feed(struct dynbuf *out, const struct feed_end *end)
{
	(void)dynbuf_printf(out, "%" PRIu64 " %" PRIu64 "\n", end->next, end->last);
}

/* parse_id - base64url of exactly 32 bytes */
static int
parse_id(struct slice text, struct digest *out)
{
	size_t len = 0;
	int rc = base64url_decode(text, out->bytes, DIGEST_LEN, &len);

	return rc != 0 || len != DIGEST_LEN ? ERR_INVALID : 0;
}

int
ids_parse(struct slice body, struct digest out[LINES_MAX], size_t *count_out)
{
	struct slice text;
	size_t count = 0;
	int rc = 0;

	while (rc == 0 && body.len > 0) {
		rc = next_line(&body, &text);
		if (rc == 0 && count == LINES_MAX) {
			rc = ERR_TOOBIG;
		}
		rc = rc == 0 ? parse_id(text, &out[count++]) : rc;
	}
	*count_out = rc == 0 ? count : 0;
	return rc;
}

void
ids_add(struct dynbuf *out, const struct digest *id)
{
	char text[BASE64URL_LEN(DIGEST_LEN) + 1];

	base64url_encode(digest_slice(id), text);
	(void)dynbuf_add_str(out, text);
	(void)dynbuf_add_byte(out, '\n');
}

static const char *const held_names[] = {
	[PUSHED_ADDED] = "added",
	[PUSHED_REPLACED] = "replaced",
	[PUSHED_KNOWN] = "known",
};

const char *
pushed_name(unsigned int outcome)
{
	return outcome < PUSHED_REFUSED
		       ? held_names[outcome]
		       : graph_refusal_name((enum graph_refusal)(outcome - PUSHED_REFUSED));
}

static int
parse_pushed(struct slice text, unsigned int *out)
{
	for (unsigned int i = 0; i < PUSHED_REFUSED + GRAPH_REFUSED_COUNT; i++) {
		if (slice_eq(text, slice_str(pushed_name(i)))) {
			*out = i;
			return 0;
		}
	}
	return ERR_INVALID;
}

int
pushed_parse(struct slice body, unsigned int *out, size_t count)
{
	struct slice text;
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		rc = next_line(&body, &text);
		rc = rc == 0 ? parse_pushed(text, &out[i]) : rc;
	}
	return rc == 0 && body.len > 0 ? ERR_INVALID : rc;
}

void
node_info_write(struct dynbuf *out, const struct node_info *info)
{
	char key[BASE64URL_LEN(DIGEST_LEN) + 1];

	base64url_encode(digest_slice(&info->key), key);
	(void)dynbuf_printf(out,
		"{\"version\":%" PRIu64 ",\"key\":\"%s\",\"epoch\":\"%" PRIu64
		"\",\"last\":%" PRIu64 ",\"page_max\":%d,\"body_max\":%zu}\n",
		info->version, key, info->epoch, info->last, LINES_MAX, NODE_BODY_MAX);
}

/* string_of - a member that must be there and a string. False when it is not */
static bool
string_of(const struct small_json *json, const char *name, struct slice *out)
{
	const struct small_json_member *m = small_json_find(small_json_root(json), name);

	if (m == NULL || m->type != SMALL_JSON_STRING) {
		return false;
	}
	*out = m->text;
	return true;
}

static bool
number_of(const struct small_json *json, const char *name, uint64_t *out)
{
	const struct small_json_member *m = small_json_find(small_json_root(json), name);

	if (m == NULL || m->type != SMALL_JSON_INTEGER || m->number < 0) {
		return false;
	}
	*out = (uint64_t)m->number;
	return true;
}

int
node_info_parse(struct slice body, struct node_info *out)
{
	struct small_json json;
	struct slice epoch;
	struct slice key;
	int rc = small_json_parse(&json, slice_without_line_end(body), NULL);

	if (rc != 0) {
		return rc;
	}
	if (!number_of(&json, "version", &out->version)) {
		return ERR_INVALID;
	}
	if (out->version != 1) {
		return ERR_VERSION;
	}
	if (!string_of(&json, "key", &key) || !string_of(&json, "epoch", &epoch) ||
		!number_of(&json, "last", &out->last)) {
		return ERR_INVALID;
	}
	rc = parse_id(key, &out->key);
	return rc == 0 ? strnum_u64(epoch, UINT64_MAX, &out->epoch) : rc;
}
