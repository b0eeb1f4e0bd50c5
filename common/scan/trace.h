/*
 * trace.h - which header fields were written by our own hosts.
 *
 * Anybody may put any field into a message; what can be believed is what stands above the
 * point where the message came in. That point, the border hop, is the first Received from the
 * top that records a hand-over from outside the networks given (DESIGN 5). A Received that
 * cannot be read, or that records a submission on the host itself, is a border too: what is
 * below may have been written by whoever submitted it. Without any border only the
 * unbroken run at the very top counts.
 *
 * OpenDKIM and OpenDMARC under Postfix write just below the border's Received; with
 * SETTINGS_AUTHRES_BELOW the run of fields down to the next Received counts as well, which
 * is only safe when the mail server strips forged ones.
 */
#ifndef COMMON_SCAN_TRACE_H
#define COMMON_SCAN_TRACE_H

#include "common/conf/settings.h"
#include "common/mail/header.h"
#include "common/mail/received.h"

/** Fields are private. */
struct trace {
	size_t above;      /* fields before this index are ours */
	size_t below_from; /* and those from here */
	size_t below_end;  /* up to here, exclusive */
};

/** Finds the border by the settings' networks and position. */
void trace_find(const struct header *h, const struct settings *settings, struct trace *out);

/**
 * The hand-over by which the message came into the networks `ours`, as our host recorded it.
 * @return false when none is recorded, it cannot be read, or it names no peer.
 */
bool trace_handover(const struct header *h, const struct netlist *ours, struct received *out);

/** Was the field with this index in h->fields written by our hosts? */
bool trace_is_ours(const struct trace *t, size_t field);

/**
 * Index of the first field that callers and mail servers never put on top: envelope fields end
 * there.
 */
size_t trace_envelope_end(const struct header *h);

#endif
