/* Tags, line breaking, header text, reports and previews: the texts around a verdict. */
#include <criterion/criterion.h>

#include "common/conf/settings.h"
#include "spamd-trust/header_text.h"
#include "spamd-trust/preview.h"
#include "spamd-trust/report.h"
#include "spamd-trust/text_wrap.h"

static struct dynbuf out;
static struct arena arena;
static struct settings *settings;
static struct verdict verdict;
static struct presentation p;

static void
setup(void)
{
	dynbuf_init(&out, 1 << 20);
	arena_init(&arena, 1 << 24);
	cr_assert_eq(settings_new(&settings), 0);
	verdict_init(&verdict, 5.0, &arena);
	p = (struct presentation){
		.settings = settings,
		.verdict = &verdict,
		.message = SLICE("Subject: one\r\n two\r\nTo: bob@example.org\r\n\r\nbody\r\n"),
		.hostname = SLICE("mx.example.org"),
		.now_s = 1795434970,
		.arena = &arena,
	};
}

static void
teardown(void)
{
	dynbuf_fini(&out);
	arena_fini(&arena);
	settings_free(settings);
}

TestSuite(spamd_text, .init = setup, .fini = teardown);

static void
hit(const char *name, double score, const char *describe)
{
	struct rule_hit rule = {
		.name = slice_str(name), .score = score, .describe = slice_str(describe)};

	cr_assert_eq(verdict_add(&verdict, &rule), 0);
	verdict_finish(&verdict);
}

static const char *
expanded(const char *text)
{
	dynbuf_reset(&out);
	template_expand(&p, slice_str(text), &out);
	return dynbuf_cstr(&out);
}

static const struct {
	const char *text;
	const char *ham;  /* no rule hit */
	const char *spam; /* B 12.5 and A 3.25 hit */
} tags[] = {
	{"_YESNO_ _YESNOCAPS_", "No NO", "Yes YES"},
	{"_YESNO(a,b)_|_YESNO(a)_|_YESNO(,b)_|_YESNO()_", "b|No|b|No", "a|a||Yes"},
	{"_YESNOCAPS(aye,nay)_", "NAY", "AYE"},
	{"_SCORE_/_REQD_ _HITS_", "0.0/5.0 0.0", "15.8/5.0 15.8"},
	{"_SCORE(0)_ _SCORE(00)_ _SCORE(  )_ _SCORE(0 )_", "00.0 000.0   0.0 0.0",
		"15.8 015.8  15.8 15.8"},
	{"_TESTS_ _TESTS(;)_", "none none", "A,B A;B"},
	{"_TESTSSCORES_", "none", "A=3.25,B=12.5"},
	{"[_STARS(*)_] [_STARS(ab)_]", "[] []",
		"[***************] [ababababababababababababababab]"},
	{"_VERSION_ _SUBVERSION_", "4.0.1 2024-03-25", "4.0.1 2024-03-25"},
	{"_HOSTNAME_ _REMOTEHOSTNAME_ _REMOTEHOSTADDR_", "mx.example.org localhost 127.0.0.1",
		"mx.example.org localhost 127.0.0.1"},
	{"_AUTOLEARNSCORE_", "0", "15.75"},
	{"_AUTOLEARN_ _BAYES_ _SUBTESTS_", "disabled 0.5 none", "disabled 0.5 none"},
	{"_DATE_", "Mon, 23 Nov 2026 11:56:10 +0000", "Mon, 23 Nov 2026 11:56:10 +0000"},
	{"_HEADER(subject)_|_HEADER(Cc)_", "one two\n|", "one two\n|"},
	{"_HEADER(Subject:raw)_|_HEADER(To:addr)_|_HEADER(x y)_|_HEADER()_",
		" one\n two\n|bob@example.org||", " one\n two\n|bob@example.org||"},
	{"[_DKIMDOMAIN_] [_LASTEXTERNALIP_]", "[] []", "[] []"},
	{"[_TRUSTTIER_] [_TRUSTPATH_]", "[] []", "[] []"},
	{"_NOSUCH_ _A_B_ _SCORE_REQD_ _score_", "_NOSUCH_ _A_B_ _SCORE_REQD_ _score_",
		"_NOSUCH_ _A_B_ _SCORE_REQD_ _score_"},
	{"__REQD__ _REQD_X _REQD__REQD_", "_5.0_ 5.0X 5.05.0", "_5.0_ 5.0X 5.05.0"},
	{"_ _X _REQD _YESNO( _YESNO(a\n)_ _1_ _", "_ _X _REQD _YESNO( _YESNO(a\n)_ _1_ _",
		"_ _X _REQD _YESNO( _YESNO(a\n)_ _1_ _"},
};

