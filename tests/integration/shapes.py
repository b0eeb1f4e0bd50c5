"""Messages, users' settings and requests in every shape that a parser may trip over, from a seed.

Left out is what is known to differ, because ours is better or nothing of the kind is known here:
see "Differences from spamd" in docs/OPERATIONS.md.
"""

import random
import zlib

# Rules for both programs; X-Trust-Test asks for them by a word.
RULES = r"""
header   DIFF_SPAM         X-Trust-Test =~ /spam/
describe DIFF_SPAM         Asked for by the message
score    DIFF_SPAM         15
header   DIFF_HAM          X-Trust-Test =~ /ham/
describe DIFF_HAM          Speaks for the message, at such a length that the report has to break it
score    DIFF_HAM          -3.5
header   DIFF_EDGE         X-Trust-Test =~ /edge/
score    DIFF_EDGE         4.96
header   DIFF_TINY         X-Trust-Test =~ /tiny/
describe DIFF_TINY         Rounds to   minus  zero, with blanks between the words that stay there
score    DIFF_TINY         -0.04
header   DIFF_A_RULE_WITH_A_VERY_LONG_NAME X-Trust-Test =~ /long/
describe DIFF_A_RULE_WITH_A_VERY_LONG_NAME Wider than the column, and wordy enough to be wrapped
score    DIFF_A_RULE_WITH_A_VERY_LONG_NAME 1.2345
header   DIFF_FIVE         X-Trust-Test =~ /five/
describe DIFF_FIVE         Exactly the threshold
score    DIFF_FIVE         5
header   DIFF_SUBJECT      Subject =~ /caf\xc3\xa9|free/i
describe DIFF_SUBJECT      Offers something
score    DIFF_SUBJECT      0.5
"""

# Settings for both.
COMMON = """
clear_headers
add_header all Checker-Version SpamAssassin _VERSION_ (_SUBVERSION_) on _HOSTNAME_
add_header spam Flag _YESNOCAPS_
add_header all Level _STARS(*)_
add_header all Status "_YESNO_, score=_SCORE_ required=_REQD_ tests=_TESTS_ autolearn=_AUTOLEARN_"
report_safe 1
report_hostname scanner.example.org
report_contact postmaster@example.org
clear_report_template
report Report from _HOSTNAME_, contact _CONTACTADDRESS_.
report
report " pts rule name              description"
report  ---- ---------------------- --------------------------------------------------
report _SUMMARY_
clear_unsafe_report_template
unsafe_report The attached message is not plain text; open it with care.
use_bayes 0
use_learner 0
"""

TAGS = """
_YESNO_ _YESNO(a,b)_ _YESNO(a)_ _YESNO(,b)_ _YESNO(,)_ _YESNOCAPS_ _YESNOCAPS(yes,no)_ _YESNO()_
_SCORE_ _SCORE(0)_ _SCORE(00)_ _SCORE(x)_ _SCORE(_ _SCORE()_ _HITS_ _HITS(0)_ _REQD_ _TESTS_
_TESTS(;)_ _TESTS()_ _TESTSSCORES_ _TESTSSCORES(;)_ _STARS_ _STARS(*)_ _STARS(ab)_ _VERSION_
_SUBVERSION_ _RULESVERSION_ _HOSTNAME_ _REMOTEHOSTNAME_ _REMOTEHOSTADDR_ _CONTACTADDRESS_ _BAYES_
_AUTOLEARN_ _AUTOLEARNSCORE_ _HEADER(Subject)_ _HEADER(From)_ _HEADER(subject:raw)_ _HEADER(X-No)_
_HEADER()_ _HEADER_ _HEADER(ToCc)_ _SUBTESTS_ _SUBTESTS(;)_
_SUBTESTSCOLLAPSED_ _DKIMDOMAIN_ _HAMMYTOKENS_ _HAMMYTOKENS(2,short)_ _SPAMMYTOKENS(5)_
_TOKENSUMMARY_ _BAYESTC_ _BAYESTCHAMMY_ _BAYESTCSPAMMY_ _BAYESTCLEARNED_ _NOSUCH_ _NOSUCH(x)_ _A_B_
_SCORE_REQD_ __SCORE__ _score_ _Score_ _ __ ___ _SCORE SCORE_ _LANGUAGES_ _RELAYCOUNTRY_ _RBL_
_DCCB_ _DCCR_ _PYZOR_ _ASN_ _URIHOSTS_ _AWL_ _TXREP_ _TESTSCORES_ _ADDEDHEADER_ _SUBJPREFIX_ _1_
_YESNO_X_ _9A_ _A1_
""".split()

