#include "gossip/reconcile.h"

#include <stdlib.h>

#include "gossip/reconcile_wire.h"

/*
 * A range that differs is cut into so many; below two items for each, its ids are sent
 * instead.
 */
#define SPLIT_PARTS 16
#define SPLIT_MIN   ((size_t)2 * SPLIT_PARTS)

/*
 * Room that the protocol leaves at the end of a frame for the fingerprint of all that is left.
 */
#define FRAME_RESERVE 200

/*
 * One message in, one message out.
 *
 * `at` is the index of the first item not below `before`, the bound of the range before; it is
 * looked up when it is needed, so that skipped ranges cost nothing. `skip` says that ranges up
 * to `before` are done with on both sides, and the other side was not told yet.
 */
struct pass {
	const struct item_tree *tree;
	const struct reconcile_found *found; /* the client's; NULL for the server */
	struct reconcile_writer writer;
	struct dynbuf *out;
	size_t begin;     /* of our message in `out` */
	size_t frame_max; /* 0: none */
	struct reconcile_bound before;
	uint64_t at;
	bool at_is_known;
	bool skip;
	bool full;       /* the frame is, so the message has ended */
	uint64_t summed; /* `sum` is that of the first `summed` items */
	struct id_sum sum;
};

static void
pass_init(struct pass *p, const struct item_tree *tree, size_t frame_max, struct dynbuf *out)
{
	*p = (struct pass){
		.tree = tree,
		.out = out,
		.begin = out->len,
		.frame_max = frame_max,
		.at_is_known = true,
	};
	reconcile_writer_init(&p->writer, out);
}

/* pass_end - on an error `out` is as it was */
static int
pass_end(struct pass *p, int ret)
{
	if (ret == 0) {
		ret = dynbuf_error(p->out);
	}
	if (ret != 0) {
		dynbuf_truncate(p->out, p->begin);
	}
	return ret;
}

/* written - bytes of our message so far */
static size_t
written(const struct pass *p)
{
	return p->out->len - p->begin;
}

static bool
is_over_frame(const struct pass *p, size_t len)
{
	return p->frame_max != 0 && len > p->frame_max - FRAME_RESERVE;
}

/*
 * fingerprint - of the items with index from..to-1. Ranges are adjacent, so half of it is at
 * hand.
 */
static void
fingerprint(struct pass *p, uint64_t from, uint64_t to, uint8_t out[ID_SUM_FINGERPRINT_LEN])
{
	struct id_sum sum;

	if (p->summed != from) {
		item_tree_sum_first(p->tree, from, &p->sum);
	}
	item_tree_sum_first(p->tree, to, &sum);
	const struct id_sum until = sum;
	id_sum_sub(&sum, &p->sum);
	id_sum_fingerprint(&sum, to - from, out);
	p->sum = until;
	p->summed = to;
}

static void
write_ids(struct pass *p, uint64_t from, uint64_t to)
{
	while (from < to) {
		size_t len = 0;
		const struct item *items = item_tree_run(p->tree, from, &len);
		for (size_t i = 0; i < len && from < to; i++) {
			reconcile_write_id(&p->writer, &items[i].id);
			from++;
		}
	}
}

/* write_list - the ids of the items with index from..to-1, for a range that ends at `upper` */
static void
write_list(struct pass *p, uint64_t from, uint64_t to, const struct reconcile_bound *upper)
{
	reconcile_write_list(&p->writer, upper, to - from);
	write_ids(p, from, to);
}

/* write_split - the items from..to-1 in finer detail: fingerprints of 16 parts, or all ids */
static void
write_split(struct pass *p, uint64_t from, uint64_t to, const struct reconcile_bound *upper)
{
	const uint64_t count = to - from;

	if (count < SPLIT_MIN) {
		write_list(p, from, to, upper);
		return;
	}
	for (uint64_t i = 0; i < SPLIT_PARTS; i++) {
		const uint64_t end = from + count / SPLIT_PARTS + (i < count % SPLIT_PARTS);
		struct reconcile_bound bound = *upper;
		uint8_t print[ID_SUM_FINGERPRINT_LEN];
		if (end < to) {
			bound = reconcile_bound_between(item_tree_select(p->tree, end - 1),
				item_tree_select(p->tree, end));
		}
		fingerprint(p, from, end, print);
		reconcile_write_fingerprint(&p->writer, &bound, print);
		from = end;
	}
}

int
reconcile_initiate(const struct item_tree *tree, struct dynbuf *out)
{
	const struct reconcile_bound infinity = reconcile_bound_infinity();
	struct pass p;

	pass_init(&p, tree, 0, out);
	write_split(&p, 0, item_tree_count(tree), &infinity);
	return pass_end(&p, 0);
}

/* write_pending_skip - before anything else is written */
static void
write_pending_skip(struct pass *p)
{
	if (p->skip) {
		p->skip = false;
		reconcile_write_skip(&p->writer, &p->before);
	}
}

