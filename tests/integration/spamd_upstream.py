#!/usr/bin/env python3
"""A chained scorer: its score and rules are added; without its answer mail goes on with ours.

The scorer is Debian's real spamd where its package is installed, and a scripted one that
misbehaves in every way the network allows.
"""

import email
import os
import pathlib
import pwd
import signal
import socket
import subprocess
import threading
import time
import unittest

import harness
from harness import HAM, read_all, request

REAL_SPAMD = "/usr/sbin/spamd"

TABLE = b"""Content analysis details:   (3.5 points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
 4.0 FAKE_ONE               BODY: Talks of lunch
-0.5 FAKE_TWO               Polite

"""

FROM_ALICE = (
    b"Received: from mail.example.net (mail.example.net [198.51.100.7])\n"
    b"\tby mail.example.org with ESMTPS; Mon, 1 Jan 2024 10:00:00 +0000\n"
    b"Authentication-Results: mail.example.org; dkim=pass header.d=example.net\n"
) + HAM.replace(b"alice@example.org", b"alice@example.net")


def answer(score="3.5", body=TABLE, length=None):
    """A well-formed answer to REPORT."""
    length = len(body) if length is None else length
    head = f"SPAMD/1.1 0 EX_OK\r\nContent-length: {length}\r\nSpam: False ; {score} / 5.0\r\n\r\n"
    return head.encode() + body


class FakeScorer:
    """Listens on loopback and treats every connection as `behave(connection)` does."""

    def __init__(self, behave, path=None):
        self.behave = behave
        self.requests = []
        self.released = threading.Event()
        self.listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self.listener.bind(str(path) if path else ("127.0.0.1", 0))
        if path:
            path.chmod(0o777)
        self.listener.listen(64)
        self.address = str(path) if path else f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            try:
                self.behave(self, connection)
            except OSError:
                pass  # the daemon has given up on us, as it should

    def close(self):
        self.released.set()
        if self.listener.fileno() >= 0:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()

    # Ways to behave.

    def reads(self, connection):
        self.requests.append(read_all(connection))

    def answers(self, connection):
        self.reads(connection)
        connection.sendall(answer())

    def says(self, reply):
        """A way to behave: read everything, then these bytes."""

        def behave(fake, connection):
            fake.reads(connection)
            connection.sendall(reply)

        return behave

    def waits(self, connection):
        self.reads(connection)
        self.released.wait(harness.PATIENCE_S)

    def waits_unread(self, connection):
        self.released.wait(harness.PATIENCE_S)

    def closes(self, connection):
        self.requests.append(b"")

    def floods(self, connection):
        self.reads(connection)
        connection.sendall(answer(length=1 << 20, body=b"x" * (1 << 20) + b"more"))

    def drips(self, connection):
        """A byte now and then, for ever: the time limit is absolute."""
        self.reads(connection)
        for byte in answer() * 1000:
            connection.sendall(bytes([byte]))
            if self.released.wait(0.2):
                return


class UpstreamTest(harness.DaemonTest):
    def fake(self, behave, path=None):
        fake = FakeScorer(behave, path)
        self.addCleanup(fake.close)
        return fake

    def start(self, *fakes, config="upstream_timeout 60\n", **kwargs):
        lines = "".join(f"upstream {fake.address}\n" for fake in fakes)
        return self.daemon("-x", config=lines + config, **kwargs).start()

    def symbols(self, spamd, message=HAM, **kwargs):
        """(score, rules) of a SYMBOLS reply."""
        head, _, body = spamd.exchange(request("SYMBOLS", message, **kwargs)).partition(b"\r\n\r\n")
        score = float(head.partition(b"; ")[2].partition(b" /")[0])
        return score, body.decode().strip().split(",")

    def expect_own_verdict(self, spamd):
        score, rules = self.symbols(spamd)
        self.assertEqual(score, 0.0)
        self.assertIn("TRUST_NO_UPSTREAM", rules, spamd.tail())
        self.assertNotIn("FAKE_ONE", rules)


