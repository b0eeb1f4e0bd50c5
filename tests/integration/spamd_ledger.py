#!/usr/bin/env python3
"""The ledger: what it remembers of mail, who may ask it for what, and what happens around a restart."""

import contextlib
import hashlib
import json
import os
import pwd
import shutil
import socket
import stat
import subprocess
import threading

import harness
from harness import request, share_store, trustctl

CONFIG = "authres_trusted_authserv mx.example.org\ninternal_networks 127.0.0.1\n"
ALICE = "alice@example.org"


def proven(sender, signer=None, number=1, body="Hello.", result="pass"):
    """A message as our MX hands it over, with what it proved."""
    signer = signer or sender.partition("@")[2]
    return (
        f"Authentication-Results: mx.example.org; dkim={result} header.d={signer}\n"
        f"Received: from mail.{signer} (mail.{signer} [192.0.2.7]) by mx.example.org;"
        " Mon, 1 Jan 2024 12:00:00 +0000\n"
        f"From: <{sender}>\nTo: <{ALICE}>\nSubject: number {number}\n"
        f"Message-ID: <{number}@{signer}>\nDate: Mon, 1 Jan 2024 12:00:00 +0000\n\n{body}\n"
    ).encode()


class LedgerTest(harness.DaemonTest):
    COMMANDS = (("user", "add", ALICE, "--alias", "alice"),)

    def setUp(self):
        super().setUp()
        self.store = self.make_store(*self.COMMANDS)
        self.spamd = self.daemon("-x", "--allow-tell", config=CONFIG, store=self.store)
        self.spamd.start()
        self.spamd.wait_log("ledger open in")
        self.spamd.wait_log("control socket /")
        self.socket = self.store / "ledger" / "control"

    def ctl(self, *args, check=True):
        return trustctl(self.store, *args, check=check)

    def ctl_json(self, *args):
        return json.loads(self.ctl(*args, "--json").stdout)

    def rules(self, message, user="alice", daemon=None):
        reply = (daemon or self.spamd).exchange(request("SYMBOLS", message, user=user))
        return reply.decode().partition("\r\n\r\n")[2].strip().split(",")

    def tell(self, message, spam=True, forget=False, user="alice", daemon=None):
        headers = ["Remove: local"] if forget else ["Set: local"]
        headers.insert(0, "Message-class: " + ("spam" if spam else "ham"))
        wire = request("TELL", message, user=user, headers=headers)
        reply = (daemon or self.spamd).exchange(wire)
        self.assertIn(b" 0 EX_OK", reply, self.spamd.tail())
        return b"DidSet" in reply or b"DidRemove" in reply

    def ledger(self, *args, user=ALICE):
        return self.ctl_json("ledger", "show", "--user", user, *args)

    def wait_history(self, count, *args):
        return harness.wait_for(
            lambda: (rows := self.ctl_json("history", *args)) and len(rows) >= count and rows,
            f"{count} decisions",
            self.spamd.tail,
        )


