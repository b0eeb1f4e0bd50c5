#include <criterion/criterion.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/dynbuf.h"
#include "common/base/rng.h"
#include "common/graph/graph_schema.h"
#include "tests/support/graph_world.h"

#define NOW         1800000000U
#define PEOPLE      4
#define SUBJECTS    6
#define STATEMENTS  120
#define ROUNDS      12
#define LINE_BYTES  512
#define DUMP_MAX    (1U << 20)
#define LINES_MAX   4096
#define WORLD_COUNT 2

/* A statement and when this site first saw it, whatever the order of arrival. */
struct arrival {
	struct issued made;
	uint64_t first_seen_s;
};

static struct person people[PEOPLE];
static size_t fates; /* how often somebody was stopped or continued */
static struct arrival arrivals[STATEMENTS];

static const char *const subjects[SUBJECTS] = {"addr:bob@example.net", "addr:Bob@example.net",
	"addr:mallory@example.com", "dom:example.net", "list:announce.example.net",
	"addr:carol@example.net"};

static enum person_key
any_key(const struct rng *rng)
{
	return (enum person_key)rng_below(rng, PERSON_DEVICES + 1);
}

static struct issued
any_revocation(const struct rng *rng, const struct person *p, size_t made, uint64_t iat_s)
{
	enum person_key device = (enum person_key)rng_below(rng, PERSON_DEVICES);
	uint64_t since_s = NOW + rng_below(rng, 2000);
	struct principal what;

	if (made > 0 && rng_below(rng, 2) == 0) {
		what = principal_of_statement(&arrivals[rng_below(rng, made)].made);
		return person_revoke(p, any_key(rng), 1, iat_s, &what, since_s);
	}
	person_key_principal(p, device, &what);
	return person_revoke(
		p, rng_below(rng, 2) == 0 ? BY_ROOT : device, 1, iat_s, &what, since_s);
}

static const struct person *
other_than(const struct rng *rng, const struct person *p)
{
	size_t self = (size_t)(p - people);

	return &people[(self + 1 + rng_below(rng, PEOPLE - 1)) % PEOPLE];
}

/* any_identity - everybody committed to the next in the row; who guards him changes */
static struct issued
any_identity(const struct rng *rng, const struct person *p, uint64_t seq, uint64_t iat_s)
{
	size_t self = (size_t)(p - people);
	const struct person *guardians[] = {
		&people[(self + 2) % PEOPLE],
		&people[(self + 1) % PEOPLE],
		&people[(self + 3) % PEOPLE],
	};
	uint8_t count = (uint8_t)(1 + rng_below(rng, ARRAY_LEN(guardians)));

	return person_identity_guarded(p, seq, iat_s, &people[(self + 1) % PEOPLE], guardians,
		count, (uint8_t)(1 + rng_below(rng, count)));
}

/* any_statement - of any kind; few enough of each for the quotas, which remember order by design */
static struct issued
any_statement(const struct rng *rng, size_t made)
{
	const struct person *p = &people[rng_below(rng, PEOPLE)];
	const char *subject = subjects[rng_below(rng, SUBJECTS)];
	uint64_t seq = 1 + rng_below(rng, 4);
	uint64_t iat_s = NOW + rng_below(rng, 1000);

	switch (rng_below(rng, 16)) {
	case 0:
	case 1:
		return person_device(p, (enum person_key)rng_below(rng, PERSON_DEVICES), seq,
			NOW + rng_below(rng, 2) * 1500);
	case 2:
		return any_revocation(rng, p, made, iat_s);
	case 3:
		return person_block(p, any_key(rng), seq, iat_s, subject);
	case 4:
		return person_bind(p, any_key(rng), seq, iat_s, subjects[rng_below(rng, 3)]);
	case 5:
		return any_identity(rng, p, seq, iat_s);
	case 6:
	case 7:
		return person_guard(
			p, any_key(rng), seq, iat_s, other_than(rng, p), rng_below(rng, 3) > 0);
	case 8:
		return person_succeed(p, seq, iat_s, other_than(rng, p));
	default:
		return person_vouch(p, any_key(rng), seq, iat_s, subject,
			(enum trust_level)rng_below(rng, 4));
	}
}

