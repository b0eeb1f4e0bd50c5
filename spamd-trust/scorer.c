#include "spamd-trust/scorer.h"

#include <pthread.h>
#include <stdlib.h>

#include "common/base/log.h"
#include "common/graph/store_layout.h"
#include "common/rules/rule_set.h"
#include "common/scan/recipient.h"

/* What one worker reads with. Kept apart from its neighbours' so that no cache line is shared. */
struct seat {
	_Alignas(64) pthread_mutex_t lock; /* held while it scores; else only by a refresh */
	struct scanner scanner;
	struct ledger_desk
		desk; /* the scanner's; without a reader while the ledger is not open */
	int reported; /* last failure of a store that was logged */
};

/* One of the two stores. */
struct shared_store {
	enum store_layout_part part;
	const char *name;
	struct store *store;
	int state; /* 0: open; else why not, as it was logged */
};

struct scorer {
	const char *directory;
	unsigned int workers;
	struct shared_store graph;
	struct shared_store private_store;
	bool is_bare; /* no site was ever made here; changed with all seats locked */
	struct seat seats[];
};

static void
lock_all(struct scorer *s)
{
	for (unsigned int i = 0; i < s->workers; i++) {
		(void)pthread_mutex_lock(&s->seats[i].lock);
	}
}

static void
unlock_all(struct scorer *s)
{
	for (unsigned int i = 0; i < s->workers; i++) {
		(void)pthread_mutex_unlock(&s->seats[i].lock);
	}
}

/* drop_readers - of the graph or of the private store; all seats are locked */
static void
drop_readers(struct scorer *s, const struct shared_store *which)
{
	for (unsigned int i = 0; i < s->workers; i++) {
		struct scanner *scanner = &s->seats[i].scanner;

		if (which->part == STORE_LAYOUT_GRAPH) {
			graph_reader_free(scanner->graph);
			scanner->graph = NULL;
		} else {
			private_reader_free(scanner->private_store);
			scanner->private_store = NULL;
		}
	}
}

static int
make_readers(struct scorer *s, const struct shared_store *which, struct err_msg *msg)
{
	int code = 0;

	for (unsigned int i = 0; code == 0 && i < s->workers; i++) {
		struct scanner *scanner = &s->seats[i].scanner;

		code = which->part == STORE_LAYOUT_GRAPH
			       ? graph_reader_new(which->store, &scanner->graph, msg)
			       : private_reader_new(which->store, &scanner->private_store, msg);
	}
	return code;
}

static void
close_store(struct scorer *s, struct shared_store *which)
{
	drop_readers(s, which);
	store_close(which->store);
	which->store = NULL;
}

/* open_store - opens it and gives every worker a reader, or leaves it closed */
static int
open_store(struct scorer *s, struct shared_store *which, struct err_msg *msg)
{
	int code = store_layout_open(which->part, s->directory, STORE_READ, &which->store, msg);

	if (code == 0) {
		code = make_readers(s, which, msg);
	}
	if (code != 0) {
		close_store(s, which);
	}
	return code;
}

/* tell - logs a change of state, once */
static void
tell(struct shared_store *which, const char *directory, int state, const struct err_msg *msg)
{
	if (which->state == state) {
		return;
	}
	which->state = state;
	if (state == 0) {
		log_info("spamd: %s store open in %s", which->name, directory);
	} else {
		log_warn("spamd: no %s store, nobody is known: %s", which->name, msg->text);
	}
}

static void
refresh_one(struct scorer *s, struct shared_store *which)
{
	struct err_msg msg = {0};
	int code = 0;

	if (which->store != NULL && !store_is_stale(which->store)) {
		return;
	}
	lock_all(s);
	if (which->store != NULL) {
		log_info("spamd: %s store was replaced, opening the new one", which->name);
		close_store(s, which);
	}
	code = open_store(s, which, &msg);
	s->is_bare = s->is_bare && code == ERR_NOTFOUND;
	unlock_all(s);
	tell(which, s->directory, code, &msg);
}

void
scorer_refresh(struct scorer *s)
{
	refresh_one(s, &s->graph);
	refresh_one(s, &s->private_store);
}

void
scorer_set_submit(struct scorer *s, struct ledger_pending *pending,
	int (*submit)(void *ctx, struct ledger_payment *payment), void *ctx)
{
	for (unsigned int i = 0; i < s->workers; i++) {
		struct seat *seat = &s->seats[i];

		seat->desk =
			(struct ledger_desk){.pending = pending, .submit = submit, .ctx = ctx};
		/* Also while there is no reader: a desk that must pay and cannot grants nothing. */
		seat->scanner.ledger = &seat->desk;
	}
}

void
scorer_set_ledger(struct scorer *s, struct store *ledger)
{
	struct err_msg msg = {0};
	int code = 0;

	lock_all(s);
	for (unsigned int i = 0; i < s->workers; i++) {
		struct seat *seat = &s->seats[i];

		scan_rest(&seat->scanner);
		ledger_reader_free(seat->desk.reader);
		seat->desk.reader = NULL;
		if (ledger != NULL && code == 0) {
			code = ledger_reader_new(ledger, &seat->desk.reader, &msg);
		}
	}
	unlock_all(s);
	if (code != 0) {
		log_error("spamd: the ledger cannot be read: %s", msg.text);
	}
}