Test(spamd_text, tags_are_replaced_and_all_else_stays)
{
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		cr_expect_str_eq(expanded(tags[i].text), tags[i].ham, "%s", tags[i].text);
	}
	hit("B", 12.5, "");
	hit("A", 3.25, "");
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		cr_expect_str_eq(expanded(tags[i].text), tags[i].spam, "%s", tags[i].text);
	}
}

Test(spamd_text, trust_tags_speak_of_trust)
{
	verdict.has_trust = true;
	verdict.tier = TIER_WELL_TRUSTED;
	verdict.evidence = EVIDENCE_DKIM;
	verdict.path = SLICE("bob");
	cr_assert_str_eq(
		expanded("_TRUSTTIER_ _TRUSTEVIDENCE_ _TRUSTPATH_"), "well-trusted E3 bob");
	verdict.evidence_text = SLICE("E3 dkim=pass");
	cr_assert_str_eq(expanded("_TRUSTEVIDENCE_"), "E3 dkim=pass");
}

Test(spamd_text, stars_end_at_fifty)
{
	hit("X", 1000, "");
	cr_assert_eq(strlen(expanded("_STARS(*)_")), 50);
}

#define W10 "aaaaaaaaaa"

static const struct {
	const char *label;
	struct text_wrap wrap;
	const char *in;
	const char *out;
} wraps[] = {
	{"fits", {.start = 0, .width = 10}, "aaa bbb", "aaa bbb"},
	{"breaks before the word", {.start = 0, .width = 6}, "aaa bbb", "aaa\nbbb"},
	{"a blank that does not fit starts the line", {.start = 0, .width = 3}, "aaa bbb",
		"aaa\n\nbbb"},
	{"first word whatever its length", {.start = 5, .width = 6}, W10 " b", W10 "\n b"},
	{"overflowing", {.start = 0, .width = 3, .overflows = true}, "aa bb cc", "aa bb\n cc"},
	{"pieces end at blanks and commas",
		{.start = 0, .width = 4, .elements = TEXT_WRAP_PIECES}, "a,b,c,d e f",
		"a,b,\nc,d\ne f"},
	{"a tab counts eight", {.start = 0, .width = 10}, "aa\tbb", "aa\nbb"},
	{"nothing", {.start = 0, .width = 4}, "", ""},
};

Test(spamd_text, lines_break_as_in_the_original)
{
	for (size_t i = 0; i < sizeof(wraps) / sizeof(wraps[0]); i++) {
		dynbuf_reset(&out);
		text_wrap_add(&out, &wraps[i].wrap, slice_str(wraps[i].in));
		cr_expect_str_eq(dynbuf_cstr(&out), wraps[i].out, "%s", wraps[i].label);
	}
}

static const struct {
	const char *label;
	const char *in;
	const char *out;
} words[] = {
	{"ascii", "Yes, score=1\n\tand =?more", "Yes, score=1\n\tand =?more"},
	{"one word, Q", "gr\xc3\xbcn und gut", "=?UTF-8?Q?gr=C3=BCn?= und gut"},
	{"from the first to the last", "a \xc3\xbc b_c d\xc3\xbc e",
		"a =?UTF-8?B?w7wgYl9jIGTDvA==?= e"},
	{"many foreign bytes, B", "\xc3\xbc\xc3\xbc\xc3\xbc", "=?UTF-8?B?w7zDvMO8?="},
	{"each line for itself", "x\n\t* \xc3\xa4pfel sind gesund\n\ty",
		"x\n\t* =?UTF-8?Q?=C3=A4pfel?= sind gesund\n\ty"},
	{"NUL and CR never get out", "abcdefgh\rijklmnop", "=?UTF-8?Q?abcdefgh=0Dijklmnop?="},
	{"nothing", "", ""},
};

Test(spamd_text, foreign_bytes_in_headers_are_encoded)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		dynbuf_reset(&out);
		header_text_encode(&out, slice_str(words[i].in));
		cr_expect_str_eq(dynbuf_cstr(&out), words[i].out, "%s", words[i].label);
	}
}