# For messages whose addresses are sound: those that are not are read in two ways.
ADDRESS_TAGS = "_HEADER(To:addr)_ _HEADER(From:addr)_ _HEADER(From:name)_".split()

# What stands in a value and is more than a word.
ODDITIES = (
    *(b"gr\xc3\xbc\xc3\x9fe", b"caf\xe9", b"\x00", b"a\x00b", b"\t\ttabs\t", b"x\rmiddle", b""),
    *(b"\\",),
    *(b"=?UTF-8?Q?caf=C3=A9?=", b"=?ISO-8859-1?Q?caf=E9?=", b"=?utf-8?B?Y2Fmw6k=?=", b"(comment)"),
    *(b"=?UTF-8?Q?a?= =?UTF-8?Q?b?=", b"=?x-none?Q?a?=", b"=?UTF-8?X?a?=", b"\x7f", b"\x1b[1m"),
    *(b"y" * 300, b"_SCORE_", b"*****SPAM*****", b"*****SPAM 15.0*****", b"[15.0/5.0]"),
    *(b"\xff\xfe",),
    *(b"\xe2\x82\xac", b"\x0b\x0c", b"a\x0bb", b"\xc2\xa0", b"\xc2\x85", b"%s%n", b"$1", b"\\1"),
)

FIELDS = (
    *(b"From", b"To", b"Subject", b"Subject", b"From", b"Cc", b"Date", b"Message-Id"),
    *(b"Message-ID",),
    *(b"MESSAGE-ID", b"Received", b"X-Mailer", b"List-Id", b"Return-Path", b"Resent-Message-Id"),
    *(b"subject", b"SUBJECT", b"from", b"FROM", b"to", b"Reply-To", b"X-Spam-Flag"),
    *(b"X-Spam-Status",),
    *(b"x-spam-level", b"X-SPAM-REPORT", b"X-Spam", b"X-Spam-", b"X-Spam-Prev-Subject"),
    *(b"X-Spam-Prev",),
    *(b"x-spam-prev-From", b"X-Spam-Foo_Bar", b"X-Spamd-Bar", b"Content-Transfer-Encoding", b"1"),
    *(b"-",),
    *(b"Content-Type", b"Mime-Version", b"Subject ", b"From\t", b"X-Spam-Flag ", b"A!b#c", b"--x"),
)

MESSAGE_IDS = (
    *(b"<1@example.org>", b"<a b@example.org>", b" <1@example.org> (comment)", b"(c) <x,y@b>"),
    *(b"<>",),
    *(b"<1@b> <2@b>", b"1@example.org", b"", b"<caf\xe9@x>", b"<a\tb>", b"<<nested>>", b"<open"),
    *(b"close>", b"<1\n @b>", b"(a (b) c) <z@z>", b'"<q>"@x', b"<a\\b@c>", b"<x@y>z", b"< s@t >"),
    *(b"<" + b"l" * 300 + b"@x>", b"<\x00@n>"),
)

CONTENT_TYPES = (
    *(b"text/plain", b"text/plain; charset=utf-8", b'TEXT/PLAIN; charset="iso-8859-1"'),
    *(b"text/html",),
    *(b"multipart/mixed; boundary=bb", b'multipart/alternative;\n boundary="bb"'),
    *(b"multipart/mixed",),
    *(b"image/png; name=x", b"message/rfc822", b"text", b"", b"application/octet-stream"),
    *(b"x text/plain", b"text/plain-ish", b"multipart/signed; Boundary='bb'"),
)

RECEIVED = (
    b"from mail.example.net (mail.example.net [192.0.2.1]) by mx.example.org (Postfix) with ESMTP "
    b"id ABC for <bob@example.org>; Mon, 1 Jan 2024 12:00:00 +0000 (UTC)",
    b"from x (y [127.0.0.1])\n\tby z with SMTP id 1;\n\tMon, 1 Jan 2024 12:00:00 +0000",
    b"garbage",
)

SPECIAL_VALUES = {
    b"content-type": CONTENT_TYPES,
    b"received": RECEIVED,
    b"message-id": MESSAGE_IDS,
    b"resent-message-id": MESSAGE_IDS,
    b"date": (b"Mon, 1 Jan 2024 12:00:00 +0000",),
}

# What the rules look for.
RULE_WORDS = ("spam", "ham", "edge", "tiny", "long", "five")

