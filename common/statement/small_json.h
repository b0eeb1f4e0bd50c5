/*
 * small_json.h - reads one small JSON object (RFC 8259) strictly and without allocation.
 *
 * For payloads of statements, so with their rules: an object, nested at most 2 deep, integers
 * of 64 bits only, names once per object (compared decoded), valid UTF-8, no NUL, nothing
 * behind. The members of the object and of the objects in it lie in one flat array; what is in
 * lists is checked and not kept. Being out of memory can thus never make a good statement look
 * malformed, which would be remembered against its sender.
 */
#ifndef COMMON_STATEMENT_SMALL_JSON_H
#define COMMON_STATEMENT_SMALL_JSON_H

#include "common/base/err.h"
#include "common/base/slice.h"

#define SMALL_JSON_BYTES_MAX   672
/** More than fit: the shortest member, `"":1,`, has five bytes. */
#define SMALL_JSON_MEMBERS_MAX (SMALL_JSON_BYTES_MAX / 5 + 1)

enum small_json_type {
	SMALL_JSON_INTEGER,
	SMALL_JSON_STRING,
	SMALL_JSON_OBJECT,
	SMALL_JSON_LIST,
	SMALL_JSON_WORD, /**< true, false, null */
};

struct small_json_member {
	enum small_json_type type;
	size_t parent; /**< which object it is in: 0 the outer one, else 1 + index of a member */
	struct slice name; /**< decoded */
	struct slice text; /**< of a string, decoded */
	int64_t number;    /**< of an integer */
};

/** On the stack (about 10 KiB); fields may be read. */
struct small_json {
	size_t count;
	struct small_json_member members[SMALL_JSON_MEMBERS_MAX];
	size_t text_len;
	uint8_t text
		[SMALL_JSON_BYTES_MAX]; /* decoded strings, which are never longer than written */
};

/** One object of a parsed text; a small value. */
struct small_json_object {
	const struct small_json *json;
	size_t id; /* as `parent` of its members */
};

/**
 * Parses in; slices of the result point into *out.
 * @return 0; ERR_TOOBIG above SMALL_JSON_BYTES_MAX; ERR_RANGE for an integer beyond 64 bits;
 * ERR_INVALID for everything else, msg->offset being where.
 */
NODISCARD int small_json_parse(struct small_json *out, struct slice in, struct err_msg *msg);

static inline struct small_json_object
small_json_root(const struct small_json *json)
{
	return (struct small_json_object){json, 0};
}

/** The object that is a member's value. @param member of type SMALL_JSON_OBJECT. */
struct small_json_object small_json_inner(
	const struct small_json *json, const struct small_json_member *member);

/** The member of that name, NULL where there is none. */
const struct small_json_member *small_json_find(
	struct small_json_object object, const char *name);

#endif