static const struct {
	const char *label;
	const char *in;
	const char *folded;
	const char *flat;
} folds[] = {
	{"short", "No, score=0.0", "No, score=0.0", "No, score=0.0"},
	{"lines", "\n* a  \n   * b", "\n\t* a\n\t* b", " * a      * b"},
	{"long",
		"No, score=-3.5 required=5.0 tests=TRUST_KNOWN autolearn=disabled version=4.0.1",
		"No, score=-3.5 required=5.0 tests=TRUST_KNOWN\n\tautolearn=disabled version=4.0.1",
		"No, score=-3.5 required=5.0 tests=TRUST_KNOWN autolearn=disabled version=4.0.1"},
	{"a row of blanks makes no empty line",
		"a                                                                            "
		"                                                                             b",
		"a\n\t b",
		"a                                                                            "
		"                                                                             b"},
};

Test(spamd_text, header_values_fold)
{
	for (size_t i = 0; i < sizeof(folds) / sizeof(folds[0]) - 1; i++) {
		dynbuf_reset(&out);
		header_text_fold(&out, slice_str(folds[i].in), strlen("X-Spam-Status: "));
		cr_expect_str_eq(dynbuf_cstr(&out), folds[i].folded, "%s", folds[i].label);
		dynbuf_reset(&out);
		header_text_flat(&out, slice_str(folds[i].in));
		cr_expect_str_eq(dynbuf_cstr(&out), folds[i].flat, "%s", folds[i].label);
	}
}

Test(spamd_text, no_folded_line_is_empty)
{
	struct slice rest = {0};

	dynbuf_reset(&out);
	header_text_fold(&out, slice_str(folds[3].in), 15);
	rest = dynbuf_slice(&out);
	while (rest.len > 0) {
		size_t end = slice_find_byte(rest, '\n');

		cr_assert_gt(slice_trim(slice_take(rest, end)).len, 0, "%s", dynbuf_cstr(&out));
		rest = slice_skip(rest, end + 1);
	}
}

Test(spamd_text, the_table_has_names_points_and_hanging_descriptions)
{
	hit("TRUST_KNOWN", -3.5, "Sender vouched for by three anchors");
	hit("TRUST_NODESC", -12.5, "");
	hit("TRUST_A_RULE_WITH_A_VERY_LONG_NAME", 0.5,
		"A description that is long enough to be wrapped over two lines or more");
	report_write_summary(&p, &out);
	cr_assert_str_eq(dynbuf_cstr(&out),
		"-3.5 TRUST_KNOWN            Sender vouched for by three anchors\n"
		" -12 TRUST_NODESC           No description available.\n"
		" 0.5 TRUST_A_RULE_WITH_A_VERY_LONG_NAME A description that is long enough\n"
		"                            to be wrapped over two lines or more\n");
}

Test(spamd_text, evidence_has_lines_of_its_own)
{
	struct slice evidence[] = {SLICE("one"),
		SLICE("a text of more than thirty characters, and then some more of it")};
	struct rule_hit rule = {.name = SLICE("TRUST_FOF"),
		.score = -4,
		.area = SLICE("BODY: "),
		.describe = SLICE("Known by introduction"),
		.evidence = evidence,
		.evidence_count = 2};

	cr_assert_eq(verdict_add(&verdict, &rule), 0);
	report_write_summary(&p, &out);
	cr_assert_str_eq(dynbuf_cstr(&out),
		"-4.0 TRUST_FOF              BODY: Known by introduction\n"
		"                            [one]\n"
		"                            [a text of more than thirty characters, and then]\n"
		"                            [some more of it]\n");
	dynbuf_reset(&out);
	report_write_header_rows(&p, &out);
	cr_assert_str_eq(dynbuf_cstr(&out),
		"\n* -4.0 TRUST_FOF BODY: Known by introduction\n"
		"*      [one]\n[a text of more than thirty characters, and then]\n"
		"[some more of it]\n");
}

Test(spamd_text, a_name_as_wide_as_the_line_leaves_the_prefix_in_the_row)
{
	hit("TRUST_NAME_OF_MORE_THAN_SEVENTY_FIVE_COLUMNS_NAME_OF_MORE_THAN_SEVENTY_FIVE_COLUMNS",
		6.5, "Text");
	report_write_header_rows(&p, &out);
	cr_assert_str_eq(dynbuf_cstr(&out),
		"\n*  6.5 TRUST_NAME_OF_MORE_THAN_SEVENTY_FIVE_COLUMNS_NAME_OF_MORE_THAN_SEVENTY_"
		"FIVE_COLUMNS *      Text\n");
}