# Lines of a header that are no fields, and lines that may end it.
JUNK = (
    *(b"junk line", b"--dashes", b"-", b":", b"a b: c", b"\x00", b">From x", b"caf\xe9: x"),
    *(b"x" * 1200,),
    *(b"\r", b"=?", b"http://x/y", b".", b"--"),
)

MBOX_LINES = (
    *(b"From alice@example.org Mon Jan  1 12:00:00 2024", b"From  x", b"From ", b"From\tx"),
    *(b"From :x",),
    *(b">From alice Mon", b"From x: y", b"from x", b"From alice\r"),
)

PARTS = (
    *([b"<html><body><p>Hello <b>there</b>", b"<!-- c -->&amp; more</p>"],),
    *([b"SGVsbG8gdGhlcmU=", b""],),
    *([b"a =3D b=", b"joined caf=C3=A9"], [b"-- ", b"signature"], [b"caf\xe9 " * 20], [b"a\x00b"]),
    *([b"gr\xc3\xbc\xc3\x9fe " * 30], [b"z" * 2500], [b".", b"..", b"From here", b">From there"]),
)

SHORT_MESSAGES = (
    *(b"", b"\n", b"\r\n", b"\n\n", b"\x00\n", b" \n", b"a:b\n", b"From x\n", b"From x\n\n"),
    *(b"--\n",),
    *(b"a: b\r\n", b"\n\r\n", b"X-Trust-Test: spam\n"),
)

# Settings of users; {t} is a template.
PREFS = (
    *("clear_headers", "add_header all One {t}", "add_header ham Two {t}"),
    *("add_header spam three {t}",),
    *("add_header all Level {t}", "add_header ALL Two {t}", "add_header Spam X-Y {t}"),
    *("add_header x A {t}",),
    *("add_header all With_Under {t}", "add_header all bad! {t}"),
    *("add_header all Checker-Version {t}",),
    *("add_header all Report {t}", "add_header spam Flag {t}"),
    *("add_header all " + "N" * 40 + " {t}",),
    *("remove_header all Status", "remove_header ham Level", "remove_header spam Flag"),
    *("remove_header x A",),
    *("remove_header all Checker-Version", "remove_header all status", "report_safe 0"),
    *("report_safe 1",),
    *("report_safe 2", "report_safe 3", "report_safe yes", "report_safe", "report_safe 0"),
    *("report_safe 2",),
    *("rewrite_header Subject *****SPAM*****", "rewrite_header subject *****SPAM _SCORE_*****"),
    *("rewrite_header SUBJECT [_SCORE_/_REQD_]", "rewrite_header Subject"),
    *("rewrite_header From (x)",),
    *("rewrite_header From _SCORE(0)_", "rewrite_header To a  b", "rewrite_header to grüße"),
    *("rewrite_header Cc x", "rewrite_header From _YESNO(s,h)_ _STARS(*)_"),
    *("rewrite_header To _NOSUCH_",),
    *("fold_headers 0", "fold_headers no", "fold_headers 2", "required_score 1"),
    *("required_score 5.1",),
    *("required_score -2", "required_score 15", "required_score 0", "required_score 1e3"),
    *("required_score x",),
    *("required_score", "required_score +3", "required_score 5.04", "required_score .5"),
    *("required_score 5.",),
    *("clear_report_template", "report text", 'report " quoted "', "report"),
    *("report _YESNO_ _SCORE_",),
    *("report _SUMMARY_", 'report "', 'report ""', "report a # comment", "report a \\# b"),
    *("report é",),
    *('report "open', 'report close"', "report \\n", "clear_unsafe_report_template"),
    *("unsafe_report _SCORE_",),
    *('unsafe_report " x "', "unsafe_report grüße", "unsafe_report"),
    *("report_safe_copy_headers Received",),
    *("report_safe_copy_headers List-Id X-Mailer", "report_safe_copy_headers received,list-id"),
    *("report_safe_copy_headers Subject From", "report_safe_copy_headers X-Spam-Flag Reply-To"),
    *("report_safe_copy_headers a, b; c", "report_wrap_width 60", "report_wrap_width 100"),
    *("score DIFF_HAM 0",),
    *("score DIFF_SPAM 20", "score DIFF_EDGE (1)", "score DIFF_SPAM 1 2", "score DIFF_SPAM x"),
    *("score DIFF_FIVE 5.00001", "describe DIFF_SPAM  a   b", "describe DIFF_HAM"),
    *("describe DIFF_FIVE x\\n y",),
    *("describe DIFF_TINY grüße aus der ferne", "describe DIFF_EDGE " + "long words here " * 9),
    *("lang de describe DIFF_SPAM auf Deutsch", "lang x", "report_contact me", "report_contact"),
    *("report_hostname h.example", "report_hostname"),
)