static void
make_arrivals(const struct rng *rng)
{
	for (uint8_t i = 0; i < PEOPLE; i++) {
		person_make(&people[i], i);
	}
	for (size_t i = 0; i < STATEMENTS; i++) {
		arrivals[i].made = any_statement(rng, i);
		arrivals[i].first_seen_s = NOW + rng_below(rng, 2500);
	}
}

static void
fini_people(void)
{
	for (size_t i = 0; i < PEOPLE; i++) {
		person_fini(&people[i]);
	}
}

/* A dump as sorted lines of text, in which the numbers of principals do not show. */
struct dump {
	struct dynbuf text;
	size_t count;
	char lines[LINES_MAX][LINE_BYTES];
};

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
dump_list(struct graph_reader *r, enum graph_direction dir, graph_node node, struct dump *out)
{
	struct slice from;
	struct slice to;
	struct graph_cursor c;
	struct graph_edge e;

	cr_assert(graph_text_of(r, node, &from));
	graph_list(r, dir, node, &c);
	while (graph_next(&c, &e)) {
		cr_assert(graph_text_of(r, e.peer, &to));
		cr_assert_lt(out->count, LINES_MAX);
		(void)snprintf(out->lines[out->count++], LINE_BYTES,
			"%.*s %d %.*s level %u flags %u seen %" PRIu32 " exp %" PRIu32,
			SLICE_ARG(from), (int)dir, SLICE_ARG(to), e.level, e.flags,
			e.first_seen_s, e.exp_s);
	}
	graph_cursor_close(&c);
}

static void
dump_identity(struct graph_reader *r, graph_node node, struct dump *out)
{
	graph_node bound[SUBJECTS];
	uint64_t since_s = 0;
	size_t count = graph_bound_addresses(r, node, bound, SUBJECTS);
	bool is_revoked = graph_is_revoked(r, node, UINT64_MAX, &since_s);
	graph_node formers[GRAPH_FORMERS_MAX];
	size_t former_count = graph_formers(r, node, formers);
	struct graph_fate fate;
	struct slice from;
	struct slice to;

	cr_assert(graph_text_of(r, node, &from));
	for (size_t i = 0; i < count; i++) {
		cr_assert(graph_text_of(r, bound[i], &to));
		(void)snprintf(out->lines[out->count++], LINE_BYTES, "%.*s binds %.*s",
			SLICE_ARG(from), SLICE_ARG(to));
	}
	graph_fate(r, node, &fate);
	if (fate.successor != GRAPH_NONE || fate.guarded_since_s != 0) {
		to = SLICE("nobody");
		(void)graph_text_of(r, fate.successor, &to);
		(void)snprintf(out->lines[out->count++], LINE_BYTES,
			"%.*s guarded since %" PRIu64 " goes on as %.*s since %" PRIu64,
			SLICE_ARG(from), fate.guarded_since_s, SLICE_ARG(to),
			fate.succeeded_since_s);
		fates++;
	}
	for (size_t i = 0; i < former_count; i++) {
		cr_assert(graph_text_of(r, formers[i], &to));
		(void)snprintf(out->lines[out->count++], LINE_BYTES, "%.*s was %.*s",
			SLICE_ARG(from), SLICE_ARG(to));
	}
	if (is_revoked || graph_is_hosted(r, node) || graph_signs_always(r, node)) {
		(void)snprintf(out->lines[out->count++], LINE_BYTES,
			"%.*s revoked %d since %" PRIu64 " hosted %d signs %d", SLICE_ARG(from),
			is_revoked, since_s, graph_is_hosted(r, node),
			graph_signs_always(r, node));
	}
}

