/*
 * spamd_proto.h - the spamd protocol as an engine without I/O (SPEC 2 to 7).
 *
 * One engine serves one connection: it takes the bytes of the request, says what happened,
 * and holds the bytes of the reply. It knows no socket, clock, log, store or verdict maker. The
 * life of a request, as the caller sees it:
 *
 *	spamd_proto_init()
 *	loop: read from the socket straight into spamd_proto_reserve(), spamd_proto_commit()
 *	      (or spamd_proto_feed() where the bytes are elsewhere); spamd_proto_eof() at the end
 *	    status SPAMD_EVENT: act on spamd_proto_event(), go on with spamd_proto_next()
 *	        SPAMD_EVENT_USER      a User line: choose that user's settings
 *	        SPAMD_EVENT_NOTE      a line for the log
 *	        SPAMD_EVENT_CHECKING  message read: log "checking message"; it is not accepted yet
 *	        SPAMD_EVENT_REQUEST   accepted: score it or act on the TELL, then answer with
 *	                              spamd_proto_reply_verdict() or spamd_proto_reply_tell()
 *	        SPAMD_EVENT_SKIP      log it
 *	        SPAMD_EVENT_ERROR     refused: log it; the reply is there
 *	    status SPAMD_DONE: send spamd_proto_output(), throw away what the client still sends
 *	        (bounded in time), close
 *	    timer at spamd_proto_deadline(): spamd_proto_timeout()
 *	spamd_proto_fini()
 *
 * The same bytes give the same events however they are cut into pieces. The message is
 * copied at most once (not at all after reserve/commit) and stays in the engine until fini.
 * Where this engine does better than the original (SPEC 15): bounds on everything a client sends;
 * and a body of exactly the announced length without a newline at its end is taken when
 * nothing follows within SPAMD_SETTLE_MS, where the original waits for its timeout. The same
 * holds for a Content-length in other upper and lower case, which the original ignores.
 */
#ifndef SPAMD_TRUST_SPAMD_PROTO_H
#define SPAMD_TRUST_SPAMD_PROTO_H

#define ZLIB_CONST
#include <zlib.h>

#include "common/base/dynbuf.h"
#include "common/scan/verdict.h"
#include "spamd-trust/spamd_command.h"

/**
 * How long bytes beyond the announced length may still turn up before a message that does
 * not end at a line end is taken as complete. A request cut in mid-line is an error in the
 * original, and the rest of the line usually follows at once.
 */
#define SPAMD_SETTLE_MS 200

/** Lines of the header block, the empty one included (SPEC 2). */
#define SPAMD_HEADER_LINES_MAX 256

/** Bounds and policy of one connection. Beyond a bound the client is answered with 76. */
struct spamd_limits {
	size_t command_line_max;    /**< bytes of the command line, its end included */
	size_t header_block_max;    /**< bytes of all header lines together */
	size_t body_max;            /**< bytes of the message, before and after inflating */
	size_t reply_max;           /**< bytes of the reply */
	uint32_t timeout_command_s; /**< -T: until the command line is in; 0 for none */
	uint32_t timeout_request_s; /**< -t: from there to the reply; 0 for none */
	bool allow_tell;
};

/** 64 KiB, 512 KiB, 256 MiB, 260 MiB, 30 s, 300 s, TELL refused. */
extern const struct spamd_limits spamd_limits_default;

/** What a TELL asks for (SPEC 5.7). */
struct spamd_tell {
	bool is_spam; /**< Message-class: spam; anything else counts as ham */
	bool set_local;
	bool set_remote;
	bool remove_local;
	bool remove_remote;
};

struct spamd_request {
	enum spamd_command command;
	double version;         /**< of the client, as 1.5; 0 where it is no number */
	struct slice user;      /**< of the last User line; empty for none */
	struct slice message;   /**< inflated where it came compressed */
	size_t size_bytes;      /**< for the log: as read, or as inflated */
	struct spamd_tell tell; /**< for SPAMD_TELL */
};

