#include "tests/support/negentropy_lines.h"

#include <stdlib.h>

#include "common/base/encoding.h"
#include "common/base/strnum.h"

void
negentropy_lines_init(struct negentropy_lines *l, size_t frame_max)
{
	*l = (struct negentropy_lines){.limits = {.frame_max = frame_max}};
	item_tree_init(&l->tree);
	item_tree_init(&l->told_have);
	item_tree_init(&l->told_need);
}

void
negentropy_lines_fini(struct negentropy_lines *l)
{
	free(l->items);
	item_tree_fini(&l->tree);
	item_tree_fini(&l->told_have);
	item_tree_fini(&l->told_need);
	*l = (struct negentropy_lines){0};
}

/* add_item - copies it; the order does not matter */
static int
add_item(struct negentropy_lines *l, const struct item *item, struct err_msg *msg)
{
	if (l->n == l->cap) {
		const size_t cap = l->cap == 0 ? 1024 : 2 * l->cap;
		struct item *items = realloc(l->items, cap * sizeof(*items));
		if (items == NULL) {
			return err_set(msg, ERR_NOMEM, "no memory for %zu items", cap);
		}
		l->items = items;
		l->cap = cap;
	}
	l->items[l->n++] = *item;
	return 0;
}

/* on_item - TIMESTAMP,HEXID */
static int
on_item(struct negentropy_lines *l, struct slice args, struct err_msg *msg)
{
	const size_t comma = slice_find_byte(args, ',');
	const struct slice hex = slice_skip(args, comma + 1);
	struct item item;
	size_t len = 0;

	if (l->is_sealed) {
		return err_set(msg, ERR_NOTREADY, "item: already sealed");
	}
	if (strnum_u64(slice_take(args, comma), ITEM_TIMESTAMP_INFINITY - 1, &item.timestamp) !=
		0) {
		return err_set(msg, ERR_INVALID, "item: the timestamp is not below 2^64-1");
	}
	if (hex_decode(hex, item.id.bytes, DIGEST_LEN, &len) != 0 || len != DIGEST_LEN) {
		return err_set(
			msg, ERR_INVALID, "item: the id is not %d bytes in hex", DIGEST_LEN);
	}
	return add_item(l, &item, msg);
}

static int
cmp_items(const void *a, const void *b)
{
	return item_cmp(a, b);
}

static int
on_seal(struct negentropy_lines *l, struct err_msg *msg)
{
	int ret = 0;

	if (l->is_sealed) {
		return err_set(msg, ERR_NOTREADY, "seal: already sealed");
	}
	if (l->n > 0) {
		qsort(l->items, l->n, sizeof(*l->items), cmp_items);
		ret = item_tree_build(&l->tree, l->items, l->n);
	}
	if (ret != 0) {
		return err_set(msg, ret, "seal: %s",
			ret == ERR_EXISTS ? "two items are the same" : err_text(ret));
	}
	free(l->items);
	l->items = NULL;
	l->is_sealed = true;
	return 0;
}

/* add_line - "name," and the bytes in hex */
static void
add_line(struct dynbuf *out, const char *name, struct slice bytes)
{
	uint8_t *at = NULL;

	dynbuf_add_str(out, name);
	at = dynbuf_reserve(out, 2 * bytes.len + 1);
	if (at != NULL) {
		hex_encode(bytes, (char *)at);
		at[2 * bytes.len] = '\n';
		dynbuf_commit(out, 2 * bytes.len + 1);
	}
}

/* What the callbacks of a message work on. */
struct telling {
	struct negentropy_lines *lines;
	struct dynbuf *out;
};

/* tell - a line for an id that was not told before */
static int
tell(struct item_tree *told, const char *name, const struct digest *id, struct dynbuf *out)
{
	const struct item item = {.id = *id};
	const int ret = item_tree_insert(told, &item);

	if (ret == 0) {
		add_line(out, name, digest_slice(id));
	}
	return ret == ERR_EXISTS ? 0 : ret;
}

