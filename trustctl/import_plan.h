/*
 * import_plan.h - what an import would change, decided before anything is changed.
 *
 * Each row is one address with the level it should get. Held against what the user has
 * already: entries made by hand stay as they are, levels only rise, blocked ones stay
 * blocked, and learned edges that would have ended by now are not made. The plan is what
 * --dry-run shows and what is applied otherwise, in one transaction.
 */
#ifndef TRUSTCTL_IMPORT_PLAN_H
#define TRUSTCTL_IMPORT_PLAN_H

#include "common/base/arena.h"
#include "trustctl/actor.h"

enum import_action {
	IMPORT_ADD,     /**< a new friend */
	IMPORT_RAISE,   /**< a learned edge gets a higher level */
	IMPORT_REFRESH, /**< a learned edge learns of newer mail */
	IMPORT_KEEP,    /**< is there already, as good or better, or by hand */
	IMPORT_BLOCKED, /**< the user blocks it */
	IMPORT_EXPIRED, /**< the last mail is too long ago for a learned edge */
	IMPORT_ACTION_COUNT,
};

struct import_row {
	struct slice address; /**< canonical */
	struct slice note;    /**< may be empty */
	uint64_t sent;
	uint64_t received;
	uint64_t last_mail_s;
	uint8_t level;
	enum private_origin origin;
	/* Filled by import_plan_decide. */
	enum import_action action;
	struct private_entry held; /**< what is there; zero where nothing is */
};

/** Rows in the order of adding; fields are to be read only. */
struct import_plan {
	struct arena arena;
	struct import_row *rows;
	size_t count;
	size_t cap;
};

void import_plan_init(struct import_plan *plan);
void import_plan_fini(struct import_plan *plan);

/** Copies the row with its texts. @return 0, ERR_NOMEM, ERR_TOOBIG. */
NODISCARD int import_plan_add(struct import_plan *plan, const struct import_row *row);

/**
 * Sorts by address, drops what is there twice, and decides every row; between site_begin and
 * site_end. @return 0 or ERR_NOMEM.
 */
NODISCARD int import_plan_decide(
	struct import_plan *plan, struct site *site, const struct actor *actor, uint64_t now_s);

/** Carries it out. */
NODISCARD int import_plan_apply(const struct import_plan *plan, struct site *site,
	const struct actor *actor, struct err_msg *msg);

const char *import_action_name(enum import_action action);

#endif