enum spamd_event_kind {
	SPAMD_EVENT_USER,     /**< event.text is the name; empty: back to no user */
	SPAMD_EVENT_NOTE,     /**< event.text is a warning for the log */
	SPAMD_EVENT_CHECKING, /**< event.request.message is what was read; scanning commands only */
	SPAMD_EVENT_REQUEST, /**< event.request is complete; a reply is awaited */
	SPAMD_EVENT_SKIP,    /**< SKIP: no reply; told before its headers are read */
	SPAMD_EVENT_ERROR,   /**< event.text is the warning for the log ("bad protocol: ...") */
};

/** Texts are as the client sent them: logline_warning() makes them fit for a log. */
struct spamd_event {
	enum spamd_event_kind kind;
	struct slice text;
	const struct spamd_request *request;
};

enum spamd_status {
	SPAMD_NEED_MORE, /**< read on */
	SPAMD_EVENT,     /**< see spamd_proto_event(), then call spamd_proto_next() */
	SPAMD_AWAIT,     /**< after SPAMD_EVENT_REQUEST: until a reply function is called */
	SPAMD_DONE,      /**< send spamd_proto_output(), which may be empty, and close */
};

/** Where the engine is; what leaves each state is said at its side. */
enum spamd_state {
	SPAMD_STATE_COMMAND,  /**< from the start to the end of the command line */
	SPAMD_STATE_HEADERS,  /**< to the empty line; PING and SKIP end here */
	SPAMD_STATE_BODY,     /**< to the announced length or the end of the stream */
	SPAMD_STATE_INFLATED, /**< a compressed message was read; its stream is judged next */
	SPAMD_STATE_VERIFY,   /**< CHECKING was told; the length is judged next */
	SPAMD_STATE_AWAIT,    /**< REQUEST was told; a reply function leaves it */
	SPAMD_STATE_REPLY,    /**< the end: output may be there, input is ignored */
};

/** A run of bytes of the input by its place, as the buffer moves while it grows. */
struct spamd_span {
	size_t at;
	size_t len;
};

/** A message that comes compressed (SPEC 4); fields are private to the engine. */
struct spamd_inflater {
	z_stream stream;
	bool is_open;   /* the stream must be ended */
	bool is_done;   /* the end of the stream was seen */
	bool is_broken; /* it is no zlib stream */
	size_t received_bytes;
	struct dynbuf text;
};

/** Fields are private. */
struct spamd_proto {
	struct spamd_limits limits;
	enum spamd_state state;
	struct spamd_event event;
	struct spamd_request request;

	struct dynbuf in;   /* command line, headers, and the message unless compressed */
	struct dynbuf out;  /* the reply, from out_pos on */
	struct slice rest;  /* the end of the reply, within the message */
	struct dynbuf text; /* of the last error or note */
	size_t pos;         /* first byte of `in` not yet dealt with */
	size_t scanned;     /* no line end between pos and here */
	size_t block_start; /* of the header block */
	size_t out_pos;
	unsigned int header_lines;
	bool is_eof;
	bool is_settled; /* the announced length is in and nothing followed */

	struct spamd_span user;
	struct spamd_span length_text; /* Content-length as sent, to print it back */
	bool has_length;               /* Content-length was given */
	bool has_hint;                 /* in another spelling, which does not bind */
	bool is_compressed;
	size_t length; /* SIZE_MAX where it is beyond that */
	size_t length_hint;
	struct spamd_inflater inflater;

	uint64_t phase_start_ms;
	uint64_t settle_at_ms; /* 0: not settling */
};

/**
 * Starts an engine; allocates nothing before the first byte. `now_ms` is monotonic, here and
 * below.
 */
void spamd_proto_init(
	struct spamd_proto *p, const struct spamd_limits *limits, uint64_t now_ms);