FILLERS = ("grüße", "\\n", "\\t", "\\\\", "\\q", "x" * 60, "a,b,c", "  ", "€ uro", "word " * 12)

COMMANDS = (
    *(b"CHECK", b"SYMBOLS", b"REPORT", b"REPORT_IFSPAM", b"PROCESS", b"HEADERS", b"PING"),
    *(b"SKIP", b"TELL"),
    *(b"check", b"CHECKX", b"XCHECK", b"REPORT_IFSPAMX", b"FOO", b"", b"REPORT_", b"PING CHECK"),
    *(b"CHECK PING", b"HELO", b"GET /", b"TELL CHECK"),
)

VERSIONS = (
    *(b"1.5", b"1.5", b"1.5", b"1.0", b"1.1", b"1.2", b"1.3", b"1.4", b"1.6", b"0.9", b"2", b""),
    *(b"x",),
    *(b"1.50", b"01.5", b"+1.5", b"-1", b"1e1", b" 1.5", b"1.5 x", b"0x2", b".5", b"1,5"),
    *(b"1.29999",),
    *(b"inf", b"nan", b"1.2999999999999999999", b"\x00"),
)

USERS = (b"nobody", b"a b", b"caf\xe9", b"x\ty", b"\x7f", b"../../etc", b"a,b", b"root", b"u" * 300)

LENGTHS = (b"%d", b"%d", b"%d", b"%d ", b"+%d", b"0%d", b"%d.0", b" %d", b"%dx", b"-%d", b"%d\t")

MORE_FIELDS = (
    *(b"X-Other: y", b"no colon", b"Empty:", b": x", b" folded: yes", b" folded"),
    *(b"A: " + b"z" * 3000,),
    *(b"Message-class: spam", b"Set: local", b"Remove: remote", b"Bin\x00: \x01"),
)