static void
dump_world(struct world *w, struct dump *out)
{
	struct graph_reader *r = world_read(w);
	struct slice text;

	out->count = 0;
	for (graph_node node = 1; graph_text_of(r, node, &text); node++) {
		for (int dir = GRAPH_OUT; dir <= GRAPH_BLOCKS_IN; dir++) {
			dump_list(r, (enum graph_direction)dir, node, out);
		}
		dump_identity(r, node, out);
	}
	world_read_end(r);
	qsort(out->lines, out->count, LINE_BYTES, compare_lines);
	dynbuf_init(&out->text, DUMP_MAX);
	for (size_t i = 0; i < out->count; i++) {
		(void)dynbuf_printf(&out->text, "%s\n", out->lines[i]);
	}
}

/* raw_dump - the derived tables byte by byte */
static void
raw_dump(struct world *w, struct dynbuf *out)
{
	struct store_txn *txn = NULL;
	struct slice key;
	struct slice value;

	dynbuf_init(out, 8 * DUMP_MAX);
	cr_assert_eq(store_begin_read(w->store, &txn), 0);
	for (unsigned int t = GRAPH_T_NUMBERS; t < GRAPH_T_COUNT; t++) {
		struct store_cursor *c = store_cursor_open(txn, t);

		for (bool more = store_cursor_seek(c, slice_of("", 0), &key, &value); more;
			more = store_cursor_next(c, &key, &value)) {
			(void)dynbuf_printf(out, "%u %zu %zu ", t, key.len, value.len);
			(void)dynbuf_add(out, key);
			(void)dynbuf_add(out, value);
		}
		store_cursor_close(c);
	}
	cr_assert_eq(store_txn_error(txn), 0);
	cr_assert_eq(dynbuf_error(out), 0);
	store_abort(txn);
}

