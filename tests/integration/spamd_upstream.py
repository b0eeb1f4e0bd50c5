#!/usr/bin/env python3
"""A chained scorer: its score and rules are added; without its answer mail goes on with ours."""

import email
import os
import pwd
import shutil
import ssl

import harness
from certificates import make_certificate
from harness import HAM, read_all, request
from scorers import TOLD, FakeScorer, UpstreamTest, answer

FROM_ALICE = (
    b"Received: from mail.example.net (mail.example.net [198.51.100.7])\n"
    b"\tby mail.example.org with ESMTPS; Mon, 1 Jan 2024 10:00:00 +0000\n"
    b"Authentication-Results: mail.example.org; dkim=pass header.d=example.net\n"
) + HAM.replace(b"alice@example.org", b"alice@example.net")


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

    def test_full_queue_of_a_unix_socket_is_waited_for(self):
        fake = self.fake(FakeScorer.answers, self.dir / "scorer.sock", queue=1, begins=False)
        spamd = self.start(fake)
        waiting = [spamd.connect() for _ in range(10)]
        for connection in waiting:
            connection.sendall(request("SYMBOLS", HAM))
        spamd.wait_log_count("checking message", 10)
        self.assertIn(b"PONG", spamd.exchange(request("PING")))
        fake.begin()
        for connection in waiting:
            with connection:
                self.assertIn(b"FAKE_ONE", read_all(connection), spamd.tail())
        self.assertNotIn("warn: spamd: upstream", spamd.log_text())

    def test_full_queue_that_does_not_move_is_no_answer(self):
        fake = self.fake(FakeScorer.answers, self.dir / "scorer.sock", queue=0, begins=False)
        spamd = self.start(fake, config="upstream_timeout 1\n")
        for _ in range(3):
            self.expect_own_verdict(spamd)

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
        spamd = self.start(hangs, alive, config="upstream_timeout 8\n")
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
        harness.wait_for(lambda: len(fake.requests) == 20, "20 questions", spamd.tail)
        self.assertIn(b"PONG", spamd.exchange(request("PING")))
        fake.behave = FakeScorer.answers
        fake.released.set()
        harness.wait_for(lambda: self.symbols(spamd)[0] == 3.5, "the scorer's return", spamd.tail)

    def test_stop_does_not_wait_for_the_scorer(self):
        fake = self.fake(FakeScorer.waits)
        spamd = self.start(fake)
        with spamd.connect() as connection:
            connection.sendall(request("PROCESS", HAM))
            harness.wait_for(lambda: len(fake.requests) == 2, "both questions", spamd.tail)
            self.assertEqual(spamd.stop(), 0)

    def test_time_limit_of_the_request_ends_the_wait(self):
        fake = self.fake(FakeScorer.waits)
        spamd = self.daemon("-x", "-t", "1", config=f"upstream {fake.address}\n").start()
        self.assertIn(b"SPAMD/1.0 79 Timeout", spamd.exchange(request("CHECK", HAM)))

    def test_bad_addresses_do_not_start(self):
        for value in ("mail.example.org:783", "127.0.0.1", "ssl:127.0.0.1"):
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