bool
scorer_is_whole(const struct scorer *s)
{
	return s->graph.store != NULL && s->private_store.store != NULL;
}

int
scorer_new(const char *directory, unsigned int workers, struct scorer **out)
{
	size_t size = sizeof(struct scorer) + workers * sizeof(struct seat);
	struct scorer *s = aligned_alloc(_Alignof(struct scorer), size);

	if (s == NULL) {
		return ERR_NOMEM;
	}
	memset(s, 0, size);
	s->directory = directory;
	s->workers = workers;
	s->is_bare = true;
	s->graph = (struct shared_store){STORE_LAYOUT_GRAPH, "graph", .state = 1};
	s->private_store = (struct shared_store){STORE_LAYOUT_PRIVATE, "private", .state = 1};
	for (unsigned int i = 0; i < workers; i++) {
		(void)pthread_mutex_init(&s->seats[i].lock, NULL);
		s->seats[i].scanner.keeps_snapshots = true;
	}
	scorer_refresh(s);
	*out = s;
	return 0;
}

void
scorer_free(struct scorer *s)
{
	if (s == NULL) {
		return;
	}
	close_store(s, &s->graph);
	close_store(s, &s->private_store);
	for (unsigned int i = 0; i < s->workers; i++) {
		(void)pthread_mutex_destroy(&s->seats[i].lock);
	}
	free(s);
}

/* report_failure - a store that cannot be read in the middle of its life; logged once a kind */
static void
report_failure(struct seat *seat)
{
	const struct scanner *scanner = &seat->scanner;
	int graph = scanner->graph == NULL ? 0 : graph_error(scanner->graph);
	int private_store =
		scanner->private_store == NULL ? 0 : private_error(scanner->private_store);
	int code = graph != 0 ? graph : private_store;

	if (code == seat->reported) {
		return;
	}
	seat->reported = code;
	if (code != 0) {
		log_error("spamd: cannot read the %s store: %s; nobody is known",
			graph != 0 ? "graph" : "private", err_text(code));
	}
}

/* report_rules - the administrator's rules that took too long for a message; logged once each */
static void
report_rules(const struct settings *settings)
{
	struct slice name = {0};

	while (rule_set_take_fault(settings->rule_set, &name)) {
		log_warn(
			"spamd: rule %.*s ran into a limit of matching, and counted as not hit",
			SLICE_ARG(name));
	}
}

int
scorer_scan(struct scorer *s, unsigned int worker, const struct settings *settings,
	const struct scan_request *request, struct arena *arena, struct verdict *out)
{
	struct seat *seat = &s->seats[worker];
	int code = 0;

	(void)pthread_mutex_lock(&seat->lock);
	code = scan_message(&seat->scanner, settings, request, arena, out);
	report_failure(seat);
	(void)pthread_mutex_unlock(&seat->lock);
	report_rules(settings);
	return code;
}

void
scorer_rest(struct scorer *s, unsigned int worker)
{
	struct seat *seat = &s->seats[worker];

	(void)pthread_mutex_lock(&seat->lock);
	scan_rest(&seat->scanner);
	(void)pthread_mutex_unlock(&seat->lock);
}

int
scorer_examine(struct scorer *s, unsigned int worker, const struct settings *settings,
	struct slice message, struct arena *arena, struct evidence *out)
{
	struct seat *seat = &s->seats[worker];
	int code = 0;

	(void)pthread_mutex_lock(&seat->lock);
	code = scan_evidence(&seat->scanner, settings, message, arena, out);
	(void)pthread_mutex_unlock(&seat->lock);
	return code;
}

/* find_user - in a snapshot of its own */
static int
find_user(struct private_reader *r, const struct settings *settings, struct slice name,
	struct digest *out)
{
	struct private_user user;
	bool found = false;
	int code = private_begin(r);

	if (code != 0) {
		return code;
	}
	found = name.len > 0 && recipient_find_user(r, settings, name, &user);
	code = private_error(r);
	private_end(r);
	if (code != 0 || !found) {
		return code != 0 ? code : ERR_NOTFOUND;
	}
	*out = user.digest;
	return 0;
}

int
scorer_find_user(struct scorer *s, unsigned int worker, const struct settings *settings,
	struct slice name, struct digest *out)
{
	struct seat *seat = &s->seats[worker];
	int code = ERR_NOTREADY;

	(void)pthread_mutex_lock(&seat->lock);
	if (seat->scanner.private_store != NULL) {
		code = find_user(seat->scanner.private_store, settings, name, out);
	} else if (s->is_bare) {
		code = ERR_NOTFOUND; /* nobody can be a local user */
	}
	(void)pthread_mutex_unlock(&seat->lock);
	return code;
}