/* arrive - all statements in random order, some of them twice, in transactions of random size */
static void
arrive(struct world *w, const struct rng *rng)
{
	static size_t order[STATEMENTS];
	struct graph_txn *txn = NULL;

	for (size_t i = 0; i < STATEMENTS; i++) {
		size_t j = (size_t)rng_below(rng, i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	for (size_t i = 0; i < STATEMENTS; i++) {
		const struct arrival *a = &arrivals[order[i]];
		const struct arrival *again = &arrivals[order[rng_below(rng, i + 1)]];

		if (txn == NULL) {
			txn = world_begin(w);
		}
		(void)world_put(txn, &a->made, a->first_seen_s);
		(void)world_put(txn, &again->made, again->first_seen_s + 7);
		if (rng_below(rng, 5) == 0) {
			world_commit(txn);
			txn = NULL;
		}
	}
	if (txn != NULL) {
		world_commit(txn);
	}
}

static void
rebuild(struct world *w)
{
	struct graph_txn *txn = world_begin(w);
	struct err_msg msg = {0};

	cr_assert_eq(graph_rebuild(txn, &msg), 0, "%s", msg.text);
	world_commit(txn);
}

static void
assert_same(const struct dump *a, const struct dump *b, uint64_t seed, const char *what)
{
	struct slice x = dynbuf_slice(&a->text);
	struct slice y = dynbuf_slice(&b->text);

	cr_assert(slice_eq(x, y), "seed %" PRIu64 ", %s\n%.*s---\n%.*s", seed, what,
		SLICE_ARG(x), SLICE_ARG(y));
}

static struct dump first;
static struct dump second;

Test(graph_rebuild, any_order_of_arrivals_and_a_rebuild_end_in_the_same_graph)
{
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		struct rng_seeded_state state;
		struct rng rng = rng_seeded(&state, seed);
		struct world worlds[WORLD_COUNT];

		make_arrivals(&rng);
		for (int i = 0; i < WORLD_COUNT; i++) {
			world_make(&worlds[i], i == 0 ? WORLD_MEM : WORLD_LMDB);
			arrive(&worlds[i], &rng);
		}
		dump_world(&worlds[0], &first);
		cr_assert_gt(first.count, 10, "seed %" PRIu64 ": too little happened", seed);
		dump_world(&worlds[1], &second);
		assert_same(&first, &second, seed, "another order, the other backend");
		dynbuf_fini(&second.text);

		for (int i = 0; i < WORLD_COUNT; i++) {
			rebuild(&worlds[i]);
			dump_world(&worlds[i], &second);
			assert_same(&first, &second, seed, "rebuilt");
			dynbuf_fini(&second.text);
			world_fini(&worlds[i]);
		}
		dynbuf_fini(&first.text);
		fini_people();
	}
	cr_assert_gt(fates, ROUNDS, "nobody was stopped or continued");
}

/* forge - vouches in somebody's name, the newest of all, each by a stranger's key */
static void
forge(struct world *w, const struct person *victim, uint64_t count, uint64_t keys)
{
	struct principal bob = principal_of(subjects[0]);
	struct err_msg msg = {0};

	for (uint64_t key = 0; key < keys; key++) {
		struct issuer forger = {.identity = victim->identity, .now_s = NOW + 900};
		struct person stranger;
		struct issued forged;

		person_make(&stranger, (uint8_t)(100 + key));
		forger.signer = stranger.keys[BY_PHONE];
		for (uint64_t seq = 0; seq < count; seq++) {
			cr_assert_eq(
				issue_vouch(&forger, 1000 + seq, &bob, 0, &forged, &msg), 0);
			(void)world_add(w, forged, NOW + 900);
		}
		person_fini(&stranger);
	}
}

static void
assert_level(struct world *w, const char *subject, unsigned int level, const char *label)
{
	cr_assert_eq(world_level(w, &people[0], subject), level, "%s", label);
	rebuild(w);
	cr_assert_eq(world_level(w, &people[0], subject), level, "%s, rebuilt", label);
}

static const struct {
	const char *label;
	uint64_t count;
	uint64_t keys;
	bool forged_first;
} floods[] = {
	{"nobody", 0, 0, false},
	{"one key, after", 40, 1, false},
	{"one key, before", 40, 1, true},
	{"many keys, after", 1, 40, false},
	{"many keys, before", 1, 40, true},
};

Test(graph_rebuild, strangers_cannot_erase_a_waiting_revocation)
{
	struct principal phone;

	person_make(&people[0], 0);
	person_key_principal(&people[0], BY_PHONE, &phone);
	for (size_t i = 0; i < 2 * ARRAY_LEN(floods); i++) {
		size_t row = i / 2;
		struct issued revoke =
			person_revoke(&people[0], BY_PHONE, 1, NOW, &phone, NOW + 10);
		struct world w;

		world_make(&w, i % 2 == 0 ? WORLD_MEM : WORLD_LMDB);
		if (floods[row].forged_first) {
			forge(&w, &people[0], floods[row].count, floods[row].keys);
		}
		cr_assert_eq(world_add(&w, revoke, NOW + 20), GRAPH_ADDED);
		if (!floods[row].forged_first) {
			forge(&w, &people[0], floods[row].count, floods[row].keys);
		}
		rebuild(&w);
		(void)world_add(
			&w, person_identity(&people[0], 1, NOW, NULL, false), NOW + 950);
		(void)world_add(&w, person_device(&people[0], BY_PHONE, 1, NOW), NOW + 950);
		(void)world_add(&w, person_vouch(&people[0], BY_PHONE, 1, NOW, subjects[2], 3),
			NOW + 960);
		assert_level(&w, subjects[2], 0, floods[row].label);
		world_fini(&w);
	}
	person_fini(&people[0]);
}

Test(graph_rebuild, strangers_cannot_erase_a_waiting_vouch)
{
	person_make(&people[0], 0);
	for (size_t i = 0; i < 2 * ARRAY_LEN(floods); i++) {
		size_t row = i / 2;
		bool is_refused = floods[row].forged_first &&
				  floods[row].keys >= GRAPH_QUOTA_WAITING_KEYS;
		struct issued vouch =
			person_vouch(&people[0], BY_PHONE, 1, NOW, subjects[2], 3);
		struct world w;

		world_make(&w, i % 2 == 0 ? WORLD_MEM : WORLD_LMDB);
		if (floods[row].forged_first) {
			forge(&w, &people[0], floods[row].count, floods[row].keys);
		}
		cr_assert_eq(world_add(&w, vouch, NOW + 20),
			is_refused ? GRAPH_OVER_QUOTA : GRAPH_ADDED, "%s", floods[row].label);
		if (!floods[row].forged_first) {
			forge(&w, &people[0], floods[row].count, floods[row].keys);
		}
		rebuild(&w);
		(void)world_add(&w, person_device(&people[0], BY_PHONE, 1, NOW), NOW + 950);
		assert_level(&w, subjects[2], is_refused ? 0 : 3, floods[row].label);
		/* What was refused left no tombstone. */
		(void)world_add(&w, vouch, NOW + 970);
		assert_level(&w, subjects[2], 3, floods[row].label);
		world_fini(&w);
	}
	person_fini(&people[0]);
}

Test(graph_rebuild, rebuilding_twice_changes_no_byte)
{
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, 77);
	struct dynbuf once;
	struct dynbuf twice;
	struct world w;

	make_arrivals(&rng);
	world_make(&w, WORLD_MEM);
	arrive(&w, &rng);
	rebuild(&w);
	raw_dump(&w, &once);
	rebuild(&w);
	raw_dump(&w, &twice);
	cr_assert(slice_eq(dynbuf_slice(&once), dynbuf_slice(&twice)));
	dynbuf_fini(&once);
	dynbuf_fini(&twice);
	world_fini(&w);
	fini_people();
}

