#include "common/ctl/ctl_message.h"

#include <stdlib.h>

#include <jansson.h>

struct ctl_message {
	json_t *object;
	int error; /* of a set */
};

static struct ctl_message *
message_new(json_t *object)
{
	struct ctl_message *m = calloc(1, sizeof(*m));

	if (m == NULL || object == NULL) {
		free(m);
		json_decref(object);
		return NULL;
	}
	m->object = object;
	return m;
}

void
ctl_message_free(struct ctl_message *m)
{
	if (m != NULL) {
		json_decref(m->object);
		free(m);
	}
}

/* set - takes the value; `error` is what its being NULL means */
static void
set(struct ctl_message *m, const char *name, json_t *value, int error)
{
	int code = value == NULL ? error : 0;

	if (code == 0 && json_object_set_new(m->object, name, value) != 0) {
		code = ERR_NOMEM;
	}
	if (m->error == 0) {
		m->error = code;
	}
}

void
ctl_message_set_text(struct ctl_message *m, const char *name, struct slice text)
{
	json_t *value = text.len == 0 ? json_string("")
				      : json_stringn((const char *)text.data, text.len);

	/* jansson does not tell which; text that is too much for memory is no concern here. */
	set(m, name, value, ERR_INVALID);
}

void
ctl_message_set_number(struct ctl_message *m, const char *name, int64_t number)
{
	set(m, name, json_integer(number), ERR_NOMEM);
}

void
ctl_message_set_bool(struct ctl_message *m, const char *name, bool value)
{
	set(m, name, json_boolean(value), ERR_NOMEM);
}

/* with_version - a message that says nothing yet */
static struct ctl_message *
with_version(void)
{
	struct ctl_message *m = message_new(json_object());

	if (m != NULL) {
		ctl_message_set_number(m, "v", CTL_VERSION);
	}
	return m;
}

struct ctl_message *
ctl_message_request(const char *op)
{
	struct ctl_message *m = with_version();

	if (m != NULL) {
		ctl_message_set_text(m, "op", slice_str(op));
	}
	return m;
}

struct ctl_message *
ctl_message_reply(void)
{
	struct ctl_message *m = with_version();

	if (m != NULL) {
		ctl_message_set_bool(m, "ok", true);
	}
	return m;
}

struct ctl_message *
ctl_message_refusal(int code, const char *text)
{
	struct ctl_message *m = with_version();

	if (m != NULL) {
		ctl_message_set_bool(m, "ok", false);
		ctl_message_set_number(m, "code", code);
		ctl_message_set_text(m, "error", slice_str(text));
	}
	return m;
}

bool
ctl_message_text(const struct ctl_message *m, const char *name, struct slice *out)
{
	const json_t *value = json_object_get(m->object, name);

	if (!json_is_string(value)) {
		return false;
	}
	*out = slice_of(json_string_value(value), json_string_length(value));
	return true;
}

bool
ctl_message_number(const struct ctl_message *m, const char *name, int64_t *out)
{
	const json_t *value = json_object_get(m->object, name);

	if (!json_is_integer(value)) {
		return false;
	}
	*out = json_integer_value(value);
	return true;
}

bool
ctl_message_bool(const struct ctl_message *m, const char *name, bool *out)
{
	const json_t *value = json_object_get(m->object, name);

	if (!json_is_boolean(value)) {
		return false;
	}
	*out = json_is_true(value);
	return true;
}

struct slice
ctl_message_op(const struct ctl_message *m)
{
	struct slice op = {0};

	(void)ctl_message_text(m, "op", &op);
	return op;
}

int
ctl_message_result(const struct ctl_message *m, struct err_msg *msg)
{
	struct slice text = SLICE("refused");
	int64_t code = ERR_INVALID;
	bool ok = false;

	if (!ctl_message_bool(m, "ok", &ok)) {
		return err_set(msg, ERR_INVALID, "the answer is no reply");
	}
	if (ok) {
		return 0;
	}
	(void)ctl_message_text(m, "error", &text);
	if (!ctl_message_number(m, "code", &code) || code >= 0 || code < ERR_LAST) {
		code = ERR_INVALID;
	}
	return err_set(msg, (int)code, "%.*s", SLICE_ARG(slice_take(text, ERR_TEXT_MAX - 1)));
}

static int
append(const char *bytes, size_t len, void *ctx)
{
	return dynbuf_add(ctx, slice_of(bytes, len)) == 0 ? 0 : -1;
}

int
ctl_message_encode(const struct ctl_message *m, struct dynbuf *out)
{
	size_t before = dynbuf_slice(out).len;

	if (m->error != 0) {
		return m->error;
	}
	if (json_dump_callback(m->object, append, out, JSON_COMPACT) != 0 ||
		dynbuf_add_byte(out, '\n') != 0) {
		return dynbuf_error(out) != 0 ? dynbuf_error(out) : ERR_NOMEM;
	}
	return dynbuf_slice(out).len - before <= CTL_LINE_MAX ? 0 : ERR_TOOBIG;
}

/* is_flat - no lists, objects, fractions or nulls in it */
static bool
is_flat(json_t *object)
{
	const char *name = NULL;
	json_t *value = NULL;

	json_object_foreach(object, name, value)
	{
		if (!json_is_string(value) && !json_is_integer(value) &&
			!json_is_boolean(value)) {
			return false;
		}
	}
	return true;
}

int
ctl_message_decode(struct slice line, struct ctl_message **out, struct err_msg *msg)
{
	int64_t version = 0;
	json_error_t error;
	json_t *object = NULL;

	*out = NULL;
	if (line.len >= CTL_LINE_MAX) {
		return err_set(
			msg, ERR_TOOBIG, "a message is longer than %d bytes", CTL_LINE_MAX);
	}
	object = json_loadb((const char *)line.data, line.len, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(object)) {
		json_decref(object);
		return err_set(msg, ERR_INVALID, "a message is no JSON object");
	}
	*out = message_new(object);
	if (*out == NULL) {
		return err_set(msg, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	if (!ctl_message_number(*out, "v", &version) || version != CTL_VERSION) {
		ctl_message_free(*out);
		*out = NULL;
		return err_set(msg, ERR_VERSION,
			"a message of another version; trustctl and the daemon must be of one "
			"release");
	}
	if (!is_flat(object)) {
		ctl_message_free(*out);
		*out = NULL;
		return err_set(msg, ERR_INVALID, "a message holds more than plain values");
	}
	return 0;
}