class Shapes:
    """Makes one of each; the same seed makes the same."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.pick = self.random.choice

    def chance(self, share):
        return self.random.random() < share

    def phrase(self, most=8):
        alphabet = "abcdefghijklmnopqrstuvwxyzABC0123456789.,;:-_()<>@=?*\"'"
        lengths = [self.random.randint(1, 14) for _ in range(self.random.randint(1, most))]
        words = ("".join(self.random.choices(alphabet, k=length)) for length in lengths)
        return " ".join(words).encode()

    def value(self):
        parts = [self.phrase()]
        while self.chance(0.35):
            parts.append(self.pick(ODDITIES))
        self.random.shuffle(parts)
        text = b" ".join(parts)
        if self.chance(0.12):
            text = text.replace(b" ", self.pick((b"\n ", b"\n\t", b"\n  ", b" \n ")), 2)
        return text + (self.pick((b"\n ", b"\n\t", b"\n  \n more")) if self.chance(0.03) else b"")

    def field(self):
        name = self.pick(FIELDS)
        kinds = SPECIAL_VALUES.get(name.lower(), ())
        value = self.pick(kinds) if kinds and self.chance(0.8) else self.value()
        colon = self.pick((b": ", b": ", b": ", b":", b":\t", b":  ", b" : ", b":\n "))
        return name + colon + value

    def header(self):
        words = self.random.sample(RULE_WORDS, self.random.randint(0, 3))
        lines = [self.field() for _ in range(self.random.randint(0, 7))]
        lines.append(b"X-Trust-Test: " + " ".join(words).encode())
        self.random.shuffle(lines)
        if self.chance(0.1):
            lines.insert(0, b"Return-Path: <alice@example.org>" + self.pick((b"", b"\n  folded")))
        if self.chance(0.05):
            lines.insert(0, self.pick((b" leading", b"\tleading", b"no colon", b": empty name")))
        for _ in range(self.pick((0,) * 6 + (1, 2, 3, 4, 5))):
            lines.insert(self.random.randint(0, len(lines)), self.pick(JUNK))
        return ([self.pick(MBOX_LINES)] if self.chance(0.06) else []) + lines

    def body(self):
        lines = []
        for _ in range(self.random.randint(0, 4)):
            if self.chance(0.25):
                lines += [b"--bb" + self.pick((b"", b"--", b" "))]
                lines += [b"Content-Type: " + self.pick(CONTENT_TYPES), b""]
            lines += self.pick(PARTS) if self.chance(0.7) else [self.phrase(), self.phrase()]
            lines += [b""] * self.pick((0, 1, 1, 2))
        return lines

    def message(self):
        """With the line ends of one system, or of several."""
        if self.chance(0.04):
            return self.pick(SHORT_MESSAGES)
        lines = self.header()
        has_body = self.chance(0.93)
        if has_body:
            lines += [self.pick((b"",) * 8 + (b" ", b"\t")), *self.body()]
        # A header without its last line end is one of the differences.
        text = b"\n".join(lines) + (b"" if has_body and self.chance(0.1) else b"\n")
        match self.pick(("lf", "lf", "crlf", "mixed", "last", "first")):
            case "crlf":
                return text.replace(b"\n", self.pick((b"\r\n",) * 9 + (b"\r\r\n",)))
            case "mixed":
                *whole, rest = text.split(b"\n")
                return b"".join(line + self.pick((b"\n", b"\r\n")) for line in whole) + rest
            case "last":
                return text.removesuffix(b"\n") + b"\r\n"
            case "first":
                return text.replace(b"\n", b"\r\n", 1)
        return text

    def template(self):
        count = self.random.randint(1, 6)
        parts = [self.pick(TAGS if self.chance(0.7) else FILLERS) for _ in range(count)]
        text = self.pick(("", " ", "_", ",")).join(parts)
        return f'"{text}"' if self.chance(0.2) else text

    def prefs(self):
        lines = [self.pick(PREFS) for _ in range(self.random.randint(0, 9))]
        return "".join(line.replace("{t}", self.template()) + "\n" for line in lines)

    def request(self, user, message):
        """A sound request."""
        seldom = ("CHECK", "SYMBOLS", "REPORT", "REPORT_IFSPAM")
        command = self.pick(seldom + ("PROCESS",) * 4 + ("HEADERS",) * 2)
        version = self.pick(("1.5", "1.5", "1.5", "1.4", "1.3", "1.2"))
        head = (f"{command} SPAMC/{version}", f"User: {user}", f"Content-length: {len(message)}")
        return "\r\n".join((*head, "", "")).encode() + message

    def odd_request(self):
        """Bytes that are nearly a request."""
        message = self.message() if self.chance(0.5) else b"From: a@b\nX-Trust-Test: spam\n\nbody\n"
        blank = self.pick((b" ",) * 5 + (b"  ", b"\t", b""))
        mark = self.pick((b"SPAMC/",) * 5 + (b"spamc/", b"SPAMC"))
        line = self.pick(COMMANDS) + blank + mark + self.pick(VERSIONS)
        fields, message = self.odd_fields(message)
        end = self.pick((b"\r\n",) * 6 + (b"\n",))
        wire = line + self.pick((b"\r\n", b"\r\n", b"\n", b"\r\r\n"))
        wire += b"".join(field + end for field in fields)
        wire += self.pick((b"\r\n",) * 6 + (b"\n", b"", b" \r\n")) + message
        if self.chance(0.1):
            wire += self.pick((b"\r\n", b"more bytes\n", b"CHECK SPAMC/1.5\r\n\r\n", b"\x00"))
        return wire[: self.random.randint(0, len(wire))] if self.chance(0.05) else wire

    def odd_fields(self, message):
        """(fields, body) of an odd request."""
        fields = []
        if self.chance(0.15):
            kinds = (b"zlib", b"ZLIB", b"x-zlib-x", b"gzip", b"", b"zlib ")
            fields.append(b"Compress: " + self.pick(kinds))
            message = zlib.compress(message)
            if self.chance(0.2):
                message = self.pick((message[:-3], message + b"junk", b"", b"x" + message))
        if self.chance(0.8):
            length = max(0, len(message) + self.pick((0, 0, 0, 0, 1, -1, -5, 100)))
            wrong = (b"Content-Length", b"content-length", b"Content-length ")
            name = self.pick((b"Content-length",) * 4 + wrong)
            colon = self.pick((b": ", b": ", b":", b":\t"))
            fields.append(name + colon + self.pick(LENGTHS) % length)
        if self.chance(0.6):
            fields.append(b"User: " + self.pick(USERS))
        while self.chance(0.3):
            fields.append(self.pick(MORE_FIELDS))
        self.random.shuffle(fields)
        return fields, message
