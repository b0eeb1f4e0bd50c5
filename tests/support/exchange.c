#include "tests/support/exchange.h"

#include <stdlib.h>
#include <time.h>

/* grown - room for one more element in an array whose capacity is the next power of two */
static void *
grown(void *array, size_t n, size_t size)
{
	return n == 0 || (n & (n - 1)) == 0 ? reallocarray(array, n == 0 ? 1 : 2 * n, size)
					    : array;
}

static int
on_have(void *ctx, const struct item *item)
{
	struct exchange *x = ctx;
	struct item *have = grown(x->have, x->have_n, sizeof(*have));

	if (have == NULL) {
		return ERR_NOMEM;
	}
	x->have = have;
	x->have[x->have_n++] = *item;
	return 0;
}

static int
on_need(void *ctx, const struct digest *id)
{
	struct exchange *x = ctx;
	struct digest *need = grown(x->need, x->need_n, sizeof(*need));

	if (need == NULL) {
		return ERR_NOMEM;
	}
	x->need = need;
	x->need[x->need_n++] = *id;
	return 0;
}

static uint64_t
cpu_ns(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* note - counts a message and shows it to who wants to see it */
static void
note(struct exchange *x, bool from_client, struct slice message)
{
	x->bytes += message.len;
	x->longest = message.len > x->longest ? message.len : x->longest;
	if (x->on_message != NULL) {
		x->on_message(x->ctx, from_client, message);
	}
}

int
exchange_run(struct exchange *x, struct err_msg *msg)
{
	const struct reconcile_found found = {.have = on_have, .need = on_need, .ctx = x};
	struct dynbuf question;
	struct dynbuf answer;
	bool done = false;
	int ret = 0;

	dynbuf_init(&question, SIZE_MAX);
	dynbuf_init(&answer, SIZE_MAX);
	ret = reconcile_initiate(x->client, &question);
	while (ret == 0 && !done) {
		note(x, true, dynbuf_slice(&question));
		dynbuf_reset(&answer);
		const uint64_t begin = cpu_ns();
		ret = reconcile_answer(
			x->server, &x->server_limits, dynbuf_slice(&question), &answer, msg);
		x->server_ns += cpu_ns() - begin;
		if (ret == 0) {
			note(x, false, dynbuf_slice(&answer));
			x->round_trips++;
			dynbuf_reset(&question);
			ret = reconcile_continue(x->client, &x->client_limits,
				dynbuf_slice(&answer), &found, &question, &done, msg);
		}
		if (ret == 0 && x->round_trips > EXCHANGE_MESSAGES_MAX) {
			ret = err_set(msg, ERR_TOOBIG, "the exchange does not end");
		}
	}
	dynbuf_fini(&question);
	dynbuf_fini(&answer);
	return ret;
}

void
exchange_fini(struct exchange *x)
{
	free(x->have);
	free(x->need);
	x->have = NULL;
	x->need = NULL;
}