/* on_fingerprint - the other side's, of the items from..to-1 of ours */
static void
on_fingerprint(struct pass *p, const struct reconcile_range *range, uint64_t from, uint64_t to)
{
	uint8_t ours[ID_SUM_FINGERPRINT_LEN];

	fingerprint(p, from, to, ours);
	if (slice_eq(range->payload, slice_of(ours, sizeof(ours)))) {
		p->skip = true;
		return;
	}
	write_pending_skip(p);
	write_split(p, from, to, &range->upper);
}

/*
 * answer_list - the server's own ids of the range, whatever the client's are: it is the client
 * who compares. Before each id the frame is tested with the ids alone, so an id is left out
 * when what was written before this range and the ids up to it exceed the frame. Returns the
 * index where it stopped.
 */
static uint64_t
answer_list(struct pass *p, const struct reconcile_range *range, uint64_t from, uint64_t to)
{
	struct reconcile_bound upper = range->upper;

	if (p->frame_max != 0) {
		/* The message before this range is within the frame, so one id always is. */
		const size_t room = p->frame_max - FRAME_RESERVE - written(p);
		const uint64_t fit = room / DIGEST_LEN + 1;
		if (fit < to - from) {
			to = from + fit;
			upper = reconcile_bound_at(item_tree_select(p->tree, to));
		}
	}
	write_pending_skip(p);
	write_list(p, from, to, &upper);
	return to;
}

static int
cmp_ids(const void *a, const void *b)
{
	const uint8_t *const *left = a;
	const uint8_t *const *right = b;

	return memcmp(*left, *right, DIGEST_LEN);
}

/* The ids of the server's list: sorted, each once, and whether we have it. */
struct theirs {
	const uint8_t **ids;
	bool *ours;
	size_t n;
};

static void
theirs_fini(struct theirs *t)
{
	free(t->ids);
	free(t->ours);
}

/* theirs_init - @return 0 or ERR_NOMEM; to be released in both cases */
static int
theirs_init(struct theirs *t, struct slice list)
{
	const size_t count = list.len / DIGEST_LEN;

	*t = (struct theirs){0};
	if (count == 0) {
		return 0;
	}
	t->ids = calloc(count, sizeof(const uint8_t *));
	t->ours = calloc(count, sizeof(bool));
	if (t->ids == NULL || t->ours == NULL) {
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		t->ids[i] = list.data + i * DIGEST_LEN;
	}
	qsort(t->ids, count, sizeof(const uint8_t *), cmp_ids);
	for (size_t i = 0; i < count; i++) {
		if (t->n == 0 || memcmp(t->ids[t->n - 1], t->ids[i], DIGEST_LEN) != 0) {
			t->ids[t->n++] = t->ids[i];
		}
	}
	return 0;
}

/* theirs_mark - notes that we have the id. Returns whether it is in the list. */
static bool
theirs_mark(struct theirs *t, const struct digest *id)
{
	const uint8_t *key = id->bytes;
	const uint8_t **at = NULL;

	if (t->n > 0) {
		at = bsearch(&key, t->ids, t->n, sizeof(const uint8_t *), cmp_ids);
	}
	if (at != NULL) {
		t->ours[at - t->ids] = true;
	}
	return at != NULL;
}

static int
report_have(struct pass *p, struct theirs *t, uint64_t from, uint64_t to)
{
	int ret = 0;

	while (from < to && ret == 0) {
		size_t len = 0;
		const struct item *items = item_tree_run(p->tree, from, &len);
		for (size_t i = 0; i < len && from < to && ret == 0; i++) {
			if (!theirs_mark(t, &items[i].id)) {
				ret = p->found->have(p->found->ctx, &items[i]);
			}
			from++;
		}
	}
	return ret;
}

static int
report_need(struct pass *p, const struct theirs *t)
{
	int ret = 0;

	for (size_t i = 0; i < t->n && ret == 0; i++) {
		if (!t->ours[i]) {
			struct digest id;
			memcpy(id.bytes, t->ids[i], DIGEST_LEN);
			ret = p->found->need(p->found->ctx, &id);
		}
	}
	return ret;
}

/* compare_list - the client learns what it has and what it needs of a range */
static int
compare_list(struct pass *p, const struct reconcile_range *range, uint64_t from, uint64_t to)
{
	struct theirs theirs;
	int ret = theirs_init(&theirs, range->payload);

	if (ret == 0) {
		ret = report_have(p, &theirs, from, to);
	}
	if (ret == 0) {
		ret = report_need(p, &theirs);
	}
	theirs_fini(&theirs);
	return ret;
}

/*
 * end_full_frame - one fingerprint of all from index `from` on; what else there was to say
 * comes next time
 */
