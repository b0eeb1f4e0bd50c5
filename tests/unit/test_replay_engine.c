/* Small histories with their answers, worked out by hand from METRIC. */
#include <criterion/criterion.h>

#include <stdio.h>

#include "common/replay/replay.h"

#define DAY 86400

static const struct replay_scores scores = {
	.well = -100.0,
	.direct = -6.0,
	.direct_weak = -3.0,
	.reported = 3.0,
};

/* run - answers to a history; the error, if any, in msg */
static char *
run(const char *history, struct err_msg *msg)
{
	static char out[4096];
	struct metric_config config = metric_config_default();
	struct replay *r = NULL;
	struct dynbuf answers;
	struct slice rest = slice_str(history);
	int rc = 0;

	cr_assert_eq(replay_new(&config, &scores, &r), 0);
	dynbuf_init(&answers, sizeof(out));
	msg->code = 0;
	while (rc == 0 && rest.len > 0) {
		size_t end = slice_find_byte(rest, '\n');

		rc = replay_line(r, slice_take(rest, end), &answers, msg);
		rest = slice_skip(rest, end + 1);
	}
	(void)snprintf(out, sizeof(out), "%s", dynbuf_cstr(&answers));
	dynbuf_fini(&answers);
	replay_free(r);
	return out;
}

static const struct {
	const char *label;
	const char *history;
	const char *answers;
} histories[] = {
	{"own edges by level",
		"A\t0\tr\ta\t1\nA\t0\tr\tb\t2\nA\t0\tr\tc\t3\n"
		"Q\t5\tr\ta\t1\nQ\t5\tr\tb\t2\nQ\t5\tr\tc\t3\nQ\t5\tr\td\t4\n",
		"1\tknown\t-3.000\n2\tknown\t-6.000\n3\ttrusted\t-100.000\n4\tunknown\t0.000\n"},
	{"two ordinary friends of ordinary word",
		"A\t0\tr\tf\t2\nA\t0\tr\tg\t2\nA\t0\tf\ts\t2\nA\t0\tg\ts\t2\nQ\t9\tr\ts\tx\n",
		"x\tknown\t-5.547\n"},
	{"one friend brings one stranger a month, and asking again is free",
		"A\t0\tr\tf\t2\nA\t0\tf\ts\t2\nA\t0\tf\tt\t2\nQ\t100\tr\ts\t1\n"
		"Q\t100\tr\tt\t2\nQ\t200\tr\ts\t3\nQ\t2592099\tr\tt\t4\nQ\t2592100\tr\tt\t5\n",
		"1\tknown\t-3.744\n2\tunknown\t0.000\n3\tknown\t-3.744\n"
		"4\tunknown\t0.000\n5\tknown\t-3.744\n"},
	{"a single helper is not enough, two with middlemen of their own are",
		"A\t0\tr\tf\t3\nA\t0\tr\tg\t3\nA\t0\tf\tm\t3\nA\t0\tm\ts\t3\nQ\t1\tr\ts\t1\n"
		"A\t1\tg\tm\t3\nQ\t2\tr\ts\t2\nA\t2\tg\tn\t3\nA\t2\tn\ts\t3\nQ\t3\tr\ts\t3\n",
		"1\tunknown\t0.000\n2\tunknown\t0.000\n3\tknown\t-5.695\n"},
	{"through one middleman goes half an introduction a month",
		"A\t0\tr\tf\t3\nA\t0\tr\tg\t3\nA\t0\tr\th\t3\nA\t0\tr\ti\t3\nA\t0\tf\tm\t3\n"
		"A\t0\th\tm\t3\nA\t0\tg\tn\t3\nA\t0\ti\to\t3\nA\t0\tm\ts\t3\nA\t0\tn\ts\t3\n"
		"A\t0\tm\tt\t3\nA\t0\to\tt\t3\nQ\t1\tr\ts\t1\nQ\t1\tr\tt\t2\nQ\t2592001\tr\tt\t3\n",
		"1\tknown\t-5.695\n2\tunknown\t0.000\n3\tknown\t-5.695\n"},
	{"a report makes unknown, ham takes it back",
		"A\t0\tr\ts\t3\nQ\t1\tr\ts\t1\nR\t2\tr\ts\tspam\nQ\t2\tr\ts\t2\n"
		"R\t3\tr\ts\tspam\nR\t4\tr\ts\tham\nQ\t4\tr\ts\t3\nR\t5\tr\ts\tham\n"
		"R\t5\tr\ts\tham\nQ\t5\tr\ts\t4\n",
		"1\ttrusted\t-100.000\n2\tunknown\t3.000\n3\tunknown\t3.000\n"
		"4\ttrusted\t-100.000\n"},
	{"withdrawing ends a vouch, not what was paid",
		"A\t0\tr\tf\t2\nA\t0\tf\ts\t2\nQ\t1\tr\ts\t1\nA\t2\tf\ts\t0\nQ\t3\tr\ts\t2\n"
		"Q\t31536002\tr\ts\t3\nQ\t63072003\tr\ts\t4\n",
		"1\tknown\t-3.744\n2\tknown\t-3.744\n3\tknown\t-3.744\n4\tunknown\t0.000\n"},
	{"a voucher beyond the limit pays with the others; who has less pays all",
		"A\t0\tr\tf\t2\nA\t0\tr\tg\t2\nA\t0\tf\ts\t2\nA\t0\tf\tt\t2\nA\t0\tg\tt\t2\n"
		"A\t0\tf\tu\t2\nA\t0\tg\tu\t2\nQ\t1\tr\tt\t1\nQ\t1\tr\ts\t2\nQ\t1\tr\tu\t3\n"
		"Q\t2\tr\ts\t4\n",
		"1\tknown\t-5.547\n2\tunknown\t0.000\n3\tknown\t-5.547\n4\tunknown\t0.000\n"},
	{"nobody introduces himself, and mail to oneself is unknown",
		"A\t0\tr\tf\t3\nA\t0\tf\tr\t3\nA\t0\ts\ts\t3\nA\t0\tr\tr\t3\n"
		"Q\t1\tr\tr\t1\nQ\t1\tr\ts\t2\n",
		"1\tunknown\t0.000\n2\tunknown\t0.000\n"},
	{"warnings of friends raise the price and forbid",
		"A\t0\tr\tf\t2\nA\t0\tr\tg\t2\nA\t0\tr\tv\t2\nA\t0\tr\tw\t2\nA\t0\tv\ts\t2\n"
		"A\t0\tw\ts\t2\nA\t0\tv\tt\t2\nR\t1\tf\ts\tspam\nR\t1\tf\tt\tspam\nQ\t2\tr\tt\t1\n"
		"Q\t2\tr\ts\t2\nR\t3\tg\tt\tspam\nQ\t4\tr\tt\t3\nR\t5\tg\tt\tham\nQ\t5\tr\tt\t4\n"
		"Q\t15552001\tr\tt\t5\n",
		"1\tunknown\t0.000\n2\tknown\t-5.547\n3\tunknown\t0.000\n4\tunknown\t0.000\n"
		"5\tknown\t-3.744\n"},
};