class ControlTest(LedgerTest):
    """The control socket, and who speaks on it."""

    def test_only_root_and_its_own_account_may_speak(self):
        mode = self.socket.stat()
        self.assertEqual(stat.S_IMODE(mode.st_mode), 0o600)
        self.assertEqual(mode.st_uid, harness.account_uid())
        if not harness.is_root():
            self.skipTest("needs root, to be somebody else")
        other = pwd.getpwnam("daemon").pw_uid
        os.chmod(self.socket, 0o666)  # even so
        os.chmod(self.store / "ledger", 0o755)
        script = (
            "import socket,sys;s=socket.socket(socket.AF_UNIX);s.connect(sys.argv[1]);"
            's.sendall(b\'{"v":1,"op":"status"}\\n\');print(s.recv(100))'
        )
        done = subprocess.run(
            ["python3", "-c", script, str(self.socket)],
            user=other,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertNotIn("works", done.stdout, done.stderr)
        self.assertIn("works", self.raw(b'{"v":1,"op":"status"}\n').decode())

    def raw(self, data):
        """What the daemon says to bytes, to the end."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(harness.PATIENCE_S)
            connection.connect(str(self.socket))
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return harness.read_all(connection)

    def test_nonsense_is_refused_and_mail_goes_on(self):
        digest = b"0" * 64
        for label, line in (
            ("no JSON", b"nonsense\n"),
            ("another version", b'{"v":9,"op":"status"}\n'),
            ("unknown request", b'{"v":1,"op":"destroy"}\n'),
            ("nothing given", b'{"v":1,"op":"report"}\n'),
            ("digest too short", b'{"v":1,"op":"remove","user":"00","message":"00"}\n'),
            ("no digits", b'{"v":1,"op":"forget","user":"' + b"x" * 64 + b'"}\n'),
            (
                "domain too long",
                b'{"v":1,"op":"confirm","user":"%b","address":"%b","domain":"%b"}\n'
                % (digest, digest, b"d" * 300),
            ),
            (
                "spam is no truth value",
                b'{"v":1,"op":"report","user":"%b","message":"%b","lead":"%b","spam":1}\n'
                % (digest, digest, digest),
            ),
        ):
            with self.subTest(label=label):
                reply = json.loads(self.raw(line))
                self.assertFalse(reply["ok"])
                self.assertTrue(reply["error"])
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            self.assertEqual(self.raw(b"x" * 100000 + b"\n"), b"")
        self.assertEqual(self.ledger(), [])
        self.assertIn("TRUST_UNKNOWN", self.rules(proven("bob@example.net")))

    def test_clients_that_crowd_do_not_disturb_mail(self):
        crowd = []
        for _ in range(40):
            client = socket.socket(socket.AF_UNIX)
            client.setblocking(False)
            try:
                client.connect(str(self.socket))
                client.send(b'{"v":1,')
            except BlockingIOError:
                pass
            crowd.append(client)
        for number in range(20):
            self.assertIn("TRUST_UNKNOWN", self.rules(proven("bob@example.net", number=number)))
        for client in crowd:
            client.close()
        self.assertEqual(self.ctl_json("status")["decisions_lost"], 0)

    def test_daemon_that_does_not_run_is_named_with_the_remedy(self):
        self.spamd.stop()
        self.assertFalse(self.socket.exists())
        for command in (
            ("report", "--user", ALICE, "--sender", "mallory@example.com"),
            ("friend", "confirm", "--user", ALICE, "bob@example.net"),
            ("ledger", "forgive", "--user", ALICE, "bob@example.net"),
        ):
            done = self.ctl(*command, check=False)
            self.assertEqual(done.returncode, 69, command)
            self.assertRegex(done.stderr, "spamd-trust does not run.*start it and try again")
        self.assertIsNone(self.ctl_json("status")["decisions_lost"])
        self.assertEqual(self.ledger(), [], "reading needs no daemon")

    def test_socket_comes_back(self):
        self.socket.unlink()
        harness.wait_for(self.socket.exists, "the socket", self.spamd.tail)
        os.kill(self.spamd.worker_pid(), 9)
        harness.wait_for(
            lambda: self.ctl(
                "report", "--user", ALICE, "--sender", "mallory@example.com", check=False
            ).returncode
            == 0,
            "the next worker process",
            self.spamd.tail,
        )

    def test_second_daemon_leaves_the_socket_alone(self):
        second = self.daemon("-x", config=CONFIG, store=self.store).start()
        second.wait_log("no control socket: another process listens on")
        second.stop()
        self.assertTrue(self.socket.exists())
        self.assertEqual(self.ctl_json("status")["decisions_lost"], 0)

    def test_another_place_or_none(self):
        place = self.dir / "elsewhere"
        place.mkdir()
        share_store(place)
        config = self.dir / "place.cf"
        config.write_text(f"control_socket {place}/ctl\n")
        moved = self.daemon("-x", config=config.read_text(), store=self.store).start()
        moved.wait_log(f"control socket {place}/ctl")
        status = self.ctl_json("status", "--config", config)
        self.assertEqual(status["decisions_lost"], 0)
        moved.stop()
        config.write_text("control_socket none\n")
        none = self.daemon("-x", config=config.read_text(), store=self.store).start()
        self.rules(proven("bob@example.net"), daemon=none)
        self.assertNotIn("control socket", none.log_text())
        done = self.ctl(
            *("friend", "confirm", "--user", ALICE, "bob@example.net", "--config", config),
            check=False,
        )
        self.assertIn("control_socket is none", done.stderr)


class ReportTest(LedgerTest):
    """What reports do, by TELL and by the administrator."""

    def about(self, what, subject):
        return [row for row in self.ledger(subject) if row["what"] == what]

    def test_only_a_proven_sender_is_touched(self):
        forged = proven("mallory@example.com", result="fail")
        self.assertTrue(self.tell(forged))
        self.assertEqual(self.ledger("mallory@example.com"), [])
        self.assertTrue(self.tell(proven("mallory@example.com", number=2)))
        self.assertEqual(len(self.about("reported", "mallory@example.com")), 1)
        self.assertEqual(len(self.about("warned of", "mallory@example.com")), 1)
        self.assertFalse(self.tell(proven("mallory@example.com", number=2)), "twice is once")
        self.assertTrue(self.tell(proven("mallory@example.com", number=2), forget=True))
        self.assertEqual(self.ledger("mallory@example.com"), [])

    def test_what_was_proven_at_delivery_counts_for_a_copy_that_lost_it(self):
        message = proven("mallory@example.com", number=7)
        bare = message.partition(b"\n")[2]  # without Authentication-Results
        self.assertTrue(self.tell(bare))
        self.assertEqual(self.ledger("mallory@example.com"), [], "nothing was delivered")
        self.assertTrue(self.tell(bare, forget=True))
        self.rules(message)
        self.assertTrue(self.tell(bare))
        self.assertEqual(len(self.about("reported", "mallory@example.com")), 1)

    def test_junk_on_a_forgery_does_not_hurt_whose_name_was_forged(self):
        genuine = proven("bob@example.net", number=8, body="Lunch at noon?")
        self.rules(genuine)
        forged = genuine.replace(b"dkim=pass", b"dkim=fail").replace(b"Lunch", b"Pills")
        self.assertTrue(self.tell(forged))
        self.assertEqual(self.ledger("bob@example.net"), [])

    def test_users_that_are_not_ours_touch_nothing(self):
        self.assertTrue(self.tell(proven("mallory@example.com"), user="root"))
        self.assertEqual(self.ledger("mallory@example.com"), [])

    def test_administrator_reports_and_forgives(self):
        path = self.dir / "message.eml"
        path.write_bytes(proven("mallory@example.com", number=3))
        config = self.spamd.config
        first = self.ctl_json("report", "--user", "alice", "-C", config, path)
        self.assertEqual(
            (first["sender"], first["says"], first["changed"], first["proven"]),
            ("mallory@example.com", "spam", True, True),
        )
        self.assertFalse(self.tell(path.read_bytes()), "the same report")
        again = self.ctl_json("report", "--user", "alice", "-C", config, path)
        self.assertFalse(again["changed"])
        self.ctl("report", "--user", "alice", "--sender", "mallory@example.com")
        self.assertEqual(len(self.about("reported", "mallory@example.com")), 2)
        done = self.ctl_json("ledger", "forgive", "--user", "alice", "mallory@example.com")
        self.assertEqual(done["reports"], 2)
        self.assertEqual(self.ledger("mallory@example.com"), [])
        self.assertTrue(self.tell(path.read_bytes()), "it may be reported again")
        self.ctl("report", "--user", "alice", "-C", config, "--ham", path)
        self.assertEqual(self.ledger("mallory@example.com"), [])

    def test_words_that_do_not_go_together(self):
        for args, code in (
            (("report", "--user", ALICE), 64),
            (("report", "--user", ALICE, "--sender", "m@example.com", "file"), 64),
            (("report", "--user", ALICE, "--sender", "example.com"), 64),
            (("report", "--user", ALICE, "--ham", "--forget", "file"), 64),
            (("report", "--user", "nobody-here", "--sender", "m@example.com"), 67),
            (("report", "--user", ALICE, self.dir / "no-file"), 66),
            (("history", "--since", "yesterday"), 64),
            (("history", "--tier", "good"), 64),
            (("friend", "confirm", "--user", ALICE, "example.net"), 64),
            (("friend", "confirm", "--user", ALICE, "--signer", "a b", "b@example.net"), 64),
        ):
            with self.subTest(args=args):
                done = self.ctl(*args, check=False)
                self.assertEqual(done.returncode, code, done.stderr)


class ShareTest(LedgerTest):
    """Reports as warnings for peers: `trustctl ledger share`."""

    COMMANDS = (("user", "add", ALICE, "--alias", "alice"), ("user", "add", "bob@example.org"))

    def setUp(self):
        super().setUp()
        self.config = self.dir / "share.cf"
        self.sharing(True)

    def sharing(self, on):
        self.config.write_text(f"share_reports {'yes' if on else 'no'}\n")

    def share(self, *args):
        done = self.ctl("ledger", "share", "-C", self.config, "--json", *args)
        rows = [(row["user"], row["sender"], row["result"]) for row in json.loads(done.stdout)]
        return rows, done.stderr

    def warnings(self):
        """(subject, level, seq) of what is published."""
        rows = [row for row in self.ctl_json("statement", "list") if row["act"] == "warn"]
        for row in rows:
            self.assertEqual(row["audience"], "peers")
            self.assertLessEqual(row["expires"] - row["issued"], 90 * 86400)
        return sorted((row["subject"], row["level"], row["seq"]) for row in rows)

    def deliver_and_report(self, sender, number, user="alice"):
        message = proven(sender, number=number)
        self.rules(message, user=user)
        self.assertTrue(self.tell(message, user=user))
        return message

    def report_mallory(self):
        message = self.deliver_and_report("mallory@example.com", 1)
        self.wait_history(1)
        return message

    def test_published_once_and_taken_back_with_the_report(self):
        message = self.report_mallory()
        rows = [(ALICE, "mallory@example.com", "published")]
        self.assertEqual(self.share("--dry-run")[0], rows)
        self.assertEqual(self.warnings(), [])
        self.assertEqual(self.share()[0], rows)
        self.assertEqual(self.warnings(), [("addr:mallory@example.com", 1, 1)])
        self.assertEqual(self.share()[0], [(ALICE, "mallory@example.com", "kept")])
        self.assertEqual(self.warnings(), [("addr:mallory@example.com", 1, 1)])
        self.assertTrue(self.tell(message, forget=True))
        self.assertEqual(self.share()[0], [(ALICE, "mallory@example.com", "taken back")])
        self.assertEqual(self.warnings(), [("addr:mallory@example.com", 0, 2)])
        self.assertEqual(self.share()[0], [])
        self.assertTrue(self.tell(message))
        self.assertEqual(self.share()[0], rows)
        self.assertEqual(self.warnings(), [("addr:mallory@example.com", 1, 3)])
        self.ctl("ledger", "forgive", "--user", ALICE, "mallory@example.com")
        self.assertEqual(self.share()[0], [(ALICE, "mallory@example.com", "taken back")])

    def test_nothing_leaves_unless_asked_for(self):
        self.report_mallory()
        self.sharing(False)
        rows, told = self.share()
        self.assertEqual((rows, self.warnings()), ([], []))
        self.assertIn("share_reports is no", told)
        self.sharing(True)
        self.share()
        self.sharing(False)
        rows, told = self.share()
        self.assertEqual(rows, [(ALICE, "mallory@example.com", "taken back")])
        self.assertEqual(self.warnings(), [("addr:mallory@example.com", 0, 2)])
        self.config.write_text("")  # the default
        self.assertEqual(self.share()[0], [])

    def test_only_what_warns_is_shared(self):
        for number in range(1, 6):
            self.deliver_and_report(f"s{number}@example.com", number)
        self.deliver_and_report("s1@example.com", 7, user="bob@example.org")
        self.assertTrue(self.tell(proven("forged@example.com", number=8, result="fail")))
        self.wait_history(6)
        expected = [(ALICE, f"s{number}@example.com", "published") for number in (1, 2, 3)]
        expected.append(("bob@example.org", "s1@example.com", "published"))
        self.assertEqual(sorted(self.share()[0]), expected)
        self.assertEqual(len(self.warnings()), 4)

    def test_a_sender_nobody_can_name_is_skipped_and_counted(self):
        self.report_mallory()
        self.ctl("report", "--user", ALICE, "--sender", "eve@example.com")
        digest = hashlib.sha256(b"addr:eve@example.com").hexdigest()
        rows, told = self.share()
        unknown = (ALICE, f"sha256:{digest}", "unknown sender")
        self.assertEqual(
            sorted(rows), [(ALICE, "mallory@example.com", "published"), unknown]
        )
        self.assertIn("1 skipped", told)
        self.ctl("friend", "add", "--user", "bob@example.org", "--publish", "eve@example.com")
        self.assertIn((ALICE, "eve@example.com", "published"), self.share()[0])

    def test_a_user_without_a_key_does_not_stop_the_others(self):
        self.report_mallory()
        self.deliver_and_report("mallory@example.com", 2, user="bob@example.org")
        self.wait_history(2)
        identity = self.ctl_json("user", "show", ALICE)["identity"]
        for path in (self.store / "keys").glob(f"*device*{identity}*"):
            path.unlink()
        rows, told = self.share()
        self.assertEqual(
            sorted(rows),
            [
                (ALICE, "mallory@example.com", "no device key"),
                ("bob@example.org", "mallory@example.com", "published"),
            ],
        )
        self.assertIn("no device key here", told)

    def test_without_a_ledger_nothing_is_taken_back(self):
        self.report_mallory()
        self.share()
        self.spamd.stop()
        shutil.move(self.store / "ledger", self.dir / "ledger")
        done = self.ctl("ledger", "share", "-C", self.config, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(self.warnings(), [("addr:mallory@example.com", 1, 1)])


class IntroductionTest(LedgerTest):
    """carol, a colleague, vouches for strangers; what that costs her towards alice."""

    STRANGERS = [f"s{number}@example.com" for number in range(6)]
    COMMANDS = (
        *LedgerTest.COMMANDS,
        ("user", "add", "carol@example.org"),
        *(("vouch", "--user", "carol@example.org", stranger) for stranger in STRANGERS),
    )

    def first(self):
        return proven(self.STRANGERS[0])

    def rows(self, what):
        return [row for row in self.ledger() if row["what"] == what]

    def wait_recorded(self):
        harness.wait_for(lambda: self.rows("introduced"), "the payment", self.spamd.tail)

    def test_paid_once_and_asking_again_is_free(self):
        for _ in range(3):
            self.assertIn("TRUST_FOF", self.rules(self.first()))
        self.assertIn("TRUST_UNKNOWN", self.rules(proven(self.STRANGERS[1])))
        self.wait_recorded()
        (paid,) = self.rows("introduced")
        self.assertEqual((paid["who"], paid["amount_millionths"]), (self.STRANGERS[0], 1000000))
        (spent,) = self.rows("spent by")
        self.assertEqual(spent["amount_millionths"], 1000000)
        why = self.ctl("why", "--user", "alice", self.STRANGERS[1], "-C", self.spamd.config)
        self.assertRegex(why.stdout, "has no introduction left until")
        self.assertEqual(len(self.rows("spent by")), 1, "dry runs pay nothing")
        rows = self.wait_history(4)
        # Within one second the order is that of the workers' queues.
        self.assertEqual(
            sorted(row["remarks"] for row in rows), [[], [], [], ["introduced"]], "by its payment"
        )
        self.assertEqual(sorted(len(row["payers"]) for row in rows), [0, 1, 1, 1])

    def test_a_restart_forgets_nothing_that_was_recorded(self):
        self.assertIn("TRUST_FOF", self.rules(self.first()))
        self.wait_recorded()
        os.kill(self.spamd.worker_pid(), 9)
        self.spamd.wait_log_count("control socket", 2)
        self.spamd.wait_log_count("ledger open in", 2)
        self.assertIn("TRUST_FOF", self.rules(self.first()))
        self.assertIn("TRUST_UNKNOWN", self.rules(proven(self.STRANGERS[1])))

    def test_a_report_charges_and_undoing_restores(self):
        self.assertIn("TRUST_FOF", self.rules(self.first()))
        self.wait_recorded()
        before = self.ledger()
        for spam, forget in ((False, False), (True, True)):
            self.assertTrue(self.tell(self.first()))
            (blamed,) = self.rows("blamed")
            self.assertEqual(blamed["amount_millionths"], 1000000)
            rules = self.rules(self.first())
            self.assertIn("TRUST_REPORTED", rules)
            self.assertNotIn("TRUST_FOF", rules)
            self.assertTrue(self.tell(self.first(), spam=spam, forget=forget))
            self.assertEqual(self.ledger(), before)
            self.assertIn("TRUST_FOF", self.rules(self.first()))

    def test_many_at_once_get_one_introduction(self):
        self.spamd.stop()
        daemon = self.daemon("-x", "-m", "4", config=CONFIG, store=self.store).start()
        daemon.wait_log("ledger open in")
        results = []
        barrier = threading.Barrier(len(self.STRANGERS))

        def ask(stranger):
            barrier.wait()
            results.append(self.rules(proven(stranger), daemon=daemon))

        threads = [threading.Thread(target=ask, args=(name,)) for name in self.STRANGERS]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sum("TRUST_FOF" in rules for rules in results), 1, results)

    def test_what_cannot_be_recorded_is_not_granted(self):
        self.spamd.stop()
        shutil.rmtree(self.store / "ledger")
        daemon = self.daemon("-x", config=CONFIG, store=self.store).start()
        daemon.wait_log("nobody is introduced: ")
        self.assertIn("TRUST_UNKNOWN", self.rules(self.first(), daemon=daemon))
        report = daemon.exchange(request("REPORT", self.first(), user="alice")).decode()
        self.assertRegex(" ".join(report.split()), "could not be recorded")
        (self.store / "ledger").mkdir(mode=0o750)
        share_store(self.store)
        harness.wait_for(
            lambda: "TRUST_FOF" in self.rules(self.first(), daemon=daemon),
            "the ledger that is back",
            daemon.tail,
        )


class PinTest(LedgerTest):
    COMMANDS = (
        *LedgerTest.COMMANDS,
        ("friend", "add", "--user", ALICE, "--level", "strong", "bob@example.net"),
    )

    def wait_pin(self, what):
        harness.wait_for(
            lambda: any(row["what"] == what for row in self.ledger("bob@example.net")),
            f"a pin {what}",
            self.spamd.tail,
        )

    def test_friend_whose_signing_domain_changes_is_unknown_until_confirmed(self):
        bob = "bob@mail.example.net"
        self.ctl("friend", "add", "--user", ALICE, "--level", "strong", bob)
        self.assertIn("TRUST_WELL", self.rules(proven(bob, "mail.example.net")))
        harness.wait_for(
            lambda: any(row["what"] == "signed by" for row in self.ledger(bob)), "the pin"
        )
        changed = proven(bob, "example.net", number=2)
        rules = self.rules(changed)
        self.assertIn("TRUST_NEWKEY", rules)
        self.assertIn("TRUST_UNKNOWN", rules)
        self.assertNotIn("TRUST_WELL", rules)
        self.assertIn("TRUST_WELL", self.rules(proven(bob, "mail.example.net", number=3)))
        harness.wait_for(
            lambda: any(row["what"] == "not confirmed" for row in self.ledger(bob)),
            "the unknown domain",
        )
        done = self.ctl_json("friend", "confirm", "--user", ALICE, bob)
        self.assertEqual((done["domain"], done["changed"]), ("example.net", True))
        self.assertIn("TRUST_WELL", self.rules(changed))
        self.assertIn("TRUST_WELL", self.rules(proven(bob, "mail.example.net", number=3)))
        done = self.ctl("friend", "confirm", "--user", ALICE, bob, check=False)
        self.assertEqual(done.returncode, 66, "nothing is left to confirm")
        rows = self.wait_history(4, "--sender", bob)
        self.assertEqual([r["remarks"] for r in rows].count(["new key"]), 1)

    def test_domain_can_be_named_before_it_is_seen(self):
        self.assertIn("TRUST_WELL", self.rules(proven("bob@example.net")))
        self.wait_pin("signed by")
        args = ("friend", "confirm", "--user", ALICE, "bob@example.net")
        self.assertTrue(self.ctl_json(*args, "--signer", "NET.example")["changed"])
        self.assertFalse(self.ctl_json(*args, "--signer", "net.example")["changed"])

    def test_unproven_mail_and_strangers_pin_nothing(self):
        self.rules(proven("bob@example.net", result="fail"))
        self.rules(proven("carol@example.net", number=2))
        self.wait_history(2)
        self.assertEqual(self.ledger("bob@example.net"), [])
        self.assertEqual(self.ledger("carol@example.net"), [])

    def test_identity_is_confirmed_without_the_daemon(self):
        self.spamd.stop()
        thumbprint = "0" * 42 + "A"
        self.ctl(
            "friend", "confirm", "--user", ALICE, "--identity", thumbprint, "bob@example.net"
        )
        (row,) = self.ctl_json("friend", "list", "--user", ALICE)
        self.assertEqual((row["identity"], row["level"]), (thumbprint, "strong"))


class HistoryTest(LedgerTest):
    COMMANDS = (
        *LedgerTest.COMMANDS,
        ("user", "add", "dave@example.org"),
        ("friend", "add", "--user", ALICE, "bob@example.net"),
    )

    def test_filters(self):
        self.rules(proven("bob@example.net", number=1))
        self.rules(proven("mallory@example.com", number=2))
        self.rules(proven("bob@example.net", number=3), user="dave@example.org")
        rows = self.wait_history(3)
        self.assertEqual(len(rows), 3)
        # Within one second the order is that of the workers' queues.
        first = next(row for row in rows if (row["user"], row["sender"]) == (ALICE, "bob@example.net"))
        self.assertEqual(
            (first["user"], first["sender"], first["evidence"], first["tier"], first["score"]),
            (ALICE, "bob@example.net", "E3", "known", "-6.0"),
        )
        self.assertEqual(
            first["message_id_sha256"], hashlib.sha256(b"1@example.net").hexdigest()
        )
        for args, count in (
            (("--user", "alice"), 2),
            (("--user", "dave@example.org"), 1),
            (("--sender", "bob@example.net"), 2),
            (("--sender", "example.com"), 1),
            (("--tier", "unknown"), 2),
            (("--tier", "known"), 1),
            (("--since", "1h"), 3),
            (("--since", "0m", "--user", "alice", "--tier", "blocked"), 0),
        ):
            with self.subTest(args=args):
                self.assertEqual(len(self.ctl_json("history", *args)), count)
        self.assertIn("mallory@example.com", self.ctl("history").stdout)
        status = self.ctl_json("status")
        self.assertEqual(status["decisions"], 3)
        self.assertGreaterEqual(status["oldest_decision"], first["at"] - 1)

    def test_follow_prints_what_comes(self):
        follower = subprocess.Popen(
            [str(harness.TRUSTCTL), "--store", str(self.store), "history", "--follow", "--json"],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(follower.wait)
        self.addCleanup(follower.terminate)
        self.addCleanup(follower.stdout.close)
        for number in range(3):
            self.rules(proven(f"s{number}@example.net", number=number))
            row = json.loads(follower.stdout.readline())
            self.assertEqual(row["sender"], f"s{number}@example.net")

    def test_history_can_be_off(self):
        self.spamd.stop()
        spamd = self.daemon("-x", config=CONFIG + "history 0\n", store=self.store).start()
        self.rules(proven("bob@example.net"), daemon=spamd)
        spamd.stop()
        self.assertEqual(self.ctl_json("history"), [])

    def test_a_stop_loses_no_decision(self):
        for number in range(50):
            self.rules(proven("bob@example.net", number=number))
        self.spamd.stop()
        self.assertEqual(len(self.ctl_json("history")), 50)


class UpgradeTest(harness.DaemonTest):
    def test_ledger_of_the_version_before_is_brought_up_to_date(self):
        store = self.make_store(("user", "add", ALICE))
        archive = os.path.join(os.path.dirname(__file__), "stores", "ledger-1.tar.gz")
        shutil.rmtree(store / "ledger")
        shutil.unpack_archive(archive, store)
        (store / "ledger").chmod(0o750)
        share_store(store)
        done = trustctl(store, "history", check=False)
        self.assertRegex(done.stderr, "schema 1 is older.*start spamd-trust")
        spamd = self.daemon("-x", "--allow-tell", config=CONFIG, store=store).start()
        spamd.wait_log("ledger open in")
        wire = request(
            "TELL",
            harness.HAM,
            user=ALICE,
            headers=["Message-class: spam", "Set: local"],
        )
        self.assertNotIn(b"DidSet", spamd.exchange(wire), "it was reported before")
        self.assertEqual(json.loads(trustctl(store, "status", "--json").stdout)["reports"], 1)


if __name__ == "__main__":
    harness.main()
