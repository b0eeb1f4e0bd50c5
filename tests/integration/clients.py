#!/usr/bin/env python3
"""Callers other than spamc (SPEC 14.3): client libraries, and requests byte for byte with the way their
senders read the answer. Whole programs: clients_servers.py, clients_filters.py."""

import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import harness
from callers import HERE, npm_packages
from harness import HAM, PATIENCE_S, SPAM
from scorers import OwnPort


class ClientTest(harness.DaemonTest):
    """One daemon, self.spamd, with the settings it comes with."""

    def setUp(self):
        super().setUp()
        store = self.make_store()
        self.spamd = self.daemon("-x", config="report_safe 0\n", store=store).start()

    def run_client(self, command, message, **kwargs):
        """Runs a client that prints JSON."""
        done = subprocess.run(
            command, input=message, capture_output=True, timeout=PATIENCE_S, check=False, **kwargs
        )
        self.assertEqual(done.returncode, 0, f"{done.stderr.decode()}\n{self.spamd.tail()}")
        return json.loads(done.stdout)


class EximTest(ClientTest):
    """REPORT 1.2; the answer goes through two formats of sscanf, and nothing may differ."""

    NEW = b"SPAMD/%7s 0 EX_OK\r\nContent-length: %*u\r\n\r\n%lf/%lf\r\n%n"
    OLD = b"SPAMD/%7s 0 EX_OK\r\nSpam: %*s ; %lf / %lf\r\n\r\n%n"

    def read(self, reply):
        """(score, threshold, report) as Exim reads them."""
        version = ctypes.create_string_buffer(8)
        score, threshold = ctypes.c_double(), ctypes.c_double()
        at = ctypes.c_int()
        libc = ctypes.CDLL(None)
        for pattern in (self.NEW, self.OLD):
            places = [ctypes.byref(place) for place in (score, threshold, at)]
            if libc.sscanf(ctypes.c_char_p(reply), pattern, version, *places) == 3:
                return score.value, threshold.value, reply[at.value :]
        self.fail(f"Exim cannot parse {reply!r}")

    def ask(self, message):
        head = f"REPORT SPAMC/1.2\r\nUser: nobody\r\nContent-length: {len(message)}\r\n\r\n"
        return self.read(self.spamd.exchange(head.encode() + message))

    def test_report_is_understood(self):
        score, threshold, report = self.ask(HAM)
        self.assertEqual((score, threshold), (0.0, 5.0))
        self.assertIn(b"TRUST_UNKNOWN", report)
        score, threshold, report = self.ask(SPAM)
        self.assertEqual((score, threshold), (1000.0, 5.0))
        self.assertRegex(report, rb"(?m)^1000 GTUBE +BODY: Generic Test for Unsolicited Bulk Email$")


class HarakaTest(ClientTest):
    """HEADERS without a length; envelope fields come as the first lines of the message."""

    def ask(self, message, version):
        """What Haraka's plugin keeps: (flag, score, required), X-Spam fields, tests."""
        head = [
            f"HEADERS SPAMC/{version}",
            "User: default",
            "",
            "X-Envelope-From: alice@example.org",
            "X-Haraka-UUID: 2F0B3C5E-0000-4000-8000-000000000001.1",
        ]
        lines = "".join(line + "\r\n" for line in head).encode()
        reply = self.spamd.exchange(lines + message.replace(b"\n", b"\r\n")).decode()
        top, _, rest = reply.partition("\r\n\r\n")
        spam = re.search(r"Spam: (True|False) ; (-?\d+\.\d) / (-?\d+\.\d)", top)
        self.assertIsNotNone(spam, reply)
        fields, last = {}, None
        for line in rest.split("\n"):
            line = line.removesuffix("\r")
            if match := re.match(r"X-Spam-([\x21-\x39\x3b-\x7e]+):\s*(.*)", line):
                last = match[1]
                fields[last] = match[2]
            elif last and re.match(r"\s+\S", line):
                fields[last] += "\r\n" + line
            else:
                last = None
        status = re.sub(r"\r?\n\t", "", fields["Status"])
        tests = re.search(r"tests=((?:(?!autolearn)[^ ])+)", status)
        return spam.groups(), fields, tests[1].split(",")

    def test_verdict_fields_and_rules_are_understood(self):
        for version in ("1.3", "1.4"):
            verdict, fields, tests = self.ask(HAM, version)
            self.assertEqual(verdict, ("False", "0.0", "5.0"))
            self.assertEqual(tests, ["TRUST_UNKNOWN"])
            self.assertEqual(fields["Trust-Tier"], "unknown")
            verdict, fields, tests = self.ask(SPAM, version)
            self.assertEqual(verdict, ("True", "1000.0", "5.0"))
            self.assertEqual(tests, ["GTUBE", "TRUST_UNKNOWN"])
            self.assertEqual(fields["Flag"], "YES")


