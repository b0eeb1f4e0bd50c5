/*
 * strlist.h - lists of texts and of pairs of texts, as settings hold them.
 *
 * Memory comes from an arena and is never given back before it. A list may be copied by
 * assignment: the copy shares the entries, and whoever adds or removes through another
 * arena gets entries of his own first, so that a user's overlay never writes into the
 * settings of the site.
 */
#ifndef COMMON_CONF_STRLIST_H
#define COMMON_CONF_STRLIST_H

#include "common/base/arena.h"
#include "common/base/attr.h"
#include "common/base/slice.h"

/** Read items[0..count-1]; the rest is private. A zeroed one is empty. */
struct strlist {
	struct slice *items;
	size_t count;
	size_t capacity;
	const struct arena *arena;
};

/** Appends a copy. @return 0 or ERR_NOMEM. */
NODISCARD int strlist_add(struct strlist *list, struct arena *arena, struct slice text);

/** Appends a copy in ASCII lower case. @return 0 or ERR_NOMEM. */
NODISCARD int strlist_add_lower(struct strlist *list, struct arena *arena, struct slice text);

/** Removes every entry equal to `text`, ASCII case aside; the order of the others stays. */
NODISCARD int strlist_remove(struct strlist *list, struct arena *arena, struct slice text);

/** Empties it. */
void strlist_clear(struct strlist *list);

/** Is an entry equal to `text`, ASCII case aside? Linear. */
bool strlist_has(const struct strlist *list, struct slice text);

/** Does an entry, read as a glob (glob.h), match? Linear in the list. */
bool strlist_has_glob_match(const struct strlist *list, struct slice text);

struct strpair {
	struct slice name;
	struct slice value;
};

/** As strlist. */
struct strpairs {
	struct strpair *items;
	size_t count;
	size_t capacity;
	const struct arena *arena;
};

/** Appends copies of both. @return 0 or ERR_NOMEM. */
NODISCARD int strpairs_add(
	struct strpairs *list, struct arena *arena, struct slice name, struct slice value);

/** Removes every pair of that name, ASCII case aside. @return 0 or ERR_NOMEM. */
NODISCARD int strpairs_remove(struct strpairs *list, struct arena *arena, struct slice name);

bool strpairs_has(const struct strpairs *list, struct slice name);

#endif