Test(replay, answers_histories)
{
	for (size_t i = 0; i < ARRAY_LEN(histories); i++) {
		struct err_msg msg;
		const char *answers = run(histories[i].history, &msg);

		cr_expect_eq(msg.code, 0, "%s: %s", histories[i].label, msg.text);
		cr_expect_str_eq(answers, histories[i].answers, "%s", histories[i].label);
	}
}

static const struct {
	const char *label;
	const char *history;
	int code;
	size_t line;
} faults[] = {
	{"empty line", "A\t0\ta\tb\t1\n\nQ\t1\ta\tb\t1\n", ERR_INVALID, 2},
	{"four fields", "A\t0\ta\tb\n", ERR_INVALID, 1},
	{"six fields", "A\t0\ta\tb\t1\t\n", ERR_INVALID, 1},
	{"blanks for TAB", "A 0 a b 1\n", ERR_INVALID, 1},
	{"unknown letter", "B\t0\ta\tb\t1\n", ERR_INVALID, 1},
	{"small letter", "a\t0\ta\tb\t1\n", ERR_INVALID, 1},
	{"level 4", "A\t0\ta\tb\t4\n", ERR_INVALID, 1},
	{"level with CR", "A\t0\ta\tb\t1\r\n", ERR_INVALID, 1},
	{"no level", "A\t0\ta\tb\t\n", ERR_INVALID, 1},
	{"negative time", "A\t-1\ta\tb\t1\n", ERR_INVALID, 1},
	{"time with fraction", "A\t1.5\ta\tb\t1\n", ERR_INVALID, 1},
	{"time beyond all bounds", "A\t18446744073709551615\ta\tb\t1\n", ERR_INVALID, 1},
	{"time goes back", "A\t5\ta\tb\t1\nQ\t4\ta\tb\t1\n", ERR_INVALID, 2},
	{"no issuer", "A\t0\t\tb\t1\n", ERR_INVALID, 1},
	{"no sender", "Q\t0\ta\t\t1\n", ERR_INVALID, 1},
	{"no id", "Q\t0\ta\tb\t\n", ERR_INVALID, 1},
	{"neither spam nor ham", "R\t0\ta\tb\tSPAM\n", ERR_INVALID, 1},
};

Test(replay, refuses_malformed_lines_with_their_number)
{
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		struct err_msg msg;

		(void)run(faults[i].history, &msg);
		cr_expect_eq(msg.code, faults[i].code, "%s: %d", faults[i].label, msg.code);
		cr_expect_eq(msg.offset, faults[i].line, "%s: line %zu", faults[i].label,
			msg.offset);
		cr_expect_not_null(
			strstr(msg.text, "line "), "%s: %s", faults[i].label, msg.text);
	}
}

Test(replay, takes_long_identifiers_and_refuses_huge_ones)
{
	static char history[3 * REPLAY_NAME_MAX];
	char name[REPLAY_NAME_MAX + 2];
	struct err_msg msg;

	memset(name, 'x', sizeof(name));
	name[REPLAY_NAME_MAX] = '\0';
	(void)snprintf(
		history, sizeof(history), "A\t0\tr\t%s\t2\nQ\t1\tr\t%s\t1\n", name, name);
	cr_assert_str_eq(run(history, &msg), "1\tknown\t-6.000\n");
	cr_assert_eq(msg.code, 0);
	name[REPLAY_NAME_MAX] = 'x';
	name[REPLAY_NAME_MAX + 1] = '\0';
	(void)snprintf(history, sizeof(history), "A\t0\tr\t%s\t2\n", name);
	(void)run(history, &msg);
	cr_assert_eq(msg.code, ERR_TOOBIG);
}
