/* Our parser and jansson agree about what is an object of our kind, and about what is in it. */
#include <assert.h>
#include <string.h>

#include <jansson.h>

#include "common/statement/small_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_allowed(json_t *value, unsigned int depth);

/* are_items_allowed - of an object or a list */
static bool
are_items_allowed(json_t *value, unsigned int depth)
{
	const char *name = NULL;
	json_t *item = NULL;
	size_t i = 0;
	bool ok = true;

	json_object_foreach(value, name, item)
	{
		ok = ok && is_allowed(item, depth);
	}
	json_array_foreach(value, i, item)
	{
		ok = ok && is_allowed(item, depth);
	}
	return ok;
}

/* is_allowed - integers only, and nested at most 2 deep */
static bool
is_allowed(json_t *value, unsigned int depth)
{
	if (json_is_object(value) || json_is_array(value)) {
		return depth <= 2 && are_items_allowed(value, depth + 1);
	}
	return !json_is_real(value);
}

/* compare - every member of an object, and those of the objects in it */
static void
compare(struct small_json_object object, json_t *other)
{
	const char *name = NULL;
	json_t *value = NULL;

	json_object_foreach(other, name, value)
	{
		const struct small_json_member *member = small_json_find(object, name);

		assert(member != NULL);
		switch (member->type) {
		case SMALL_JSON_INTEGER:
			assert(json_is_integer(value) &&
				json_integer_value(value) == member->number);
			break;
		case SMALL_JSON_STRING:
			assert(json_is_string(value) &&
				slice_eq(member->text, slice_of(json_string_value(value),
							       json_string_length(value))));
			break;
		case SMALL_JSON_OBJECT:
			assert(json_is_object(value));
			compare(small_json_inner(object.json, member), value);
			break;
		case SMALL_JSON_LIST:
			assert(json_is_array(value));
			break;
		case SMALL_JSON_WORD:
			assert(json_is_boolean(value) || json_is_null(value));
			break;
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct small_json json;
	struct err_msg msg = {0};
	json_error_t error;
	json_t *other = NULL;
	int ret = small_json_parse(&json, slice_of(data, size), &msg);

	if (ret != 0) {
		assert(msg.code == ret && msg.offset <= size);
	}
	if (size > SMALL_JSON_BYTES_MAX) {
		assert(ret == ERR_TOOBIG);
		return 0;
	}
	if (memchr(data, '\0', size) != NULL) {
		/* jansson 2.14 overlooks a NUL behind a number; none may stand anywhere. */
		assert(ret != 0);
		return 0;
	}
	other = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, &error);
	assert((ret == 0) == (json_is_object(other) && is_allowed(other, 1)));
	if (ret == 0) {
		compare(small_json_root(&json), other);
	}
	json_decref(other);
	return 0;
}
