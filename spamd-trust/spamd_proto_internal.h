/*
 * spamd_proto_internal.h - what the files of the protocol engine share; for nobody else.
 *
 * spamd_proto.c drives the states, spamd_proto_header.c reads the header block,
 * spamd_proto_body.c the message, spamd_proto_reply.c writes replies and refusals.
 */
#ifndef SPAMD_TRUST_SPAMD_PROTO_INTERNAL_H
#define SPAMD_TRUST_SPAMD_PROTO_INTERNAL_H

#include "spamd-trust/spamd_proto.h"

/** What one step of the engine came to. */
enum spamd_step {
	SPAMD_STEP_ON,    /* the state has changed or moved on: step again */
	SPAMD_STEP_WAIT,  /* nothing more to be made of what is there */
	SPAMD_STEP_EVENT, /* tell the caller first */
};

/** The three kinds of refusal (SPEC 6). */
enum spamd_fault {
	SPAMD_FAULT_PROTOCOL,
	SPAMD_FAULT_UNAVAILABLE,
	SPAMD_FAULT_TIMEOUT,
};

struct slice spamd_proto_span(const struct spamd_proto *p, struct spamd_span span);

/** Points the event at the request, whose slices are renewed as the buffer may have moved. */
enum spamd_step spamd_proto_tell(struct spamd_proto *p, enum spamd_event_kind kind);

/** Writes the one-line reply, ends the request, and is the step of the error event. */
enum spamd_step spamd_proto_refuse(
	struct spamd_proto *p, enum spamd_fault fault, struct slice text);
enum spamd_step spamd_proto_refuse_f(
	struct spamd_proto *p, enum spamd_fault fault, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** An internal failure: no reply at all. */
enum spamd_step spamd_proto_give_up(struct spamd_proto *p);

void spamd_proto_write_pong(struct spamd_proto *p);

/**
 * Finds the end of the line that starts at p->pos, remembering how far it looked.
 * @return true and the length with its LF; at the end of the stream the rest counts as a line.
 */
bool spamd_proto_line(struct spamd_proto *p, size_t *len_out);

/** One line of the header block. */
enum spamd_step spamd_proto_header_step(struct spamd_proto *p);

/** Starts reading the message: p->pos is its first byte. */
enum spamd_step spamd_proto_body_begin(struct spamd_proto *p);
enum spamd_step spamd_proto_body_step(struct spamd_proto *p, uint64_t now_ms);
enum spamd_step spamd_proto_inflated_step(struct spamd_proto *p);
enum spamd_step spamd_proto_verify_step(struct spamd_proto *p);

/** How many more bytes of the message are announced; 0 where that is not known. */
size_t spamd_proto_body_missing(const struct spamd_proto *p);

#endif
