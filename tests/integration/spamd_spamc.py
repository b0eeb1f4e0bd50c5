#!/usr/bin/env python3
"""What the real spamc does with our answers: SPEC 14.2, measured against the original."""


import harness
from harness import HAM, SPAM, spamc

TEXT_REFUSED = 74  # exit status of -L when TELL is switched off


class AnswerTest(harness.DaemonTest):
    def setUp(self):
        super().setUp()
        self.spamd = self.daemon("-x", config="report_safe 0\n").start()

    def run_both(self, *options, message=HAM):
        """The same over TCP and over the UNIX socket; they must agree."""
        tcp = self.spamd.spamc(*options, message=message)
        unix = self.spamd.spamc_unix(*options, message=message)
        self.assertEqual((tcp.returncode, tcp.stdout), (unix.returncode, unix.stdout), options)
        return tcp

    def expect(self, options, message, status, output):
        done = self.run_both(*options, message=message)
        text = done.stdout.decode(errors="replace")
        shown = f"{options}: {done.returncode} {text!r}\n{self.spamd.tail()}"
        self.assertEqual(done.returncode, status, shown)
        self.assertTrue(output(text), shown)

    def test_exit_status_and_output_for_ham(self):
        marked = lambda out: "X-Spam-Status: No, " in out and out.endswith("\n\nAt noon?\n")
        table = [
            ((), 0, marked),
            (("-E",), 0, marked),
            (("-x",), 0, marked),
            (("-x", "-E"), 0, marked),
            (("-x", "-X"), 0, marked),
            (("-c",), 0, lambda out: out == "0.0/5.0\n"),
            (("-c", "-x"), 0, lambda out: out == "0.0/5.0\n"),
            (("-y",), 0, lambda out: not out.endswith("\n") and "GTUBE" not in out),
            (("-R",), 0, lambda out: out.startswith("0.0/5.0\n") and out.endswith("\n\n")),
            (("-r",), 0, lambda out: out == ""),
            (("-r", "-E"), 0, lambda out: out == ""),
            (("--headers",), 0, marked),
            (("-K",), 0, lambda out: out == "SPAMD/1.5 0\n"),
        ]
        for options, status, output in table:
            with self.subTest(options=options):
                self.expect(options, HAM, status, output)

    def test_exit_status_and_output_for_spam(self):
        marked = lambda out: "X-Spam-Flag: YES" in out and "GTUBE" in out
        table = [
            ((), 0, marked),
            (("-E",), 1, marked),
            (("-x",), 0, marked),
            (("-x", "-E"), 1, marked),
            (("-c",), 1, lambda out: out == "1000.0/5.0\n"),
            (("-c", "-x"), 1, lambda out: out == "1000.0/5.0\n"),
            (("-y",), 0, lambda out: "GTUBE" in out.split(",") and not out.endswith("\n")),
            (("-R",), 0, lambda out: out.startswith("1000.0/5.0\n") and "1000 GTUBE" in out),
            (("-r",), 0, lambda out: "1000 GTUBE" in out and "1000.0/5.0" not in out),
            (("-r", "-E"), 0, lambda out: "1000 GTUBE" in out),
            (("--headers",), 0, lambda out: "X-Spam-Flag: YES" in out),
        ]
        for options, status, output in table:
            with self.subTest(options=options):
                self.expect(options, SPAM, status, output)

    def test_tell_is_refused_without_allow_tell(self):
        self.expect(("-L", "spam"), HAM, TEXT_REFUSED, lambda out: out == "")
        self.expect(("-C", "report"), HAM, 0, lambda out: out == HAM.decode())
        self.spamd.wait_log("service unavailable: TELL commands are not enabled")

    def test_message_over_the_size_limit_comes_back_as_it_was(self):
        self.expect(("-s", "50"), HAM, 0, lambda out: out == HAM.decode())
        self.expect(("-c", "-s", "50"), HAM, 0, lambda out: out == "0/0\n")

    def test_user_is_passed_on(self):
        self.expect(("-u", "alice@example.org", "-c"), HAM, 0, lambda out: out == "0.0/5.0\n")
        self.spamd.wait_log(
            f"checking message <20240101.1@mail.example.org> for "
            f"alice@example.org:{harness.account_uid()}$"
        )

    def test_headers_keeps_a_body_without_newline(self):
        message = HAM.rstrip(b"\n")
        done = self.run_both("--headers", message=message)
        self.assertEqual(done.returncode, 0)
        self.assertTrue(done.stdout.endswith(b"\n\nAt noon?"), done.stdout)

    def test_crlf_message_keeps_its_line_ends(self):
        message = HAM.replace(b"\n", b"\r\n")
        done = self.run_both(message=message)
        self.assertNotIn(b"\n", done.stdout.replace(b"\r\n", b""))
        self.assertTrue(done.stdout.endswith(b"\r\n\r\nAt noon?\r\n"))

    def test_empty_message(self):
        self.assertEqual(self.run_both(message=b"").returncode, 0)
        self.assertEqual(self.run_both("-x", message=b"").returncode, 74)


class NoServerTest(harness.DaemonTest):
    def test_connection_refused_gives_the_message_back(self):
        with harness.socket.socket() as taken:  # bound, not listening: connections are refused
            taken.bind(("127.0.0.1", 0))
            where = ("-d", "127.0.0.1", "-p", taken.getsockname()[1])
            where += ("--connect-retries=1",)
            self.assertEqual(spamc(*where).stdout, HAM)
            self.assertEqual(spamc(*where, "-x").returncode, 69)
            self.assertEqual(spamc(*where, "-c").stdout, b"0/0\n")

    def test_failover_to_the_second_host(self):
        spamd = self.daemon("-x").start()
        done = spamc("-d", "127.0.0.2,127.0.0.1", "-p", spamd.port, "-c")
        self.assertEqual((done.returncode, done.stdout), (0, b"0.0/5.0\n"))


if __name__ == "__main__":
    harness.main()