static int
on_have(void *ctx, const struct item *item)
{
	const struct telling *t = ctx;

	return tell(&t->lines->told_have, "have,", &item->id, t->out);
}

static int
on_need(void *ctx, const struct digest *id)
{
	const struct telling *t = ctx;

	return tell(&t->lines->told_need, "need,", id, t->out);
}

static int
on_initiate(struct negentropy_lines *l, struct dynbuf *out, struct err_msg *msg)
{
	struct dynbuf message;
	int ret = 0;

	if (!l->is_sealed || l->is_client) {
		return err_set(msg, ERR_NOTREADY, "initiate: %s",
			l->is_sealed ? "already initiated" : "not sealed");
	}
	l->is_client = true;
	dynbuf_init(&message, SIZE_MAX);
	ret = reconcile_initiate(&l->tree, &message);
	if (ret == 0) {
		add_line(out, "msg,", dynbuf_slice(&message));
	} else {
		err_set(msg, ret, "initiate: %s", err_text(ret));
	}
	dynbuf_fini(&message);
	return ret;
}

/* on_message - the bytes of a message, in the role that we have */
static int
on_message(struct negentropy_lines *l, struct slice message, struct dynbuf *out,
	struct err_msg *msg)
{
	struct telling telling = {.lines = l, .out = out};
	const struct reconcile_found found = {
		.have = on_have, .need = on_need, .ctx = &telling};
	struct dynbuf answer;
	bool done = false;
	int ret = 0;

	dynbuf_init(&answer, SIZE_MAX);
	if (l->is_client) {
		ret = reconcile_continue(
			&l->tree, &l->limits, message, &found, &answer, &done, msg);
	} else {
		ret = reconcile_answer(&l->tree, &l->limits, message, &answer, msg);
	}
	if (ret == 0 && done) {
		dynbuf_add_str(out, "done\n");
	} else if (ret == 0) {
		add_line(out, "msg,", dynbuf_slice(&answer));
	}
	dynbuf_fini(&answer);
	return ret;
}

/* on_msg - HEX */
static int
on_msg(struct negentropy_lines *l, struct slice hex, struct dynbuf *out, struct err_msg *msg)
{
	uint8_t *bytes = NULL;
	size_t len = 0;
	int ret = 0;

	if (!l->is_sealed) {
		return err_set(msg, ERR_NOTREADY, "msg: not sealed");
	}
	bytes = malloc(hex.len / 2 + 1);
	if (bytes == NULL) {
		return err_set(msg, ERR_NOMEM, "no memory for a message");
	}
	if (hex_decode(hex, bytes, hex.len / 2, &len) != 0) {
		ret = err_set(msg, ERR_INVALID, "msg: not in hex");
	} else {
		ret = on_message(l, slice_of(bytes, len), out, msg);
	}
	free(bytes);
	return ret;
}

int
negentropy_lines_feed(
	struct negentropy_lines *l, struct slice line, struct dynbuf *out, struct err_msg *msg)
{
	const size_t comma = slice_find_byte(line, ',');
	const struct slice command = slice_take(line, comma);
	const struct slice args = slice_skip(line, comma + 1);
	int ret = 0;

	if (slice_is_empty(line)) {
		return 0;
	}
	if (slice_eq(command, SLICE("item"))) {
		ret = on_item(l, args, msg);
	} else if (slice_eq(line, SLICE("seal"))) {
		ret = on_seal(l, msg);
	} else if (slice_eq(line, SLICE("initiate"))) {
		ret = on_initiate(l, out, msg);
	} else if (slice_eq(command, SLICE("msg"))) {
		ret = on_msg(l, args, out, msg);
	} else {
		ret = err_set(msg, ERR_INVALID, "not item, seal, initiate or msg");
	}
	if (ret == 0 && dynbuf_error(out) != 0) {
		ret = err_set(msg, dynbuf_error(out), "no room for the answer");
	}
	return ret;
}
