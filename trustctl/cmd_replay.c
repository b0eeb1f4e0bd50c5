/*
 * cmd_replay.c - the glue of `trustctl replay`: bytes from standard input into lines, answers out.
 *
 * Answers are written when no whole line is left to answer, that is before every read, so whoever
 * waits for an answer before he sends the next line gets it, and a pipe that is full is
 * answered at full speed.
 */
#include <errno.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/conf/settings.h"
#include "common/replay/replay.h"
#include "trustctl/cmd.h"
#include "trustctl/cmd_forecast.h"

/* Much more than the longest line, so that a read is worth its while. */
#define INPUT_BYTES ((size_t)256 * 1024)

/* Answers that gather before they are written, whatever else is to read. */
#define ANSWERS_BYTES ((size_t)64 * 1024)

struct pipe_state {
	struct replay *replay;
	struct dynbuf answers;
	uint8_t *input;
	size_t used;
	struct err_msg msg;
};

static int
write_answers(struct pipe_state *p)
{
	struct slice rest = dynbuf_slice(&p->answers);

	while (rest.len > 0) {
		ssize_t n = write(STDOUT_FILENO, rest.data, rest.len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return err_set_errno(&p->msg, "standard output");
		}
		rest = slice_skip(rest, (size_t)n);
	}
	dynbuf_reset(&p->answers);
	return 0;
}

/* run_lines - all whole lines of the buffer; what is left moves to its start */
static int
run_lines(struct pipe_state *p)
{
	struct slice rest = slice_of(p->input, p->used);
	int rc = 0;

	while (rc == 0 && rest.len > 0) {
		size_t end = slice_find_byte(rest, '\n');

		if (end == rest.len) {
			break;
		}
		rc = replay_line(p->replay, slice_take(rest, end), &p->answers, &p->msg);
		rest = slice_skip(rest, end + 1);
		if (rc == 0 && p->answers.len >= ANSWERS_BYTES) {
			rc = write_answers(p);
		}
	}
	memmove(p->input, rest.data, rest.len);
	p->used = rest.len;
	return rc;
}

static int
read_more(struct pipe_state *p, bool *end)
{
	ssize_t n = 0;

	if (p->used > REPLAY_LINE_MAX) {
		/* The engine refuses it with the number of the line. */
		return replay_line(
			p->replay, slice_of(p->input, p->used), &p->answers, &p->msg);
	}
	do {
		n = read(STDIN_FILENO, p->input + p->used, INPUT_BYTES - p->used);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		return err_set_errno(&p->msg, "standard input");
	}
	p->used += (size_t)n;
	*end = n == 0;
	return 0;
}

static int
run(struct pipe_state *p)
{
	bool end = false;
	int rc = 0;

	while (rc == 0 && !end) {
		rc = read_more(p, &end);
		if (rc == 0) {
			rc = run_lines(p);
		}
		if (rc == 0) {
			rc = write_answers(p);
		}
	}
	/* A last line without LF is a line; what was cut off shows as a missing field. */
	if (rc == 0 && p->used > 0) {
		rc = replay_line(p->replay, slice_of(p->input, p->used), &p->answers, &p->msg);
	}
	if (write_answers(p) != 0 && rc == 0) {
		rc = p->msg.code;
	}
	return rc;
}

static double
score(const struct settings *settings, struct slice rule)
{
	double value = 0.0;

	(void)settings_score(settings, rule, &value);
	return value;
}

static int
make_replay(struct replay **out)
{
	struct metric_config config = metric_config_default();
	struct settings *settings = NULL;
	struct replay_scores scores;

	if (settings_new(&settings) != 0) {
		return ERR_NOMEM;
	}
	scores = (struct replay_scores){
		.well = score(settings, SLICE("TRUST_WELL")),
		.direct = score(settings, SLICE("TRUST_DIRECT")),
		.direct_weak = score(settings, SLICE("TRUST_DIRECT_WEAK")),
		.reported = score(settings, SLICE("TRUST_REPORTED")),
		.unknown = score(settings, SLICE("TRUST_UNKNOWN")),
	};
	settings_free(settings);
	return replay_new(&config, &scores, out);
}

/* replay_events - standard input to standard output */
static int
replay_events(struct ctl *ctl)
{
	struct pipe_state p = {.input = malloc(INPUT_BYTES)};
	int rc = p.input == NULL ? ERR_NOMEM : make_replay(&p.replay);

	dynbuf_init(&p.answers, 2 * ANSWERS_BYTES);
	if (rc == 0) {
		rc = run(&p);
	} else {
		(void)err_set(&p.msg, rc, "%s", err_text(rc));
	}
	replay_free(p.replay);
	dynbuf_fini(&p.answers);
	free(p.input);
	return rc == 0 ? EX_OK : command_fail_msg(ctl, &p.msg);
}

int
cmd_replay(struct ctl *ctl)
{
	bool forecasts = options_has(ctl->options, OPTION_MAIL_LOG) ||
			 options_has(ctl->options, OPTION_MAILDIR);

	return forecasts ? cmd_forecast(ctl) : replay_events(ctl);
}
