/*
 * Whole reconciliations: the published exchanges byte for byte, any sets until both know the
 * difference, and messages that nobody honest sends.
 */
#include <criterion/criterion.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <jansson.h>

#include "common/base/encoding.h"
#include "common/base/rng.h"
#include "tests/support/exchange.h"
#include "tests/support/mutate.h"

static int
cmp_digests(const void *a, const void *b)
{
	return digest_cmp(a, b);
}

/* unique - sorts ids and keeps each once. Returns how many. */
static size_t
unique(struct digest *ids, size_t n)
{
	size_t kept = 0;

	if (n > 0) {
		qsort(ids, n, sizeof(*ids), cmp_digests);
	}
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || !digest_eq(&ids[kept - 1], &ids[i])) {
			ids[kept++] = ids[i];
		}
	}
	return kept;
}

/* expect_ids - the same set */
static void
expect_ids(
	struct digest *actual, size_t n, struct digest *expected, size_t m, const char *label)
{
	n = unique(actual, n);
	m = unique(expected, m);
	cr_assert_eq(n, m, "%s: %zu instead of %zu", label, n, m);
	cr_assert(n == 0 || memcmp(actual, expected, n * sizeof(*actual)) == 0, "%s", label);
}

/* expect_found - that the client of the exchange found these */
static void
expect_found(struct exchange *x, struct digest *have, size_t have_n, struct digest *need,
	size_t need_n, const char *label)
{
	struct digest *ids = calloc(x->have_n + 1, sizeof(*ids));

	cr_assert_not_null(ids);
	for (size_t i = 0; i < x->have_n; i++) {
		ids[i] = x->have[i].id;
	}
	expect_ids(ids, x->have_n, have, have_n, label);
	expect_ids(x->need, x->need_n, need, need_n, label);
	free(ids);
}

/* --- published exchanges --------------------------------------------------------------------- */

/* What a message of the exchange is compared with. */
struct script {
	json_t *messages;
	size_t next;
	const char *name;
};

static void
compare_message(void *ctx, bool from_client, struct slice message)
{
	struct script *script = ctx;
	const json_t *expected = json_array_get(script->messages, script->next);
	char *hex = malloc(2 * message.len + 1);

	cr_assert_not_null(hex);
	cr_assert_not_null(expected, "%s: one message too many", script->name);
	hex_encode(message, hex);
	cr_assert_str_eq(hex, json_string_value(json_object_get(expected, "hex")),
		"%s: message %zu", script->name, script->next);
	cr_assert_str_eq(from_client ? "client" : "server",
		json_string_value(json_object_get(expected, "from")), "%s", script->name);
	script->next++;
	free(hex);
}

static struct digest
parse_id(const json_t *text)
{
	const struct slice hex = slice_of(json_string_value(text), json_string_length(text));
	struct digest id;
	size_t len = 0;

	cr_assert_eq(hex_decode(hex, id.bytes, DIGEST_LEN, &len), 0);
	cr_assert_eq(len, DIGEST_LEN);
	return id;
}

static void
parse_items(const json_t *array, struct item_tree *tree)
{
	item_tree_init(tree);
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *pair = json_array_get(array, i);
		const struct item item = {
			.timestamp = (uint64_t)json_integer_value(json_array_get(pair, 0)),
			.id = parse_id(json_array_get(pair, 1)),
		};
		cr_assert_eq(item_tree_insert(tree, &item), 0);
	}
}

static struct digest *
parse_ids(const json_t *array)
{
	struct digest *ids = calloc(json_array_size(array) + 1, sizeof(*ids));

	cr_assert_not_null(ids);
	for (size_t i = 0; i < json_array_size(array); i++) {
		ids[i] = parse_id(json_array_get(array, i));
	}
	return ids;
}

