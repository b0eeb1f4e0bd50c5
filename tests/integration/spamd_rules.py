#!/usr/bin/env python3
"""The administrator's own `header` and `meta` rules, as SpamAssassin's test suite uses them."""

import harness
from harness import request

RULES = r"""
header TEST_NOREALNAME  From =~ /^["\s]*\<?\S+\@\S+\>?\s*$/
describe TEST_NOREALNAME From: does not include a real name
score TEST_NOREALNAME   10
header __TO             exists:To
meta TEST_META          TEST_NOREALNAME && __TO
score TEST_META         0.5
header TEST_BAD         From =~ /(/
header TEST_SLOW        X-Slow =~ /^(a+)+$/
body TEST_BODY          /hello/
"""

NO_NAME = b"From: sb55sb55@example.com\nTo: bob@example.net\nSubject: x\n\nhello\n"
WITH_NAME = NO_NAME.replace(b"From: ", b"From: Alice ").replace(b"sb55", b"alice", 1)
SLOW = b"X-Slow: " + b"a" * 60 + b"b\n" + NO_NAME


class RulesTest(harness.DaemonTest):
    def setUp(self):
        super().setUp()
        self.spamd = self.daemon("-x", config=RULES).start()

    def answer(self, command, message):
        return self.spamd.exchange(request(command, message)).decode()

    def test_a_rule_decides_in_every_command(self):
        verdict = "Spam: True ; 10.5 / 5.0\r\n"
        self.assertIn(verdict, self.answer("CHECK", NO_NAME))
        self.assertIn("Spam: False ; 0.0 / 5.0\r\n", self.answer("CHECK", WITH_NAME))
        self.assertIn("TEST_META,TEST_NOREALNAME", self.answer("SYMBOLS", NO_NAME))
        report = self.answer("REPORT", NO_NAME)
        self.assertIn("  10 TEST_NOREALNAME        From: does not include a real name\n", report)
        self.assertIn(" 0.5 TEST_META ", report)
        headers = self.answer("HEADERS", NO_NAME)
        self.assertIn("X-Spam-Flag: YES", headers)
        self.assertRegex(headers, r"score=10\.5[\s\S]*tests=TEST_META,\s*TEST_NOREALNAME")
        self.assertNotIn("__TO", report + headers)

    def test_what_cannot_be_run_does_not_keep_it_from_starting(self):
        self.assertIn("pattern not taken", self.spamd.errors.read_text() + self.spamd.log_text())

    def test_a_rule_that_takes_too_long_is_given_up_and_told_of_once(self):
        for _ in range(3):
            self.assertIn("Spam: True ; 10.5 / 5.0\r\n", self.answer("CHECK", SLOW))
        self.spamd.wait_log("warn: spamd: rule TEST_SLOW ran into a limit of matching")
        self.assertEqual(self.spamd.log_text().count("TEST_SLOW ran into"), 1)

    def test_users_define_rules_only_where_they_may(self):
        prefs = self.dir / "prefs" / "alice"
        prefs.mkdir(parents=True)
        (prefs / "user_prefs").write_text("header MINE exists:To\nscore MINE 7\n")
        for allowed in ("0", "1"):
            spamd = self.daemon(
                *("-x", f"--virtual-config-dir={self.dir}/prefs/%u"),
                config=f"allow_user_rules {allowed}\n",
            ).start()
            answer = spamd.exchange(request("SYMBOLS", WITH_NAME, user="alice")).decode()
            other = spamd.exchange(request("SYMBOLS", WITH_NAME, user="bob")).decode()
            self.assertEqual("MINE" in answer, allowed == "1", answer)
            self.assertNotIn("MINE", other)


if __name__ == "__main__":
    harness.main()