Test(spamd_text, a_report_ends_in_two_line_ends)
{
	struct slice lines[] = {SLICE("Verdict: _YESNO_"), SLICE(""), SLICE("")};

	settings->report_template = (struct strlist){.items = lines, .count = 3};
	report_write(&p, &out);
	cr_assert_str_eq(dynbuf_cstr(&out), "Verdict: No\n\n");
	settings->report_template.count = 0;
	dynbuf_reset(&out);
	report_write(&p, &out);
	cr_assert_str_eq(dynbuf_cstr(&out), "(no report template found)\n\n");
}

static const struct {
	const char *label;
	const char *message;
	const char *preview;
} previews[] = {
	{"three paragraphs", "A: b\n\nHello,\n\nplease\nfind  it.\n\n-- \nBob\n\nmore\n",
		"Hello, please find it. -- Bob "},
	{"none", "A: b\n\n", ""},
	{"ornaments go", "A: b\n\nx **********--- y\n", "x y "},
	{"html without tags", "Content-Type: text/html\n\n<p>Hi <b>bob</b></p>\n", "Hi bob "},
	{"hidden html",
		"Content-Type: text/html\n\n<style>p {}</style>a<!-- <b> -->b<p>c &lt; d\n",
		"ab c < d "},
	{"base64", "Content-Transfer-Encoding: BASE64\n\nSGk=\n", "Hi "},
	{"quoted-printable", "Content-Transfer-Encoding: quoted-printable\n\na=3Db =\n c\n",
		"a=b c "},
	{"raw latin 1", "\ncaf\xe9\n", "caf\xc3\xa9 "},
	{"bytes that Windows-1252 does not have", "\nx\x81\x8d\x8f\x90\x9d!\xe9\n",
		"x\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd!\xc3\xa9 "},
	{"blanks of Unicode",
		"\na\xc2\xa0"
		"b\xe3\x80\x80\xe2\x80\x83"
		"c\xe2\x80\x8a\xc2\x85"
		"d\xe1\x9a\x80\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\x9f"
		"e\n\xc2\xa0\nf\n",
		"a b c d e f "},
	{"no blanks of Unicode",
		"\na\xe2\x80\x8b"
		"b\xe2\x80\x8c"
		"c\xc2\xa1\xe2\x80\n",
		"a\xc3\xa2\xe2\x82\xac\xe2\x80\xb9"
		"b\xc3\xa2\xe2\x82\xac\xc5\x92"
		"c\xc3\x82\xc2\xa1\xc3\xa2\xe2\x82\xac "},
	{"no blanks of Unicode, in UTF-8",
		"\na\xe2\x80\x8b"
		"b\xe2\x80\x8c"
		"c\xc2\xa1\n",
		"a\xe2\x80\x8b"
		"b\xe2\x80\x8c"
		"c\xc2\xa1 "},
	{"text behind an image",
		"Content-Type: multipart/mixed; boundary=\"x y\"\n\nno\n--x y\nContent-Type: image/png\n\nno\n"
		"--x y\n\nyes\n--x y--\nno\n",
		"yes "},
	{"text in parts of parts",
		"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative;"
		" boundary=b\n\n--b\n\none\n--b--\n--a\nContent-Type: text/html\n\n<p>two\n--a--\n",
		"one two "},
	{"no text", "Content-Type: image/png\n\nxx\n", ""},
	{"first part",
		"Content-Type: multipart/mixed; boundary=x\n\npreamble\n--x\nA: b\n\nHi\n\n--x--\n",
		"Hi "},
	{"wraps after 75 columns",
		"A: b\n\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb cccccccccc d\n",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n   cccccccccc d "},
};

Test(spamd_text, previews_show_the_first_words)
{
	for (size_t i = 0; i < sizeof(previews) / sizeof(previews[0]); i++) {
		dynbuf_reset(&out);
		preview_write(slice_str(previews[i].message), &out);
		cr_expect_str_eq(dynbuf_cstr(&out), previews[i].preview, "%s: [%s]",
			previews[i].label, dynbuf_cstr(&out));
	}
}

Test(spamd_text, a_long_paragraph_is_cut)
{
	struct dynbuf message;

	dynbuf_init(&message, 4096);
	dynbuf_add_str(&message, "A: b\n\n");
	for (int i = 0; i < 300; i++) {
		dynbuf_add_byte(&message, 'x');
	}
	preview_write(dynbuf_slice(&message), &out);
	cr_assert(slice_ends_with(dynbuf_slice(&out), SLICE("x [...] ")) ||
			  slice_ends_with(dynbuf_slice(&out), SLICE("x\n   [...] ")),
		"%s", dynbuf_cstr(&out));
	dynbuf_fini(&message);
}