/** Releases everything; slices handed out are gone. */
void spamd_proto_fini(struct spamd_proto *p);

/** False once the request is complete or refused: what still comes is to be thrown away. */
bool spamd_proto_wants_input(const struct spamd_proto *p);

/**
 * Where to put up to *room_out more bytes of the request, at least one; the announced length is
 * taken into account, so that a message arrives with few reads.
 * @return NULL when memory is out (close the connection) or no input is wanted.
 */
uint8_t *spamd_proto_reserve(struct spamd_proto *p, size_t *room_out);

/** Takes n bytes that were put there. */
NODISCARD enum spamd_status spamd_proto_commit(
	struct spamd_proto *p, size_t n, uint64_t now_ms);

/** The same for bytes that are elsewhere: copies them. All are used. */
NODISCARD enum spamd_status spamd_proto_feed(
	struct spamd_proto *p, struct slice bytes, uint64_t now_ms);

/** The client has closed its sending side. */
NODISCARD enum spamd_status spamd_proto_eof(struct spamd_proto *p, uint64_t now_ms);

/** Goes on after an event. */
NODISCARD enum spamd_status spamd_proto_next(struct spamd_proto *p, uint64_t now_ms);

/** The event of the last SPAMD_EVENT; borrowed until the next call that returns a status. */
const struct spamd_event *spamd_proto_event(const struct spamd_proto *p);

/** The request as far as it is known, for the log. */
const struct spamd_request *spamd_proto_request(const struct spamd_proto *p);

/** When spamd_proto_timeout() wants to be called; false for never. Ask again after each status. */
bool spamd_proto_deadline(const struct spamd_proto *p, uint64_t *at_ms_out);

/** The deadline has passed. Calling it early does no harm. */
NODISCARD enum spamd_status spamd_proto_timeout(struct spamd_proto *p, uint64_t now_ms);

/**
 * Where the body of the reply goes, before spamd_proto_reply_verdict(): rule names joined by
 * commas for SYMBOLS, the report for REPORT, the message for PROCESS and HEADERS; nothing for
 * CHECK. Room for the status line and the headers is kept in front, so that nothing is
 * moved later. Call it once, and only while a request is awaited.
 */
struct dynbuf *spamd_proto_reply_body(struct spamd_proto *p);

/**
 * Ends the body of the reply with bytes of the request's own message (borrowed until fini), which
 * are sent from where they are. At most once, before spamd_proto_reply_verdict().
 */
void spamd_proto_reply_rest(struct spamd_proto *p, struct slice rest);

/**
 * Answers a scanning command from the verdict and the body written before (SPEC 3, 5.1 to 5.6).
 * Out of memory gives no reply, as any internal failure (SPEC 6). This and the other
 * replies end in SPAMD_DONE, and have no effect unless a request is awaited: it may have
 * timed out meanwhile.
 */
void spamd_proto_reply_verdict(struct spamd_proto *p, const struct verdict *verdict);

/** What a TELL did, all false for nothing. */
struct spamd_told {
	bool set_local;
	bool set_remote;
	bool removed_local;
	bool removed_remote;
};

/** Answers a TELL (SPEC 5.7). */
void spamd_proto_reply_tell(struct spamd_proto *p, const struct spamd_told *told);

/** 69 `Service Unavailable: ` text; the event is SPAMD_EVENT_ERROR then, for the log. */
void spamd_proto_reply_unavailable(struct spamd_proto *p, const char *text);

/** Gives up without a reply, as the original after an internal failure. */
void spamd_proto_abandon(struct spamd_proto *p);

/** What is to be sent next, empty when all is; borrowed until fini. */
struct slice spamd_proto_output(const struct spamd_proto *p);

/** What follows that, so that both can be sent with one call. */
struct slice spamd_proto_output_rest(const struct spamd_proto *p);

/** n bytes were sent, of both together. */
void spamd_proto_sent(struct spamd_proto *p, size_t n);

#endif