class FieldsTest(UpstreamTest):
    def marked(self, spamd, message=HAM):
        return email.message_from_bytes(spamd.spamc(message=message).stdout)

    def test_fields_that_only_the_scorer_adds_are_kept(self):
        fake = self.fake(FakeScorer.answers)
        spamd = self.start(fake)
        mail = self.marked(spamd)
        self.assertEqual(mail["X-Spam-Relay-Country"], "ZZ")
        self.assertEqual(mail["X-Spam-Languages"], "en\n\tde")
        self.assertEqual(mail.get_all("X-Spam-Trust-Tier"), ["unknown"])
        self.assertEqual(len(mail.get_all("X-Spam-Checker-Version")), 1)
        (status,) = mail.get_all("X-Spam-Status")
        self.assertRegex(status, r"(?s)^No, score=3\.5 required=5\.0 tests=FAKE_ONE,FAKE_TWO,")
        commands = sorted(wire.split()[0] for wire in fake.requests)
        self.assertEqual(commands, [b"HEADERS", b"REPORT"])

    def test_line_ends_are_those_of_the_message(self):
        spamd = self.start(self.fake(FakeScorer.answers))
        header = spamd.exchange(request("HEADERS", HAM.replace(b"\n", b"\r\n")))
        self.assertIn(b"X-Spam-Languages: en\r\n\tde\r\n", header)
        self.assertEqual(header.count(b"\n"), header.count(b"\r\n"))

    def test_wrapped_spam_has_them_too(self):
        spamd = self.start(self.fake(FakeScorer.answers), config="required_score 3\n")
        mail = self.marked(spamd)
        self.assertTrue(mail.is_multipart())
        self.assertEqual(mail["X-Spam-Relay-Country"], "ZZ")
        self.assertIn("FAKE_TWO", mail.get_payload()[0].get_payload())
        inner = mail.get_payload()[1].get_payload()[0]
        self.assertIsNone(inner["X-Spam-Relay-Country"])

    def test_our_own_fields_of_that_name_count(self):
        config = "add_header all Relay-Country none of theirs\n"
        mail = self.marked(self.start(self.fake(FakeScorer.answers), config=config))
        self.assertEqual(mail.get_all("X-Spam-Relay-Country"), ["none of theirs"])

    def test_they_can_be_left_out(self):
        fake = self.fake(FakeScorer.answers)
        mail = self.marked(self.start(fake, config="upstream_headers no\n"))
        self.assertIsNone(mail["X-Spam-Relay-Country"])
        self.assertEqual(len(fake.requests), 1)

    def test_without_them_score_and_rules_are_kept(self):
        for label, reply in (("nothing", b""), ("garbage", os.urandom(3000))):
            with self.subTest(label):
                spamd = self.start(self.fake(FakeScorer.answers_all_but(None, b"HEADERS", reply)))
                mail = self.marked(spamd)
                self.assertIn("score=3.5", mail["X-Spam-Status"], spamd.tail())
                self.assertIn("FAKE_ONE", mail["X-Spam-Status"])
                spamd.stop()

    def test_a_scorer_that_does_not_know_the_command_is_asked_on(self):
        refusal = b"SPAMD/1.0 76 Bad header line: HEADERS SPAMC/1.5\r\n"
        fake = self.fake(FakeScorer.answers_all_but(None, b"HEADERS", refusal))
        options = ("-x", "-m", "1")  # one worker: each keeps count for itself
        spamd = self.daemon(*options, config=f"upstream {fake.address}\n").start()
        for _ in range(5):
            self.assertIn("score=3.5", self.marked(spamd)["X-Spam-Status"], spamd.tail())
        self.assertNotIn("not asked for a while", spamd.log_text())

    def test_without_score_and_rules_fields_are_kept(self):
        behave = FakeScorer.answers_all_but(None, b"REPORT")
        mail = self.marked(self.start(self.fake(behave)))
        self.assertIn("TRUST_NO_UPSTREAM", mail["X-Spam-Status"])
        self.assertEqual(mail["X-Spam-Relay-Country"], "ZZ")