class FakeTest(UpstreamTest):
    def test_score_and_rules_are_added(self):
        fake = self.fake(FakeScorer.answers)
        spamd = self.start(fake)
        score, rules = self.symbols(spamd, user="bob")
        self.assertEqual(score, 3.5)
        self.assertLess({"FAKE_ONE", "FAKE_TWO", "TRUST_UNKNOWN"}, {*rules}, spamd.tail())
        self.assertEqual(rules, sorted(rules))
        head = f"REPORT SPAMC/1.5\r\nUser: bob\r\nContent-length: {len(HAM)}\r\n\r\n".encode()
        self.assertEqual(fake.requests, [head + HAM])
        report = spamd.exchange(request("REPORT", HAM))
        self.assertIn(b" 4.0 FAKE_ONE               BODY: Talks of lunch\n", report)
        spamd.wait_log(r"result: \.  3 - FAKE_ONE,FAKE_TWO,")

    def test_spam_is_decided_on_the_sum_and_by_our_threshold(self):
        fake = self.fake(FakeScorer.answers)
        spamd = self.start(fake, config="required_score 3.2\n")
        reply = spamd.exchange(request("CHECK", HAM))
        self.assertIn(b"Spam: True ; 3.5 / 3.2", reply)

    def test_unix_socket(self):
        spamd = self.start(self.fake(FakeScorer.answers, self.dir / "scorer.sock"))
        self.assertEqual(self.symbols(spamd)[0], 3.5)

    def test_observing_leaves_the_score_of_the_scorer_alone(self):
        fake = self.fake(FakeScorer.answers)
        spamd = self.start(fake, config="trust_mode observe\n")
        self.assertEqual(self.symbols(spamd)[0], 3.5)

    def test_every_kind_of_no_answer_gives_our_own_verdict(self):
        for label, behave in (
            ("closes at once", FakeScorer.closes),
            ("says nothing", FakeScorer.reads),
            ("garbage", FakeScorer.says(None, os.urandom(4000))),
            ("another protocol", FakeScorer.says(None, b"220 mail.example.org ESMTP\r\n\r\n")),
            ("an error", FakeScorer.says(None, b"SPAMD/1.0 76 Bad header line: x\r\n")),
            ("half an answer", FakeScorer.says(None, answer()[:-20])),
            ("half a head", FakeScorer.says(None, answer()[:30])),
            ("too long", FakeScorer.says(None, answer() + b"more")),
            ("no number", FakeScorer.says(None, answer("nan"))),
            ("a huge answer", FakeScorer.floods),
        ):
            with self.subTest(label=label):
                spamd = self.start(self.fake(behave))
                self.expect_own_verdict(spamd)
                spamd.wait_log(r"warn: spamd: upstream 127\.0\.0\.1:\d+: \S")
                spamd.stop()

    def test_scorers_that_do_not_answer_in_time(self):
        for label, behave in (
            ("reads and waits", FakeScorer.waits),
            ("does not even read", FakeScorer.waits_unread),
            ("a byte now and then", FakeScorer.drips),
        ):
            with self.subTest(label=label):
                spamd = self.start(self.fake(behave), config="upstream_timeout 1\n")
                self.expect_own_verdict(spamd)
                spamd.wait_log("no answer in time")
                spamd.stop()

    def test_dead_one_is_passed_over_for_the_next(self):
        dead, alive = self.fake(FakeScorer.answers), self.fake(FakeScorer.answers)
        dead.close()
        spamd = self.start(dead, alive)
        for _ in range(5):
            self.assertEqual(self.symbols(spamd)[0], 3.5)
        spamd.wait_log(f"warn: spamd: upstream {dead.address}: ")
        self.assertEqual(len(alive.requests), 5)

    def test_hanging_one_does_not_use_up_the_time_of_the_next(self):
        hangs, alive = self.fake(FakeScorer.waits), self.fake(FakeScorer.answers)
        spamd = self.start(hangs, alive, config="upstream_timeout 2\n")
        self.assertEqual(self.symbols(spamd)[0], 3.5)

    def test_dead_one_is_left_alone_and_asked_again_later(self):
        fake = self.fake(FakeScorer.closes)
        options = ("-x", "-m", "1")  # one worker: each keeps count for itself
        spamd = self.daemon(*options, config=f"upstream {fake.address}\n").start()
        for _ in range(3):
            self.expect_own_verdict(spamd)
        spamd.wait_log("not asked for a while")
        fake.behave = FakeScorer.answers
        harness.wait_for(lambda: self.symbols(spamd)[0] == 3.5, "the scorer's return", spamd.tail)

    def test_other_clients_are_served_while_some_wait(self):
        fake = self.fake(FakeScorer.waits)
        spamd = self.start(fake, config="upstream_max_size 1024\n")
        waiting = [spamd.connect() for _ in range(20)]
        for connection in waiting:
            connection.sendall(request("CHECK", HAM))
        harness.wait_for(lambda: len(fake.requests) == 20, "20 questions at once", spamd.tail)
        self.assertIn(b"PONG", spamd.exchange(request("PING")))
        self.assertEqual(self.symbols(spamd, HAM + b"x" * 2000 + b"\n")[0], 0.0)
        fake.released.set()
        for connection in waiting:
            with connection:
                self.assertIn(b"Spam: False ; 0.0 / 5.0", read_all(connection))

    def test_large_messages_are_not_sent(self):
        fake = self.fake(FakeScorer.answers)
        spamd = self.start(fake, config="upstream_max_size 1024\n")
        score, rules = self.symbols(spamd, HAM + b"x" * 2000 + b"\n")
        self.assertEqual((score, fake.requests), (0.0, []))
        self.assertNotIn("TRUST_NO_UPSTREAM", rules)

    def test_clients_that_go_away_while_they_wait(self):
        fake = self.fake(FakeScorer.waits)
        options = ("-x", "-m", "1")  # one worker: each keeps count for itself
        spamd = self.daemon(*options, config=f"upstream {fake.address}\n").start()
        for _ in range(10):
            with spamd.connect() as connection:
                connection.sendall(request("PROCESS", HAM))
        harness.wait_for(lambda: len(fake.requests) == 10, "10 questions", spamd.tail)
        self.assertIn(b"PONG", spamd.exchange(request("PING")))
        fake.behave = FakeScorer.answers
        fake.released.set()
        harness.wait_for(lambda: self.symbols(spamd)[0] == 3.5, "the scorer's return", spamd.tail)

    def test_stop_does_not_wait_for_the_scorer(self):
        fake = self.fake(FakeScorer.waits)
        spamd = self.start(fake)
        with spamd.connect() as connection:
            connection.sendall(request("PROCESS", HAM))
            harness.wait_for(lambda: len(fake.requests) == 1, "the question", spamd.tail)
            self.assertEqual(spamd.stop(), 0)

    def test_time_limit_of_the_request_ends_the_wait(self):
        fake = self.fake(FakeScorer.waits)
        spamd = self.daemon("-x", "-t", "1", config=f"upstream {fake.address}\n").start()
        self.assertIn(b"SPAMD/1.0 79 Timeout", spamd.exchange(request("CHECK", HAM)))

    def test_bad_addresses_do_not_start(self):
        for value in ("mail.example.org:783", "127.0.0.1", "ssl:127.0.0.1:783"):
            with self.subTest(value=value):
                done = self.daemon("-x", config=f"upstream {value}\n").run()
                self.assertEqual(done.returncode, 78)
                self.assertIn(f'upstream "{value}": ', done.stderr)

    def test_settings_of_a_user_may_change_while_he_waits(self):
        prefs = self.dir / "users" / "bob" / "user_prefs"
        prefs.parent.mkdir(parents=True)
        prefs.write_text("describe TRUST_UNKNOWN As bob words it\n")
        fake = self.fake(FakeScorer.waits)
        config = f"upstream {fake.address}\n"
        options = ("-x", "-m", "1", "--virtual-config-dir", f"{self.dir}/users/%u")
        spamd = self.daemon(*options, config=config)
        if not harness.is_root():
            spamd.command += ["-u", pwd.getpwuid(os.geteuid()).pw_name]
        spamd.start()
        with spamd.connect() as connection:
            connection.sendall(request("REPORT", HAM, user="bob"))
            harness.wait_for(lambda: len(fake.requests) == 1, "the question", spamd.tail)
            prefs.write_text("describe TRUST_UNKNOWN As he words it later\n")
            fake.behave = FakeScorer.answers
            self.assertIn(b"later", spamd.exchange(request("REPORT", HAM, user="bob")))
            fake.released.set()
            report = read_all(connection)
        self.assertIn(b"As bob words it\n", report)
        self.assertIn(b"TRUST_NO_UPSTREAM", report)

    def trusting_store(self):
        return self.make_store(
            ("user", "add", "bob@example.org"),
            ("friend", "add", "--user", "bob@example.org", "--level", "strong", "alice@example.net"),
        )

    def test_well_trusted_senders_are_not_sent_there(self):
        fake = self.fake(FakeScorer.answers)
        config = "authres_trusted_authserv mail.example.org\nauthres_position below\n"
        store = self.trusting_store()
        for extra, asked in (
            ("", False),
            ("upstream_skip_well_trusted no\n", True),
            ("trust_mode observe\n", True),
        ):
            with self.subTest(extra=extra):
                fake.requests.clear()
                spamd = self.start(fake, config=config + extra, store=store)
                rules = self.symbols(spamd, FROM_ALICE, user="bob@example.org")[1]
                self.assertIn("TRUST_WELL", rules, spamd.tail())
                self.assertEqual("FAKE_ONE" in rules, asked)
                self.assertEqual(len(fake.requests), int(asked))
                spamd.stop()