static void
run_script(const char *path)
{
	json_error_t error;
	json_t *root = json_load_file(path, 0, &error);
	struct item_tree client;
	struct item_tree server;
	struct err_msg msg = {0};

	cr_assert_not_null(root, "%s: %s", path, error.text);
	const json_t *have = json_object_get(root, "client_has_server_lacks");
	const json_t *need = json_object_get(root, "server_has_client_lacks");
	struct digest *have_ids = parse_ids(have);
	struct digest *need_ids = parse_ids(need);
	const size_t frame =
		(size_t)json_integer_value(json_object_get(root, "frame_size_limit"));
	struct script script = {.messages = json_object_get(root, "messages"), .name = path};
	struct exchange x = {
		.client = &client,
		.server = &server,
		.client_limits = {.frame_max = frame},
		.server_limits = {.frame_max = frame},
		.on_message = compare_message,
		.ctx = &script,
	};

	parse_items(json_object_get(root, "client_items"), &client);
	parse_items(json_object_get(root, "server_items"), &server);
	cr_assert_eq(exchange_run(&x, &msg), 0, "%s: %s", path, msg.text);
	cr_assert_eq(script.next, json_array_size(script.messages), "%s: too few", path);
	expect_found(
		&x, have_ids, json_array_size(have), need_ids, json_array_size(need), path);
	exchange_fini(&x);
	item_tree_fini(&client);
	item_tree_fini(&server);
	free(have_ids);
	free(need_ids);
	json_decref(root);
}

/* run_scripts - every .json of a directory. Returns how many. */
static size_t
run_scripts(const char *directory)
{
	DIR *dir = opendir(directory);
	size_t count = 0;

	if (dir == NULL) {
		return 0;
	}
	for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		char path[1024];
		if (slice_ends_with(slice_str(entry->d_name), SLICE(".json"))) {
			(void)snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
			run_script(path);
			count++;
		}
	}
	closedir(dir);
	return count;
}

Test(reconcile, sends_the_bytes_that_the_reference_sends)
{
	cr_expect_geq(run_scripts(TESTS_DIR "/golden/negentropy"), 8);
	/* All that are published, the large ones too, where they lie beside the tree. */
	fprintf(stderr, "%zu more beside the tree\n",
		run_scripts(TESTS_DIR "/../../shared/negentropy/vectors"));
}

/* --- any sets ---------------------------------------------------------------------------- */

struct sets {
	const char *label;
	size_t size_max;
	unsigned client_permille; /* of the items only one side has */
	unsigned server_permille;
	uint64_t seconds;
	size_t prefix; /* bytes that all ids have in common */
	bool by_time;  /* what one side has alone is the newest */
};

static const struct sets all_sets[] = {
	{"equal", 5000, 0, 0, 100000, 0, false},
	{"few differences", 5000, 2, 2, 100000, 0, false},
	{"many differences", 3000, 200, 300, 100000, 0, false},
	{"nothing in common", 2000, 500, 500, 1000, 0, false},
	{"an empty client", 2000, 0, 1000, 1000, 0, false},
	{"an empty server", 2000, 1000, 0, 1000, 0, false},
	{"all in one second", 5000, 20, 20, 1, 0, false},
	{"ids that begin alike", 3000, 50, 50, 1, 29, false},
	{"the newest at the client", 3000, 150, 0, 100000, 0, true},
	{"the newest at the server", 3000, 0, 150, 100000, 0, true},
	{"a handful", 70, 300, 300, 20, 0, false},
};

/* Two trees and what each has alone. */
struct world {
	struct item_tree client;
	struct item_tree server;
	struct digest *client_only;
	struct digest *server_only;
	size_t client_n;
	size_t server_n;
};

static void
world_make(struct world *w, const struct sets *sets, const struct rng *rng)
{
	const size_t n = rng_below(rng, sets->size_max + 1);

	*w = (struct world){0};
	item_tree_init(&w->client);
	item_tree_init(&w->server);
	w->client_only = calloc(n + 1, sizeof(struct digest));
	w->server_only = calloc(n + 1, sizeof(struct digest));
	cr_assert(w->client_only != NULL && w->server_only != NULL);
	for (size_t i = 0; i < n; i++) {
		struct item item = {.timestamp = rng_below(rng, sets->seconds)};
		uint64_t fate = rng_below(rng, 1000);
		cr_assert_eq(rng_bytes(rng, item.id.bytes, DIGEST_LEN), 0);
		memset(item.id.bytes, 0xab, sets->prefix);
		if (sets->by_time) {
			fate = 999 - item.timestamp * 1000 / sets->seconds;
		}
		const bool client_only = fate < sets->client_permille;
		const bool server_only =
			!client_only && fate < sets->client_permille + sets->server_permille;
		if ((!server_only && item_tree_insert(&w->client, &item) != 0) ||
			(!client_only && item_tree_insert(&w->server, &item) != 0)) {
			continue; /* made before, as happens with three bytes of an id */
		}
		if (client_only) {
			w->client_only[w->client_n++] = item.id;
		} else if (server_only) {
			w->server_only[w->server_n++] = item.id;
		}
	}
}