class TellTest(UpstreamTest):
    LOCAL = b"SPAMD/1.1 0 EX_OK\r\nDidSet: local\r\n\r\n\r\n"
    NOTHING = b"SPAMD/1.1 0 EX_OK\r\n\r\n\r\n"

    def setUp(self):
        super().setUp()
        self.store = self.make_store()

    def start_telling(self, *fakes, config="upstream_timeout 60\n"):
        lines = "".join(f"upstream {fake.address}\n" for fake in fakes)
        options = ("-x", "--allow-tell", "-m", "1")
        return self.daemon(*options, config=lines + config, store=self.store).start()

    def tell(self, spamd, *headers, message=HAM):
        headers = headers or ("Message-class: spam", "Set: local")
        return spamd.exchange(request("TELL", message, user="bob", headers=headers))

    def test_reports_are_passed_on_and_both_outcomes_are_told(self):
        fake = self.fake(FakeScorer.answers)
        spamd = self.start_telling(fake)
        self.assertEqual(
            self.tell(spamd, "Message-class: spam", "Set: local, remote"), TOLD, spamd.tail()
        )
        head = "TELL SPAMC/1.5\r\nMessage-class: spam\r\nSet: local, remote\r\nUser: bob\r\n"
        head += f"Content-length: {len(HAM)}\r\n\r\n"
        self.assertEqual(fake.requests, [head.encode() + HAM])
        spamd.wait_log(r"Tell: Setting local,remote +for bob:")
        done = spamd.spamc("-C", "report")
        self.assertEqual(done.stdout, b"Message successfully reported/revoked\n")

    def test_what_the_scorer_learned_anew_counts_where_we_knew_it(self):
        spamd = self.start_telling(self.fake(FakeScorer.says(None, self.NOTHING)))
        self.assertEqual(self.tell(spamd), self.LOCAL)
        self.assertEqual(self.tell(spamd), self.NOTHING)
        spamd.stop()
        spamd = self.start_telling(self.fake(FakeScorer.says(None, self.LOCAL)))
        self.assertEqual(self.tell(spamd), self.LOCAL)

    def test_reports_are_kept_whatever_the_scorer_does(self):
        refusal = b"SPAMD/1.0 69 Service Unavailable: TELL commands are not enabled, ...\r\n"
        for number, (label, behave) in enumerate(
            (
                ("closes at once", FakeScorer.closes),
                ("refuses", FakeScorer.says(None, refusal)),
                ("garbage", FakeScorer.says(None, os.urandom(4000))),
                ("half an answer", FakeScorer.says(None, TOLD[:40])),
                ("no answer in time", FakeScorer.waits),
                ("a byte now and then", FakeScorer.drips),
            )
        ):
            with self.subTest(label):
                spamd = self.start_telling(self.fake(behave), config="upstream_timeout 1\n")
                message = HAM + b"number %d\n" % number
                self.assertEqual(self.tell(spamd, message=message), self.LOCAL, spamd.tail())
                spamd.wait_log(r"warn: spamd: upstream 127\.0\.0\.1:\d+: TELL: \S")
                spamd.stop()
                alone = self.daemon("-x", "--allow-tell", store=self.store).start()
                self.assertEqual(self.tell(alone, message=message), self.NOTHING, "not kept")
                alone.stop()

    def test_dead_one_is_passed_over(self):
        dead, alive = self.fake(FakeScorer.answers), self.fake(FakeScorer.answers)
        dead.close()
        self.assertEqual(self.tell(self.start_telling(dead, alive)), TOLD)
        self.assertEqual(len(alive.requests), 1)

    def test_refused_reports_do_not_stop_the_scoring(self):
        refusal = b"SPAMD/1.0 69 Service Unavailable: no\r\n"
        spamd = self.start_telling(self.fake(FakeScorer.answers_all_but(None, b"TELL", refusal)))
        for number in range(5):
            self.assertEqual(self.tell(spamd, message=HAM + b"%d\n" % number), self.LOCAL)
        self.assertEqual(self.symbols(spamd)[0], 3.5)
        self.assertNotIn("not asked for a while", spamd.log_text())

    def test_without_a_ledger_the_report_is_refused_but_passed_on(self):
        fake = self.fake(FakeScorer.answers)
        spamd = self.start_telling(fake)
        ledger = self.store / "ledger"
        self.assertEqual(self.tell(spamd), TOLD)
        spamd.stop()
        shutil.rmtree(ledger)
        ledger.write_text("in the way")
        spamd = self.start_telling(fake)
        self.assertIn(b"69 Service Unavailable: reports cannot be kept", self.tell(spamd))
        self.assertEqual(len(fake.requests), 2)

    def test_switched_off_learner_keeps_nothing_and_passes_on(self):
        for config, reply in (("", self.LOCAL), ("use_learner 0\n", self.NOTHING)):
            spamd = self.daemon("-x", "--allow-tell", config=config, store=self.store).start()
            self.assertEqual(self.tell(spamd), reply, config)
            spamd.stop()
        spamd = self.start_telling(self.fake(FakeScorer.answers), config="use_bayes 0\n")
        self.assertEqual(self.tell(spamd, "Message-class: ham", "Set: local"), TOLD)

    def test_other_clients_are_served_while_reports_wait(self):
        fake = self.fake(FakeScorer.waits)
        spamd = self.start_telling(fake)
        waiting = [spamd.connect() for _ in range(10)]
        for connection in waiting:
            headers = ("Message-class: spam", "Set: local")
            connection.sendall(request("TELL", HAM, headers=headers))
        harness.wait_for(lambda: len(fake.requests) == 10, "10 reports at once", spamd.tail)
        self.assertIn(b"PONG", spamd.exchange(request("PING")))
        fake.released.set()
        answers = []
        for connection in waiting:
            with connection:
                answers.append(read_all(connection))
        self.assertEqual(sorted(answers), sorted([self.LOCAL] + [self.NOTHING] * 9))

    def test_limit_of_the_request_ends_the_wait(self):
        lines = f"upstream {self.fake(FakeScorer.waits).address}\n"
        options = ("-x", "--allow-tell", "-t", "1")
        spamd = self.daemon(*options, config=lines, store=self.store).start()
        self.assertIn(b"SPAMD/1.0 79 Timeout", self.tell(spamd))