class RspamdTest(ClientTest):
    """HEADERS 1.5 without half-close; rules are taken out of X-Spam-Status."""

    def ask(self, message):
        """(score, rules) as rspamd's bridge finds them."""
        head = f"HEADERS SPAMC/1.5\r\nUser: root\r\nContent-length: {len(message)}\r\n\r\n"
        reply = self.spamd.exchange(head.encode() + message, half_close=False).decode()
        score = rules = None
        for line in re.split(r"[\r\n]+", re.sub(r"[\r\n]+[\t ]", " ", reply)):
            if re.search(r"Spam: .* / 5.0", line):
                score = re.sub(r"(Spam:.*; )(-?\d?\d*\.\d)( / 5\.0)", r"\2", line)
            if "X-Spam-Status" in line:
                pattern = r"(.*X-Spam-Status.*tests=)(.*)(autolearn=.*version=\d\.\d\.\d.*)"
                rules = re.sub(r"\s", "", re.sub(pattern, r"\2", line))
        return float(score), rules

    def test_score_and_rules_are_understood(self):
        self.assertEqual(self.ask(HAM), (0.0, "TRUST_UNKNOWN"))
        self.assertEqual(self.ask(SPAM), (1000.0, "GTUBE,TRUST_UNKNOWN"))


class OtherRequestsTest(ClientTest):
    """Requests of clients of which nothing else is worth knowing."""

    def test_requests_without_a_usable_length(self):
        crlf = SPAM.replace(b"\n", b"\r\n")
        table = [
            ("Apache James", b"CHECK SPAMC/1.2\r\n\r\n" + crlf, b"Spam: True ; 1000.0 / 5.0\r\n"),
            ("milter-spamd", b"SYMBOLS SPAMC/1.2\r\nUser: alice\r\n\r\n" + crlf, b"GTUBE,"),
            (
                "PHP, misspelt",
                f"REPORT SPAMC/1.2\r\nContent-lenght: {len(crlf)}\r\n\r\n".encode() + crlf,
                b"GTUBE",
            ),
        ]
        for label, request, expected in table:
            with self.subTest(label):
                reply = self.spamd.exchange(request)
                self.assertTrue(reply.startswith(b"SPAMD/1.1 0 EX_OK\r\n"), reply)
                self.assertIn(expected, reply)