static void
world_free(struct world *w)
{
	item_tree_fini(&w->client);
	item_tree_fini(&w->server);
	free(w->client_only);
	free(w->server_only);
}

static uint64_t
first_seed(void)
{
	const char *text = getenv("SEED");

	return text == NULL ? 1 : strtoull(text, NULL, 10);
}

Test(reconcile, finds_the_difference_of_any_two_sets)
{
	struct rng_seeded_state state;
	const uint64_t seed = first_seed();

	for (uint64_t round = 0; round < 12 * ARRAY_LEN(all_sets); round++) {
		const struct rng rng = rng_seeded(&state, seed + round);
		const struct sets *sets = &all_sets[round % ARRAY_LEN(all_sets)];
		const size_t limits[] = {
			0, 0, RECONCILE_FRAME_MIN, 4096 + rng_below(&rng, 9000)};
		struct err_msg msg = {0};
		struct world w;
		char label[128];

		world_make(&w, sets, &rng);
		struct exchange x = {
			.client = &w.client,
			.server = &w.server,
			.client_limits = {.frame_max = limits[rng_below(&rng, 4)]},
			.server_limits = {.frame_max = limits[rng_below(&rng, 4)]},
		};
		(void)snprintf(label, sizeof(label), "seed %llu, %s, frames %zu and %zu",
			(unsigned long long)(seed + round), sets->label,
			x.client_limits.frame_max, x.server_limits.frame_max);
		cr_assert_eq(exchange_run(&x, &msg), 0, "%s: %s", label, msg.text);
		expect_found(&x, w.client_only, w.client_n, w.server_only, w.server_n, label);
		exchange_fini(&x);
		world_free(&w);
	}
}

/* --- messages that nobody honest sends --------------------------------------------------- */

/* A tree that hostile messages are given to. */
static struct item_tree victim;

static void
make_victim(size_t n, uint64_t seconds)
{
	struct rng_seeded_state state;
	const struct rng rng = rng_seeded(&state, 77);

	item_tree_init(&victim);
	for (size_t i = 0; i < n; i++) {
		struct item item = {.timestamp = rng_below(&rng, seconds)};
		cr_assert_eq(rng_bytes(&rng, item.id.bytes, DIGEST_LEN), 0);
		cr_assert_eq(item_tree_insert(&victim, &item), 0);
	}
}

static size_t reported;

static int
count_have(void *ctx, const struct item *item)
{
	(void)ctx;
	(void)item;
	reported++;
	return 0;
}

static int
count_need(void *ctx, const struct digest *id)
{
	(void)ctx;
	(void)id;
	reported++;
	return 0;
}

static const struct reconcile_found counting = {.have = count_have, .need = count_need};
static const struct reconcile_limits small_frames = {.frame_max = RECONCILE_FRAME_MIN};

/*
 * probe - a variant of a message for both roles: an answer within the frame, or an error and
 * nothing done
 */
static void
probe(struct slice message)
{
	struct err_msg msg = {0};
	struct dynbuf out;
	bool done = false;

	dynbuf_init(&out, SIZE_MAX);
	int ret = reconcile_answer(&victim, &small_frames, message, &out, &msg);
	cr_assert(ret == 0 ? out.len > 0 : out.len == 0 && msg.text[0] != '\0');
	cr_assert_leq(out.len, small_frames.frame_max);
	dynbuf_reset(&out);
	reported = 0;
	ret = reconcile_continue(&victim, &small_frames, message, &counting, &out, &done, &msg);
	cr_assert(ret == 0 ? done == (out.len == 0) : out.len == 0 && msg.text[0] != '\0');
	cr_assert(ret == 0 || reported == 0, "reported %zu of a bad message", reported);
	cr_assert_leq(out.len, small_frames.frame_max);
	dynbuf_fini(&out);
}

