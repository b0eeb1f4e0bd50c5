/*
 * bench_replay.c - events a second of `trustctl replay`, on one core.
 *
 * usage: bench_replay [EVENTS [IDENTITIES]]      (1,500,000 and 50,000 when left out)
 *
 * A history of a whole network is made first (fixed seed) and then replayed line by line, as
 * the command does it: a third are vouches, half of these established long ago and the others
 * seen as time goes on; the others are mail, half of it from senders drawn by vouch and half
 * uniformly, and every hundredth event is a report of the mail before. Subjects of vouches are
 * drawn with a square law, as in synthetic_graph.h. Lines are `name value unit`.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/base/rng.h"
#include "common/base/strnum.h"
#include "common/replay/replay.h"

#define EVENTS          1500000
#define EVENTS_MAX      20000000
#define IDENTITIES      50000
#define IDENTITIES_MAX  10000000
#define SEED            20261125
#define LINE_MAX_BYTES  96
#define SECONDS_A_EVENT 20 /* a year of them */

struct history {
	char *bytes;
	size_t len;
	uint32_t *subjects; /* of the vouches so far, to draw senders from */
	size_t vouches;
	uint32_t identities;
};

static uint32_t
draw_uniform(const struct rng *rng, uint32_t identities)
{
	return (uint32_t)rng_below(rng, identities);
}

/* draw_popular - squaring a uniform fraction favours small numbers */
static uint32_t
draw_popular(const struct rng *rng, uint32_t identities)
{
	uint64_t u = rng_below(rng, identities);

	return (uint32_t)(u * u / identities);
}

static void
add_line(struct history *h, const char *fields, uint64_t time, uint32_t a, uint32_t b,
	const char *last)
{
	int len = snprintf(h->bytes + h->len, LINE_MAX_BYTES,
		"%s\t%" PRIu64 "\tu%" PRIu32 "@example.org\tu%" PRIu32 "@example.org\t%s\n",
		fields, time, a, b, last);

	h->len += (size_t)len;
}

static void
add_vouch(struct history *h, const struct rng *rng, uint64_t time)
{
	static const char *const levels[] = {"1", "2", "3"};
	uint32_t subject = draw_popular(rng, h->identities);

	h->subjects[h->vouches++] = subject;
	add_line(h, "A", time, draw_uniform(rng, h->identities), subject,
		levels[rng_below(rng, 3)]);
}

static void
add_mail(struct history *h, const struct rng *rng, uint64_t time, bool reports)
{
	uint32_t recipient = draw_uniform(rng, h->identities);
	uint32_t sender = rng_below(rng, 2) == 0 ? draw_uniform(rng, h->identities)
						 : h->subjects[rng_below(rng, h->vouches)];

	add_line(h, "Q", time, recipient, sender, "m");
	if (reports) {
		add_line(h, "R", time, recipient, sender, "spam");
	}
}

static void
make_history(struct history *h, uint32_t events)
{
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, SEED);
	uint32_t old = events / 6;

	h->bytes = malloc((size_t)events * LINE_MAX_BYTES);
	h->subjects = calloc(events, sizeof(*h->subjects));
	if (h->bytes == NULL || h->subjects == NULL) {
		errx(1, "out of memory");
	}
	for (uint32_t i = 0; i < old; i++) {
		add_vouch(h, &rng, 0);
	}
	for (uint32_t i = old; i < events; i++) {
		uint64_t time = (uint64_t)(i - old + 1) * SECONDS_A_EVENT;
		bool reports = i % 100 == 0 && i + 1 < events;

		if (rng_below(&rng, 5) == 0) {
			add_vouch(h, &rng, time);
		} else {
			add_mail(h, &rng, time, reports);
			i += reports ? 1 : 0;
		}
	}
}

static uint64_t
cpu_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/*
 * run - the events of one kind in a row are timed together.
 * @return how many were answered as known
 */
static size_t
run(const struct history *h, struct replay *replay)
{
	struct slice rest = slice_of(h->bytes, h->len);
	struct dynbuf answers;
	struct err_msg msg = {0};
	size_t known = 0;

	dynbuf_init(&answers, (size_t)1 << 20);
	while (rest.len > 0) {
		size_t end = slice_find_byte(rest, '\n');

		if (replay_line(replay, slice_take(rest, end), &answers, &msg) != 0) {
			errx(1, "%s", msg.text);
		}
		known += slice_starts_with(dynbuf_slice(&answers), SLICE("m\tknown")) ? 1 : 0;
		dynbuf_reset(&answers);
		rest = slice_skip(rest, end + 1);
	}
	dynbuf_fini(&answers);
	return known;
}

static uint32_t
argument(int argc, char **argv, int i, uint32_t max, uint32_t usual)
{
	uint32_t number = usual;

	if (i < argc && (strnum_u32(slice_str(argv[i]), max, &number) != 0 || number < 100)) {
		errx(64, "usage: bench_replay [EVENTS [IDENTITIES]]");
	}
	return number;
}

int
main(int argc, char **argv)
{
	const struct metric_config config = metric_config_default();
	const struct replay_scores scores = {-100, -6, -3, 3, 0};
	uint32_t events = argument(argc, argv, 1, EVENTS_MAX, EVENTS);
	struct history h = {.identities = argument(argc, argv, 2, IDENTITIES_MAX, IDENTITIES)};
	struct replay *replay = NULL;
	uint64_t took;
	size_t known;

	make_history(&h, events);
	if (replay_new(&config, &scores, &replay) != 0) {
		errx(1, "out of memory");
	}
	took = cpu_ns();
	known = run(&h, replay);
	took = cpu_ns() - took;
	(void)printf("replay_events %" PRIu32 " events\n", events);
	(void)printf("replay_known %zu events\n", known);
	(void)printf("replay_rate %.0f events/s\n", (double)events * 1e9 / (double)took);
	replay_free(replay);
	free(h.subjects);
	free(h.bytes);
	return 0;
}
