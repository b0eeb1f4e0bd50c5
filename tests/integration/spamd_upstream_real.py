#!/usr/bin/env python3
"""Debian's real spamd as the chained scorer: verdicts, its own fields, reports, TLS."""

import concurrent.futures
import email
import pathlib
import socket
import unittest

import harness
from certificates import make_certificate
from harness import HAM, read_all, request
from scorers import REAL_SPAMD, RealSpamd, UpstreamTest

@unittest.skipUnless(
    pathlib.Path(REAL_SPAMD).exists(), f"{REAL_SPAMD} is missing: scripts/deps test"
)
class RealTest(UpstreamTest):
    def begin(self, *options, ours=(), config="", theirs="", **kwargs):
        """The real one behind a daemon of ours; `ours` are options, `theirs` its configuration."""
        directory = self.dir / f"real{len(self.daemons)}"
        directory.mkdir()
        self.real = RealSpamd(directory, *options, config=theirs, **kwargs)
        self.addCleanup(self.real.stop)
        return self.daemon(
            *("-x", *ours),
            config=f"upstream {self.real.address}\nupstream_timeout 60\n{config}",
            store=self.make_store() if "--allow-tell" in ours else None,
        ).start()

    def test_score_rules_and_rows_of_the_real_one(self):
        spamd = self.begin()
        done = spamd.spamc("-u", "bob", message=HAM)
        self.assertEqual(done.returncode, 0)
        status = email.message_from_bytes(done.stdout)["X-Spam-Status"]
        self.assertRegex(status, r"^No, score=1\.[78] required=5\.0")
        for rule in ("REAL_BODY", "REAL_SUBJECT", "TRUST_UNKNOWN"):
            self.assertIn(rule, status)
        self.assertNotIn("TRUST_NO_UPSTREAM", status)
        report = spamd.spamc("-R").stdout.decode()
        self.assertRegex(report, r"(?m)^ 2\.[23] REAL_SUBJECT +The subject talks of food, in words")
        self.assertRegex(report, r"(?m)^-0\.5 REAL_BODY +BODY: Noon$")
        self.wait_real("for bob:", 1)

    def test_message_without_a_line_end_and_an_empty_one(self):
        spamd = self.begin()
        for message in (HAM + b"noon", b"\n", b"Subject: lunch"):
            with self.subTest(message=message):
                self.assertNotIn("TRUST_NO_UPSTREAM", self.symbols(spamd, message)[1], spamd.tail())

    def test_killed_in_the_middle(self):
        spamd = self.begin()
        self.assertIn("REAL_BODY", self.symbols(spamd)[1])
        self.real.pause()
        with spamd.connect() as connection:
            connection.sendall(request("SYMBOLS", HAM))
            connection.shutdown(socket.SHUT_WR)
            spamd.wait_log_count("checking message", 2)
            self.real.stop()
            self.assertIn(b"TRUST_NO_UPSTREAM", read_all(connection), spamd.tail())
        self.expect_own_verdict(spamd)

    def test_fields_of_the_real_one(self):
        config = "report_safe 0\nadd_header all Lunch _TESTSSCORES_\nadd_header spam Alarm yes\n"
        spamd = self.begin(theirs=config)
        mail = email.message_from_bytes(spamd.spamc().stdout)
        self.assertRegex(mail["X-Spam-Lunch"], r"^REAL_BODY=-0\.5,\s?REAL_SUBJECT=2\.25$")
        self.assertIsNone(mail["X-Spam-Alarm"])
        self.assertEqual(len(mail.get_all("X-Spam-Status")), 1)
        spam = self.begin(theirs=config + "required_score 1\n").spamc().stdout
        mail = email.message_from_bytes(spam)
        self.assertEqual(mail["X-Spam-Alarm"], "yes")
        self.assertRegex(mail["X-Spam-Status"], "^No, score=1")
        self.assertIsNone(mail["X-Spam-Flag"], "spam for them alone")
        self.assertIsNone(mail["X-Spam-Report"])

    def test_one_child_and_many_clients(self):
        spamd = self.begin("--max-children", "1", "--min-children", "1", "--max-spare", "1")
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = [*pool.map(lambda _: self.symbols(spamd)[1], range(40))]
        for rules in answers:
            self.assertIn("REAL_BODY", rules, spamd.tail())

    def tell(self, spamd, *options, message=HAM):
        done = spamd.spamc("-u", "bob", *options, message=message)
        return done.returncode, done.stdout.decode().strip()

    def wait_real(self, text, count):
        """Waits until the real one has logged the text that often: it answers first."""
        harness.wait_for(lambda: self.real.text().count(text) >= count, text, self.real.text)

    def test_reports_reach_its_learner(self):
        spamd = self.begin(learns=True, ours=("--allow-tell",))
        known, learned = (
            (0, "Message was already un/learned"),
            (0, "Message successfully un/learned"),
        )
        for options, expected, line in (
            (("-L", "spam"), learned, "Tell: Setting local"),
            (("-L", "spam"), known, "Tell: Did nothing"),
            (("-L", "ham"), learned, "Tell: Setting local"),
            (("-L", "forget"), learned, "Tell: Removing local"),
            (("-L", "forget"), known, "Tell: Did nothing"),
        ):
            with self.subTest(options=options):
                before = self.real.text().count(line)
                self.assertEqual(self.tell(spamd, *options), expected, spamd.tail())
                self.wait_real(line, before + 1)
        self.assertIn("for bob:", self.real.text())

    def test_reports_reach_its_networks(self):
        spamd = self.begin(learns=True, ours=("--allow-tell",))
        for options, line in (
            (("-C", "report"), "Tell: Setting local,remote"),
            (("-C", "revoke"), "Tell: Setting local  Removing remote"),
        ):
            with self.subTest(options=options):
                told = (0, "Message successfully reported/revoked")
                self.assertEqual(self.tell(spamd, *options), told, spamd.tail())
                self.wait_real(line, 1)
        spamd.wait_log(r"Tell: Setting local,remote ")

    def test_it_knows_a_message_that_we_have_marked(self):
        spamd = self.begin(learns=True, ours=("--allow-tell",), config="required_score 1\n")
        self.tell(spamd, "-L", "spam")
        self.wait_real("Tell: Setting local", 1)
        marked = spamd.spamc().stdout
        self.assertIn(b"x-spam-type=original", marked)
        self.tell(spamd, "-L", "spam", message=marked)
        self.wait_real("Tell: Did nothing", 1)
        self.assertEqual(self.real.text().count("Tell: Setting local"), 1, self.real.text())

    def test_reports_without_the_real_one_allowing_it(self):
        spamd = self.begin(ours=("--allow-tell",))
        self.assertEqual(self.tell(spamd, "-L", "spam")[1], "Message successfully un/learned")
        spamd.wait_log(r"TELL: the answer is a refusal")
        self.assertIn("REAL_BODY", self.symbols(spamd)[1])

    def test_tls(self):
        identity = make_certificate(self.dir, "real", names="IP:127.0.0.1")
        config = f"upstream_tls_ca {identity[1]}\n"
        spamd = self.begin(
            identity=identity, learns=True, ours=("--allow-tell",), config=config
        )
        for message in (HAM, HAM + b"noon", HAM + b"x" * 200_000 + b"\n", b"\n"):
            self.assertNotIn("TRUST_NO_UPSTREAM", self.symbols(spamd, message)[1], spamd.tail())
        for _ in range(20):
            self.assertIn("REAL_BODY", self.symbols(spamd)[1], spamd.tail())
        self.assertEqual(self.tell(spamd, "-L", "spam")[1], "Message successfully un/learned")
        self.wait_real("Tell: Setting local", 1)
        spamd.stop()
        spamd = self.daemon("-x", config=f"upstream {self.real.address}\n").start()
        self.expect_own_verdict(spamd)  # a certificate that the system does not know


if __name__ == "__main__":
    harness.main()