RULES = r"""
header REAL_SUBJECT Subject =~ /lunch/
score REAL_SUBJECT 2.25
describe REAL_SUBJECT The subject talks of food, in words that are long enough to be wrapped somewhere
body REAL_BODY /noon/i
score REAL_BODY -0.5
describe REAL_BODY Noon
clear_report_template
report Content analysis details:   (_SCORE_ points, _REQD_ required)
report " pts rule name              description"
report ---- ---------------------- --------------------------------------------------
report _SUMMARY_
"""


class RealSpamd:
    """Debian's, with three rules of its own, so that it starts at once and asks no network."""

    def __init__(self, directory):
        rules, site = directory / "rules", directory / "site"
        for path in (rules, site):
            path.mkdir(parents=True)
            (path / "init.pre").write_text("loadplugin Mail::SpamAssassin::Plugin::Check\n")
        (rules / "10_test.cf").write_text(RULES)
        (directory / "home").mkdir()
        (directory / "home").chmod(0o777)
        self.socket = directory / "spamd.sock"
        self.address = str(self.socket)
        self.errors = directory / "stderr"
        command = [REAL_SPAMD, "-L", "-x", "-C", rules, "--siteconfigpath", site]
        command += ["--socketpath", self.socket, "--socketmode", "0777", "-s", "stderr"]
        command += ["-m", "2", "--min-children", "1", "-H", directory / "home"]
        if harness.is_root():
            command += ["-u", harness.ACCOUNT]
        with self.errors.open("wb") as errors:
            # In a group of its own, so that its children can be stopped with it.
            self.process = subprocess.Popen(
                list(map(str, command)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        harness.wait_for(self.is_up, "the real spamd", self.text)

    def text(self):
        return self.errors.read_text(errors="replace")

    def is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the real spamd ended\n{self.text()}")
        return "spawned child process" in self.text()

    def pause(self):
        os.killpg(self.process.pid, signal.SIGSTOP)

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@unittest.skipUnless(
    pathlib.Path(REAL_SPAMD).exists(), f"{REAL_SPAMD} is missing: scripts/deps test"
)
class RealTest(UpstreamTest):
    def setUp(self):
        super().setUp()
        directory = self.dir / "real"
        directory.mkdir()
        self.real = RealSpamd(directory)
        self.addCleanup(self.real.stop)

    def test_score_rules_and_rows_of_the_real_one(self):
        spamd = self.start(self.real)
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
        self.assertIn("for bob:", self.real.text())

    def test_message_without_a_line_end_and_an_empty_one(self):
        spamd = self.start(self.real)
        for message in (HAM + b"noon", b"\n", b"Subject: lunch"):
            with self.subTest(message=message):
                self.assertNotIn("TRUST_NO_UPSTREAM", self.symbols(spamd, message)[1], spamd.tail())

    def test_killed_in_the_middle(self):
        spamd = self.start(self.real)
        self.assertIn("REAL_BODY", self.symbols(spamd)[1])
        self.real.pause()
        with spamd.connect() as connection:
            connection.sendall(request("SYMBOLS", HAM))
            connection.shutdown(socket.SHUT_WR)
            spamd.wait_log_count("checking message", 2)
            self.real.stop()
            self.assertIn(b"TRUST_NO_UPSTREAM", read_all(connection), spamd.tail())
        self.expect_own_verdict(spamd)


if __name__ == "__main__":
    harness.main()