static void
probe_variants(void *ctx, bool from_client, struct slice message)
{
	(void)ctx;
	(void)from_client;
	mutate_truncations(message, probe);
	mutate_bytes(message, probe);
}

Test(reconcile, survives_every_broken_message, .timeout = 1000)
{
	struct rng_seeded_state state;
	const struct rng rng = rng_seeded(&state, 5);
	const struct sets sets = {"", 120, 100, 100, 30, 0, false};
	struct world w;
	struct err_msg msg = {0};

	make_victim(300, 30);
	world_make(&w, &sets, &rng);
	struct exchange x = {
		.client = &w.client, .server = &w.server, .on_message = probe_variants};
	cr_assert_eq(exchange_run(&x, &msg), 0);
	cr_expect_geq(x.round_trips, 1);
	exchange_fini(&x);
	world_free(&w);
	item_tree_fini(&victim);
}

/* How hostile messages are filled: a piece again and again, to about a megabyte. */
static const struct {
	const char *label;
	const char *piece; /* hex */
	bool new_second;   /* the piece begins with "go on one second" */
} hostile[] = {
	{"skips that go nowhere", "010000", false},
	{"skips of a second each", "020000", true},
	{"fingerprints of nothing",
		"010001"
		"00000000000000000000000000000000",
		false},
	{"fingerprints of a second each",
		"020001"
		"00000000000000000000000000000000",
		true},
	{"empty lists that go nowhere", "01000200", false},
	{"empty lists of a second each", "02000200", true},
	{"infinity without end",
		"000001"
		"00000000000000000000000000000000",
		false},
	{"lists of the same id twice",
		"02000202"
		"1111111111111111111111111111111111111111111111111111111111111111"
		"1111111111111111111111111111111111111111111111111111111111111111",
		true},
};

static uint64_t
cpu_ms(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

Test(reconcile, does_bounded_work_for_hostile_messages, .timeout = 1000)
{
	make_victim(100000, 400000);
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		const char *label = hostile[i].label;
		uint8_t piece[256];
		size_t len = 0;
		struct err_msg msg = {0};
		struct dynbuf message;
		struct dynbuf out;
		bool done = false;

		cr_assert_eq(
			hex_decode(slice_str(hostile[i].piece), piece, sizeof(piece), &len), 0);
		dynbuf_init(&message, 2000000);
		dynbuf_init(&out, SIZE_MAX);
		dynbuf_add_byte(&message, 0x61);
		while (message.len < 1000000) {
			dynbuf_add(&message, slice_of(piece, len));
		}
		const uint64_t begin = cpu_ms();
		cr_expect_eq(reconcile_answer(&victim, &small_frames, dynbuf_slice(&message),
				     &out, &msg),
			0, "%s: %s", label, msg.text);
		cr_expect_leq(out.len, small_frames.frame_max, "%s", label);
		dynbuf_reset(&out);
		reported = 0;
		cr_expect_eq(reconcile_continue(&victim, &small_frames, dynbuf_slice(&message),
				     &counting, &out, &done, &msg),
			0, "%s: %s", label, msg.text);
		cr_expect_leq(out.len, small_frames.frame_max, "%s", label);
		/* Not more than all of ours, and each of the ids in the message. */
		cr_expect_leq(reported, 100000 + message.len / DIGEST_LEN, "%s", label);
		/*
		 * A quarter of a second where nothing else runs; quadratic work would take
		 * minutes.
		 */
		cr_expect_lt(cpu_ms() - begin, 10000, "%s: %llu ms", label,
			(unsigned long long)(cpu_ms() - begin));
		dynbuf_fini(&message);
		dynbuf_fini(&out);
	}
	item_tree_fini(&victim);
}

/* --- the edges --------------------------------------------------------------------------- */

static int
answer(struct slice message, const struct reconcile_limits *limits, struct dynbuf *out,
	struct err_msg *msg)
{
	struct item_tree empty;

	item_tree_init(&empty);
	return reconcile_answer(&empty, limits, message, out, msg);
}

