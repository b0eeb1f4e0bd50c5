#include "common/ledger/ledger_pending.h"

#include <pthread.h>
#include <stdlib.h>

/* As many workers as there may be rarely meet. */
#define SHARDS 64

LIST_HEAD(payment_list, ledger_payment);

/* Kept apart from its neighbours, so that no cache line is shared. */
struct shard {
	_Alignas(64) pthread_mutex_t lock;
	struct payment_list payments;
};

struct ledger_pending {
	struct shard shards[SHARDS];
};

static struct shard *
shard_of(struct ledger_pending *p, const struct digest *recipient)
{
	return &p->shards[recipient->bytes[0] % SHARDS];
}

int
ledger_pending_new(struct ledger_pending **out)
{
	struct ledger_pending *p = aligned_alloc(_Alignof(struct ledger_pending), sizeof(*p));

	*out = p;
	if (p == NULL) {
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < SHARDS; i++) {
		(void)pthread_mutex_init(&p->shards[i].lock, NULL);
		LIST_INIT(&p->shards[i].payments);
	}
	return 0;
}

void
ledger_pending_free(struct ledger_pending *p)
{
	for (size_t i = 0; p != NULL && i < SHARDS; i++) {
		(void)pthread_mutex_destroy(&p->shards[i].lock);
	}
	free(p);
}

void
ledger_pending_lock(struct ledger_pending *p, const struct digest *recipient)
{
	(void)pthread_mutex_lock(&shard_of(p, recipient)->lock);
}

void
ledger_pending_unlock(struct ledger_pending *p, const struct digest *recipient)
{
	(void)pthread_mutex_unlock(&shard_of(p, recipient)->lock);
}

void
ledger_pending_add(struct ledger_pending *p, struct ledger_payment *payment)
{
	LIST_INSERT_HEAD(&shard_of(p, &payment->recipient)->payments, payment, link);
}

void
ledger_pending_remove(struct ledger_pending *p, struct ledger_payment *payment)
{
	ledger_pending_lock(p, &payment->recipient);
	LIST_REMOVE(payment, link);
	ledger_pending_unlock(p, &payment->recipient);
}

void
ledger_pending_visit(struct ledger_pending *p, const struct digest *recipient,
	ledger_pending_fn *visit, void *ctx)
{
	const struct ledger_payment *payment = NULL;

	LIST_FOREACH(payment, &shard_of(p, recipient)->payments, link)
	{
		if (digest_eq(&payment->recipient, recipient)) {
			visit(ctx, payment);
		}
	}
}