class PerlTest(ClientTest):
    """Mail::SpamAssassin::Client: an uncounted CRLF behind the message, never a half-close."""

    def setUp(self):
        module = ["perl", "-MMail::SpamAssassin::Client", "-e1"]
        if shutil.which("perl") is None or subprocess.run(module, capture_output=True).returncode:
            self.skipTest("Mail::SpamAssassin::Client is not installed (Debian: spamassassin)")
        super().setUp()

    def ask(self, place, message):
        return self.run_client(["perl", str(HERE / "perl.pl"), str(place)], message)

    def expect(self, place, message, words, score):
        """words: how the verdict is spelt, and how for REPORT_IFSPAM (SPEC 5.4)."""
        got = self.ask(place, message)
        self.assertEqual(got["ping"], 1)
        for command in ("check", "process", "headers", "spam_report", "spam_report_ifspam"):
            answer = (got[command]["isspam"], got[command]["score"], got[command]["threshold"])
            word = words[command == "spam_report_ifspam"]
            self.assertEqual(answer, (word, score, 5), command)
        self.assertIn("X-Spam-Status: ", got["process"]["message"])
        self.assertTrue(got["process"]["message"].endswith(message.decode()[-10:]))
        self.assertIn("X-Spam-Status: ", got["headers"]["message"])
        self.assertIn("TRUST_UNKNOWN", got["spam_report"]["report"])
        self.assertEqual((got["learn"], got["learn_code"]), (None, "69"))
        return got

    def test_answers_are_understood(self):
        for place in (self.spamd.port, self.spamd.socket):
            got = self.expect(place, HAM, ("False", "No"), 0)
            self.assertNotIn("report", got["spam_report_ifspam"])
            got = self.expect(place, SPAM, ("True", "Yes"), 1000)
            self.assertIn("GTUBE", got["spam_report_ifspam"]["report"])


    def test_reports_are_understood(self):
        """As SpamAssassin's own suite asks: spam, again, forget, ham, again, forget."""
        store = self.make_store()
        spamd = self.daemon("-x", "--allow-tell", store=store).start()
        code = """
            use Mail::SpamAssassin::Client;
            my $message = do { local $/; <STDIN> };
            my $client = Mail::SpamAssassin::Client->new({host => "127.0.0.1", port => shift});
            for my $class (0, 0, 2, 2, 1, 1, 2) { print $client->learn($message, $class) ? 1 : 0 }
            print $client->report($message) ? 1 : 0;
        """
        done = subprocess.run(
            ["perl", "-e", code, str(spamd.port)],
            input=HAM,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
        self.assertEqual(done.stdout, b"10101010", done.stderr.decode() + spamd.tail())


class SuiteTest(harness.DaemonTest):
    """Started and looked at as SpamAssassin's own test suite does it, with its stock rules."""

    RULES, SITE = pathlib.Path("/usr/share/spamassassin"), pathlib.Path("/etc/spamassassin")

    def start(self, *options):
        if not (self.RULES.is_dir() and self.SITE.is_dir()):
            self.skipTest("the rules of SpamAssassin are not installed (Debian: spamassassin)")
        spamd = self.daemon()
        port = OwnPort()
        self.addCleanup(port.close)
        spamd.port = port.number
        spamd.command = [str(harness.SPAMD), "-D", "-x", "-s", "stderr"]
        spamd.command += ["-C", str(self.RULES), "--siteconfigpath", str(self.SITE)]
        spamd.command += ["-p", str(spamd.port), "-A", "127.0.0.1", "-i", "127.0.0.1", *options]
        spamd.command += ["--store", str(spamd.store)]
        spamd.command += ["-s", str(spamd.log), "-r", str(spamd.pidfile)]
        return spamd.start()

    def expect_gtube(self, spamd):
        marked = spamd.spamc(message=SPAM).stdout.decode()
        for pattern in ("X-Spam-Flag: YES", "X-Spam-Status: Yes, score=", "X-Spam-Level: " + "*" * 10):
            self.assertIn(pattern, marked)
        self.assertRegex(marked, r"BODY:\s+Generic\s+Test\s+for\s+Unsolicited\s+Bulk\s+Email")
        self.assertIn(harness.GTUBE.decode(), marked)
        header = spamd.spamc("--headers", message=SPAM).stdout.decode()
        self.assertIn("X-Spam-Flag: YES", header)
        self.assertIn("GTUBE", spamd.spamc("-y", message=SPAM).stdout.decode())

    def test_stock_configuration_gtube_and_the_pid_file(self):
        spamd = self.start("-L")
        self.assertRegex(spamd.log_text(), r"server pid: (\d+)")
        self.assertNotRegex(spamd.log_text(), r"\bERROR")
        self.assertEqual(spamd.pidfile.read_text(), f"{spamd.pid}\n")
        self.expect_gtube(spamd)
        spamd.process.send_signal(signal.SIGHUP)
        spamd.wait_started(2)
        self.assertEqual(spamd.pidfile.read_text(), f"{spamd.pid}\n")
        self.expect_gtube(spamd)
        spamd.process.send_signal(signal.SIGINT)
        self.assertEqual(spamd.process.wait(PATIENCE_S), 0)
        self.assertFalse(spamd.pidfile.exists())

    def test_options_of_its_tests(self):
        for options in (
            ("-L", "-m1"),
            ("-L", "--round-robin"),
            ("-L", "--create-prefs", "--paranoid"),
            ("-L", "--max-children=5", "--min-children=1", "--max-spare=2", "--min-spare=1"),
            ("-D", "info", "-L", "--allow-tell", "--syslog-socket=none"),
            ("-L", "--debug=info,config", "-H", "--max-conn-per-child=10", "-4"),
        ):
            with self.subTest(options=options):
                spamd = self.start(*options)
                self.assertEqual(spamd.spamc("-K").returncode, 0)
                spamd.stop()

    def test_versions_tell_of_tls(self):
        shown = subprocess.run([harness.SPAMD, "--version"], capture_output=True, text=True)
        self.assertRegex(shown.stdout, "with SSL support")


class NpmTest(ClientTest):
    """The packages spamc (an extra CRLF, counted) and spamc-stream (no length)."""

    def setUp(self):
        packages = npm_packages(self, "npm")
        self.env = os.environ | {"NODE_PATH": str(packages / "node_modules")}
        super().setUp()

    def ask(self, message):
        command = ["node", str(HERE / "npm.js"), str(self.spamd.port)]
        return self.run_client(command, message, env=self.env)

    def test_answers_are_understood(self):
        for message, is_spam, score in ((HAM, False, 0), (SPAM, True, 1000)):
            for package, got in self.ask(message).items():
                self.assertTrue(got.pop("ping"), package)
                for command, answer in got.items():
                    shown = f"{package} {command} {answer}"
                    self.assertEqual(answer["responseMessage"], "EX_OK", shown)
                    self.assertEqual(answer["isSpam"], is_spam, shown)
                    self.assertEqual(answer["spamScore"], score, shown)
                    self.assertEqual(answer["baseSpamScore"], 5, shown)


if __name__ == "__main__":
    harness.main()