Test(reconcile, answers_another_version_with_its_own)
{
	static const struct reconcile_limits none;
	struct err_msg msg = {0};
	struct dynbuf out;

	dynbuf_init(&out, 100);
	for (unsigned version = 0; version < 256; version++) {
		const uint8_t message[] = {(uint8_t)version, 0xff, 0xff};
		const bool is_family = version >= 0x60 && version <= 0x6f;

		dynbuf_reset(&out);
		if (version == 0x61) {
			continue;
		}
		cr_expect_eq(answer(slice_of(message, 3), &none, &out, &msg),
			is_family ? 0 : ERR_INVALID, "0x%02x", version);
		cr_expect(slice_eq(dynbuf_slice(&out), is_family ? SLICE("a") : SLICE("")));
	}
	dynbuf_fini(&out);
}

Test(reconcile, tells_a_client_that_the_server_is_of_another_version)
{
	static const struct reconcile_limits none;
	struct item_tree empty;
	struct err_msg msg = {0};
	struct dynbuf out;
	bool done = false;

	item_tree_init(&empty);
	dynbuf_init(&out, 100);
	cr_expect_eq(
		reconcile_continue(&empty, &none, SLICE("\x62"), &counting, &out, &done, &msg),
		ERR_VERSION);
	cr_expect_not_null(strstr(msg.text, "0x62"), "%s", msg.text);
	cr_expect_eq(
		reconcile_continue(&empty, &none, SLICE("a"), &counting, &out, &done, &msg), 0);
	cr_expect(done && out.len == 0);
	dynbuf_fini(&out);
}

Test(reconcile, keeps_to_its_limits)
{
	const struct reconcile_limits tiny = {.frame_max = RECONCILE_FRAME_MIN - 1};
	const struct reconcile_limits short_messages = {.message_max = 4};
	struct err_msg msg = {0};
	struct dynbuf out;

	dynbuf_init(&out, 100);
	cr_expect_eq(answer(SLICE("a"), &tiny, &out, &msg), ERR_RANGE);
	cr_expect_eq(answer(SLICE("a\0\0\2\0"), &short_messages, &out, &msg), ERR_TOOBIG);
	cr_expect_eq(answer(SLICE("a\0\0\0"), &short_messages, &out, &msg), 0);
	cr_expect_eq(out.len, 1);
	dynbuf_fini(&out);
	/* A buffer that is too small for the answer is left as it was. */
	make_victim(100, 10);
	dynbuf_init(&out, 64);
	dynbuf_add_str(&out, "before");
	cr_expect_eq(reconcile_answer(&victim, &small_frames, SLICE("a\0\0\2\0"), &out, &msg),
		ERR_TOOBIG);
	cr_expect(slice_eq(dynbuf_slice(&out), SLICE("before")));
	dynbuf_fini(&out);
	item_tree_fini(&victim);
}

static int
refuse_have(void *ctx, const struct item *item)
{
	(void)item;
	return --*(int *)ctx == 0 ? ERR_FULL : 0;
}

Test(reconcile, stops_where_the_client_wants_no_more)
{
	static const struct reconcile_limits none;
	int left = 3;
	const struct reconcile_found found = {
		.have = refuse_have, .need = count_need, .ctx = &left};
	struct err_msg msg = {0};
	struct dynbuf out;
	bool done = true;

	make_victim(100, 10);
	dynbuf_init(&out, SIZE_MAX);
	cr_expect_eq(reconcile_continue(
			     &victim, &none, SLICE("a\0\0\2\0"), &found, &out, &done, &msg),
		ERR_FULL);
	cr_expect(left == 0 && !done && out.len == 0);
	dynbuf_fini(&out);
	item_tree_fini(&victim);
}

Test(reconcile, equal_sets_cost_one_round_trip_and_few_bytes)
{
	for (uint64_t seconds = 1; seconds <= 100000; seconds *= 100000) {
		struct err_msg msg = {0};

		make_victim(100000, seconds);
		struct exchange x = {.client = &victim, .server = &victim};
		cr_assert_eq(exchange_run(&x, &msg), 0);
		cr_expect_eq(x.round_trips, 1);
		cr_expect_lt(x.bytes, 400, "%zu bytes", x.bytes);
		exchange_fini(&x);
		item_tree_fini(&victim);
	}
}