Test(graph_rebuild, a_damaged_statement_is_named_and_nothing_changes)
{
	struct graph_txn *txn;
	struct store_txn *raw = NULL;
	struct err_msg msg = {0};
	struct issued made;
	struct slice value;
	uint8_t bytes[GRAPH_STATEMENT_LEN + STATEMENT_MAX];
	size_t len;
	struct world w;

	person_make(&people[0], 0);
	world_make(&w, WORLD_MEM);
	made = person_vouch(&people[0], BY_ROOT, 1, NOW, subjects[0], TRUST_LEVEL_WEAK);
	(void)world_add(&w, made, NOW);
	cr_assert_eq(store_begin_write(w.store, &raw), 0);
	cr_assert(store_get(raw, GRAPH_T_STATEMENTS, digest_slice(&made.st.id), &value));
	len = value.len;
	memcpy(bytes, value.data, len);
	bytes[len / 2] ^= 1;
	store_put(raw, GRAPH_T_STATEMENTS, digest_slice(&made.st.id), slice_of(bytes, len));
	cr_assert_eq(store_commit(raw), 0);

	txn = world_begin(&w);
	cr_assert_eq(graph_rebuild(txn, &msg), ERR_CORRUPT);
	cr_assert_not_null(strstr(msg.text, "restore a backup"), "%s", msg.text);
	graph_txn_abort(txn);
	cr_assert_eq(world_level(&w, &people[0], subjects[0]), TRUST_LEVEL_WEAK);
	world_fini(&w);
	person_fini(&people[0]);
}

/* die_in_the_middle - a child that adds and derives, and is killed before it commits */
static void
die_in_the_middle(struct world *w)
{
	struct err_msg msg = {0};
	struct graph_txn *txn;
	pid_t pid = fork();

	if (pid == 0) {
		world_open(w, STORE_WRITE);
		txn = world_begin(w);
		for (size_t i = STATEMENTS / 2; i < STATEMENTS; i++) {
			(void)world_put(txn, &arrivals[i].made, arrivals[i].first_seen_s);
		}
		(void)!graph_rebuild(txn, &msg);
		(void)kill(getpid(), SIGKILL);
	}
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

Test(graph_rebuild, a_crash_in_the_middle_leaves_the_graph_as_it_was)
{
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, 5);
	struct world w;

	make_arrivals(&rng);
	world_make(&w, WORLD_LMDB);
	for (size_t i = 0; i < STATEMENTS / 2; i++) {
		(void)world_add(&w, arrivals[i].made, arrivals[i].first_seen_s);
	}
	dump_world(&w, &first);
	store_close(w.store);
	die_in_the_middle(&w);
	world_open(&w, STORE_WRITE);
	dump_world(&w, &second);
	assert_same(&first, &second, 5, "after the crash");
	dynbuf_fini(&first.text);
	dynbuf_fini(&second.text);
	world_fini(&w);
	fini_people();
}