static void
end_full_frame(struct pass *p, uint64_t from)
{
	const struct reconcile_bound infinity = reconcile_bound_infinity();
	uint8_t print[ID_SUM_FINGERPRINT_LEN];

	fingerprint(p, from, item_tree_count(p->tree), print);
	reconcile_write_fingerprint(&p->writer, &infinity, print);
	p->full = true;
}

/* on_range - one range that is not skipped */
static int
on_range(struct pass *p, const struct reconcile_range *range)
{
	size_t mark = p->out->len;
	uint64_t upper = item_tree_rank(p->tree, &range->upper.item);

	if (!p->at_is_known) {
		p->at = item_tree_rank(p->tree, &p->before.item);
	}
	if (range->mode == RECONCILE_FINGERPRINT) {
		on_fingerprint(p, range, p->at, upper);
	} else if (p->found == NULL) {
		upper = answer_list(p, range, p->at, upper);
		mark = p->out->len; /* a list stays, though the frame is full then */
	} else {
		const int ret = compare_list(p, range, p->at, upper);
		if (ret != 0) {
			return ret;
		}
		p->skip = true;
	}
	if (is_over_frame(p, written(p))) {
		dynbuf_truncate(p->out, mark);
		end_full_frame(p, upper);
	}
	p->at = upper;
	p->at_is_known = true;
	return 0;
}

/* check_message - the whole of it, so that nothing is done for a message that breaks off */
static int
check_message(struct reconcile_reader r, struct err_msg *msg)
{
	struct reconcile_range range;
	int ret = 0;

	while (ret == 0 && reconcile_has_range(&r)) {
		ret = reconcile_read_range(&r, &range, msg);
	}
	return ret;
}

/* do_ranges - all of a message behind its version byte */
static int
do_ranges(struct pass *p, struct reconcile_reader *r, struct err_msg *msg)
{
	struct reconcile_range range;
	int ret = check_message(*r, msg);

	while (ret == 0 && !p->full && reconcile_has_range(r)) {
		ret = reconcile_read_range(r, &range, msg);
		if (ret == 0 && range.mode == RECONCILE_SKIP) {
			p->skip = true;
			p->at_is_known = false;
		} else if (ret == 0) {
			ret = on_range(p, &range);
		}
		p->before = range.upper;
		if (ret == 0) {
			ret = dynbuf_error(p->out);
		}
	}
	return ret;
}

/* check_limits - before a message is looked at */
static int
check_limits(const struct reconcile_limits *limits, struct slice message, struct err_msg *msg)
{
	if (limits->frame_max != 0 && limits->frame_max < RECONCILE_FRAME_MIN) {
		return err_set(msg, ERR_RANGE, "a frame limit of %zu bytes is below %d",
			limits->frame_max, RECONCILE_FRAME_MIN);
	}
	if (limits->message_max != 0 && message.len > limits->message_max) {
		return err_set(msg, ERR_TOOBIG,
			"the message has %zu bytes, and %zu are allowed", message.len,
			limits->message_max);
	}
	return 0;
}

/* open_message - checks it against the limits and reads its version */
static int
open_message(struct reconcile_reader *r, const struct reconcile_limits *limits,
	struct slice message, uint8_t *version_out, struct err_msg *msg)
{
	const int ret = check_limits(limits, message, msg);

	if (ret != 0) {
		return ret;
	}
	reconcile_reader_init(r, message);
	return reconcile_read_version(r, version_out, msg);
}

int
reconcile_answer(const struct item_tree *tree, const struct reconcile_limits *limits,
	struct slice message, struct dynbuf *out, struct err_msg *msg)
{
	struct reconcile_reader r;
	struct pass p;
	uint8_t version = 0;
	int ret = open_message(&r, limits, message, &version, msg);

	if (ret != 0) {
		return ret;
	}
	pass_init(&p, tree, limits->frame_max, out);
	if (version == RECONCILE_VERSION) {
		ret = do_ranges(&p, &r, msg);
	}
	return pass_end(&p, ret);
}

int
/* NOLINTNEXTLINE(readability-function-size): as many as the two roles need */
reconcile_continue(const struct item_tree *tree, const struct reconcile_limits *limits,
	struct slice message, const struct reconcile_found *found, struct dynbuf *out,
	bool *done_out, struct err_msg *msg)
{
	struct reconcile_reader r;
	struct pass p;
	uint8_t version = 0;
	int ret = open_message(&r, limits, message, &version, msg);

	*done_out = false;
	if (ret != 0) {
		return ret;
	}
	if (version != RECONCILE_VERSION) {
		return err_set_at(msg, ERR_VERSION, 0,
			"the server speaks another version of the protocol: 0x%02x", version);
	}
	pass_init(&p, tree, limits->frame_max, out);
	p.found = found;
	ret = pass_end(&p, do_ranges(&p, &r, msg));
	if (ret == 0 && written(&p) == 1) {
		*done_out = true;
		dynbuf_truncate(out, p.begin);
	}
	return ret;
}
