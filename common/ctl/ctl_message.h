/*
 * ctl_message.h - what trustctl and a daemon say to each other over a control socket.
 *
 * One message is one line: a flat JSON object (RFC 8259) in UTF-8, ended by LF, at most
 * CTL_LINE_MAX bytes. Values are texts, integers and booleans; names are there once. A request
 * names what is asked for; a reply is good, or carries a code of err.h and a text for people.
 *
 *	{"v":1,"op":"report","user":"alice@example.org","spam":true}
 *	{"v":1,"ok":true,"changed":true}
 *	{"v":1,"ok":false,"code":-6,"error":"no such report"}
 *
 * "v" is the version; a message of another one is refused with ERR_VERSION, whatever else is in it.
 * Names that the other side does not know are of no effect.
 */
#ifndef COMMON_CTL_CTL_MESSAGE_H
#define COMMON_CTL_CTL_MESSAGE_H

#include "common/base/dynbuf.h"
#include "common/base/err.h"

#define CTL_VERSION 1

/** Longest line, its LF included: the longest texts are an address and a reason. */
#define CTL_LINE_MAX 16384

struct ctl_message;

/** A request for `op`. NULL when out of memory, as with the two below. */
struct ctl_message *ctl_message_request(const char *op);

/** A good reply. */
struct ctl_message *ctl_message_reply(void);

/** A refusal with a code of err.h and a text, which must be UTF-8. */
struct ctl_message *ctl_message_refusal(int code, const char *text);

/** NULL is fine. */
void ctl_message_free(struct ctl_message *m);

/* The first failure is kept and comes out of ctl_message_encode(). Not UTF-8: ERR_INVALID. */
void ctl_message_set_text(struct ctl_message *m, const char *name, struct slice text);
void ctl_message_set_number(struct ctl_message *m, const char *name, int64_t number);
void ctl_message_set_bool(struct ctl_message *m, const char *name, bool value);

/** False where there is none of that type; *out is untouched then. Text is borrowed. */
bool ctl_message_text(const struct ctl_message *m, const char *name, struct slice *out);
bool ctl_message_number(const struct ctl_message *m, const char *name, int64_t *out);
bool ctl_message_bool(const struct ctl_message *m, const char *name, bool *out);

/** What is asked for; empty in a reply. */
struct slice ctl_message_op(const struct ctl_message *m);

/** Of a reply: 0; or its code, with its text in msg (ERR_INVALID when it is no reply at all). */
NODISCARD int ctl_message_result(const struct ctl_message *m, struct err_msg *msg);

/** Appends the line. @return 0; ERR_INVALID, ERR_NOMEM of a set; ERR_TOOBIG. */
NODISCARD int ctl_message_encode(const struct ctl_message *m, struct dynbuf *out);

/**
 * Reads a line, without its LF.
 * @return 0; ERR_INVALID when it is no such object; ERR_VERSION; ERR_TOOBIG; ERR_NOMEM.
 */
NODISCARD int ctl_message_decode(
	struct slice line, struct ctl_message **out, struct err_msg *msg);

#endif