class TlsTest(UpstreamTest):
    def setUp(self):
        super().setUp()
        self.identity = make_certificate(self.dir, "scorer", names="DNS:scorer.example.org")
        self.by_address = make_certificate(self.dir, "address", names="IP:127.0.0.1")

    def context(self, identity, ca=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity[1], identity[0])
        if ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(ca)
        return context

    def tls_fake(self, identity, behave=FakeScorer.answers, ca=None):
        return self.fake(behave, tls=self.context(identity, ca))

    def test_certificates_that_are_good(self):
        for label, identity, extra in (
            ("address", self.by_address, ""),
            ("name", self.identity, "upstream_tls_name scorer.example.org\n"),
            ("one of the names", self.identity, "upstream_tls_name a.example.org scorer.example.org\n"),
        ):
            with self.subTest(label):
                fake = self.tls_fake(identity)
                spamd = self.start(fake, config=f"upstream_tls_ca {identity[1]}\n" + extra)
                self.assertEqual(self.symbols(spamd)[0], 3.5, spamd.tail())
                self.assertIn("ZZ", spamd.spamc().stdout.decode())
                spamd.stop()

    def test_localhost_is_expected_by_that_name(self):
        identity = make_certificate(self.dir, "local")
        fake = self.tls_fake(identity)
        config = f"upstream ssl:localhost:{fake.port}\nupstream_tls_ca {identity[1]}\n"
        self.assertEqual(self.symbols(self.daemon("-x", config=config).start())[0], 3.5)

    def test_certificates_that_are_not(self):
        ca = f"upstream_tls_ca {self.identity[1]}\n"
        for label, extra, reason in (
            ("another name", ca + "upstream_tls_name b.example.org\n", "hostname mismatch"),
            ("not the address", ca, "IP address mismatch"),
            ("nobody's", f"upstream_tls_ca {self.by_address[1]}\n", "self-signed certificate"),
            ("unknown to the system", "", "self-signed certificate"),
        ):
            with self.subTest(label):
                fake = self.tls_fake(self.identity)
                spamd = self.start(fake, config=extra)
                self.expect_own_verdict(spamd)
                spamd.wait_log(rf"(?i)upstream ssl:127\.0\.0\.1:\d+: {reason}")
                self.assertEqual(fake.requests, [], "it was asked all the same")
                spamd.stop()

    def test_verification_can_be_switched_off(self):
        spamd = self.start(self.tls_fake(self.identity), config="upstream_tls_verify no\n")
        self.assertEqual(self.symbols(spamd)[0], 3.5)

    def test_scorer_that_wants_to_know_us(self):
        ours = make_certificate(self.dir, "client")
        config = f"upstream_tls_ca {self.by_address[1]}\n"
        known = config + f"upstream_tls_cert {ours[1]}\nupstream_tls_key {ours[0]}\n"
        fake = self.tls_fake(self.by_address, ca=ours[1])
        self.assertEqual(self.symbols(self.start(fake, config=known))[0], 3.5)
        self.expect_own_verdict(self.start(fake, config=config))

    def test_no_tls_there(self):
        fake = self.fake(FakeScorer.says(None, b"SPAMD/1.0 76 Bad header line: \r\n"))
        spamd = self.daemon("-x", config=f"upstream ssl:{fake.address}\nupstream_timeout 2\n")
        self.expect_own_verdict(spamd.start())

    def test_hanging_handshake_ends_with_the_time_limit(self):
        fake = self.fake(FakeScorer.waits_unread)
        spamd = self.daemon("-x", config=f"upstream ssl:{fake.address}\nupstream_timeout 1\n")
        self.expect_own_verdict(spamd.start())
        spamd.wait_log("no answer in time")

    def test_message_without_a_line_end_is_ended(self):
        fake = self.tls_fake(self.by_address)
        spamd = self.start(fake, config=f"upstream_tls_ca {self.by_address[1]}\n")
        self.assertEqual(self.symbols(spamd, HAM + b"noon")[0], 3.5)
        self.assertTrue(fake.requests[0].endswith(b"\nnoon\n"))

    def test_bad_files_do_not_start(self):
        for config, text in (
            ("upstream_tls_ca /nonexistent\n", "upstream_tls_ca /nonexistent"),
            (f"upstream_tls_ca {self.identity[0]}\n", "upstream_tls_ca "),
            (f"upstream_tls_cert {self.identity[1]}\n", "need each other"),
            (
                f"upstream_tls_cert {self.identity[1]}\nupstream_tls_key {self.by_address[0]}\n",
                "upstream_tls_key ",
            ),
        ):
            for option in ("-x", "--check-config"):
                with self.subTest(config=config, option=option):
                    config = "upstream ssl:127.0.0.1:783\n" + config
                    done = self.daemon("-x", option, config=config).run()
                    self.assertEqual(done.returncode, 78, done.stderr)
                    self.assertIn(text, done.stderr)



if __name__ == "__main__":
    harness.main()
