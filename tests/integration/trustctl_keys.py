#!/usr/bin/env python3
"""The life cycle of keys, as people go through it: docs/KEYS.md, and what goes wrong."""

import fcntl
import json
import os
import pathlib
import pty
import resource
import select
import signal
import stat
import subprocess
import sys
import tempfile
import termios
import time
import unittest

import harness
from harness import PATIENCE_S, TRUSTCTL, request, share_store
from trustctl import ALICE, TrustctlTest

EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_NOUSER, EX_UNAVAILABLE = 64, 65, 66, 67, 69
EX_CANTCREAT, EX_NOPERM = 73, 77

PASSPHRASE = "correct horse battery"
BOB, CAROL = "bob@example.org", "carol@example.org"
NOTIFY_MAIL = pathlib.Path(__file__).parents[2] / "docs" / "examples" / "notify-mail"


class KeysTest(TrustctlTest):
    """alice, with a passphrase in a file that only she may read."""

    def setUp(self):
        super().setUp()
        self.secret = self.passphrase(PASSPHRASE)

    def passphrase(self, text, name="passphrase"):
        path = self.file(name, text + "\n")
        path.chmod(0o600)
        return path

    def identity(self, user=ALICE):
        return self.json("user", "show", user)["identity"]

    def show(self, *whose):
        return self.json("identity", "show", *(whose or ("--user", ALICE)))

    def export(self, name, *options):
        path = self.dir / name
        self.call(
            "identity", "export", "--user", ALICE, "--passphrase-file", self.secret, *options, path
        )
        return path

    def bring_back(self, path, secret=None):
        self.call("identity", "import", "--passphrase-file", secret or self.secret, path)

    def second_site(self):
        other = self.dir / "other"
        self.assertEqual(self.run_on(other, "init", "--domain", "example.com").returncode, 0)
        return other

    def on(self, store, *args, **kwargs):
        done = self.run_on(store, *args, **kwargs)
        self.assertEqual(done.returncode, 0, f"{args}\n{done.stderr}")
        return done.stdout

    @staticmethod
    def let_a_second_pass():
        """Statements are dated in seconds; what happens in one of them happens at once."""
        second = int(time.time()) + 1
        while time.time() < second:
            select.select([], [], [], second - time.time())
        return second

    def key_files(self, prefix=""):
        return sorted(p.name for p in (self.store / "keys").glob(prefix + "*"))


class OfflineRoot(KeysTest):
    def test_root_goes_to_a_stick_and_the_host_goes_on_with_its_device(self):
        stick = self.export("alice.root", "--remove")
        self.assertEqual(stat.S_IMODE(stick.stat().st_mode), 0o600)
        text = stick.read_text()
        self.assertRegex(text, r"\Atrust-key1\.root\.[\w-]{43}\.[\w-]{106}\n\Z")
        self.assertFalse(self.show()["root_here"])
        self.assertEqual(self.key_files(f"root-{self.identity()}"), [])
        self.call("vouch", "--user", ALICE, "bob@example.net")
        self.refuse(
            EX_UNAVAILABLE, "identity import", "device", "add", "--user", ALICE
        )
        self.bring_back(stick)
        self.assertTrue(self.show()["root_here"])
        self.call("device", "add", "--user", ALICE, "--here")

    def test_next_root_is_kept_apart_and_is_no_root(self):
        stick = self.export("alice.next", "--next", "--remove")
        self.assertFalse(self.show()["next_here"])
        self.assertTrue(self.show()["root_here"])
        self.bring_back(stick)
        self.assertTrue(self.show()["next_here"])

    def test_wrong_passphrase_and_changed_files_bring_nothing_back(self):
        stick = self.export("alice.root", "--remove")
        wrong = self.passphrase("incorrect horse", "wrong")
        self.refuse(
            EX_DATAERR, "passphrase is wrong", "identity", "import", "--passphrase-file", wrong, stick
        )
        text = stick.read_text().strip()
        for changed in (text[:-1], text[:60], text[:-4] + "AAAA", "", "trust-key1.", text + text):
            path = self.file("changed", changed)
            done = self.run_ctl("identity", "import", "--passphrase-file", self.secret, path)
            self.assertEqual(done.returncode, EX_DATAERR, changed)
        self.assertFalse(self.show()["root_here"])
        self.bring_back(stick)
        self.refuse(
            EX_CANTCREAT, "never overwritten", "identity", "import", "--passphrase-file", self.secret, stick
        )

    def test_an_export_never_replaces_a_file_and_short_passphrases_are_refused(self):
        there = self.file("there", "something else")
        whose = ("identity", "export", "--user", ALICE, "--remove")
        self.refuse(EX_CANTCREAT, "never replaces", *whose, "--passphrase-file", self.secret, there)
        self.assertEqual(there.read_text(), "something else")
        short = self.passphrase("short", "short")
        self.refuse(EX_DATAERR, "too short", *whose, "--passphrase-file", short, self.dir / "new")
        empty = self.passphrase("", "empty")
        self.refuse(EX_DATAERR, "empty", *whose, "--passphrase-file", empty, self.dir / "new")
        self.secret.chmod(0o644)
        self.refuse(
            EX_NOPERM, "chmod 600", *whose, "--passphrase-file", self.secret, self.dir / "new"
        )
        self.assertFalse((self.dir / "new").exists())
        self.assertTrue(self.show()["root_here"])

    def test_a_write_that_is_cut_short_leaves_no_file_and_keeps_the_key(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))

        path = self.dir / "cut"
        done = self.run_ctl(
            "identity", "export", "--user", ALICE, "--remove",
            "--passphrase-file", self.secret, path, preexec_fn=limit,
        )  # fmt: skip
        self.assertNotEqual(done.returncode, 0)
        self.assertFalse(path.exists())
        self.assertTrue(self.show()["root_here"])
        self.assertEqual(self.run_ctl("identity", "export", "--user", ALICE, "--remove",
                                      "--passphrase-file", self.secret, path).returncode, 0)  # fmt: skip

    def test_a_directory_that_cannot_be_written_keeps_the_key(self):
        path = self.dir / "missing" / "root"
        done = self.run_ctl(
            "identity", "export", "--user", ALICE, "--remove", "--passphrase-file", self.secret, path
        )
        self.assertNotEqual(done.returncode, 0)
        self.assertTrue(self.show()["root_here"])

    def test_the_passphrase_may_come_through_a_descriptor(self):
        ends = os.pipe()
        os.write(ends[1], (PASSPHRASE + "\n").encode())
        os.close(ends[1])
        path = self.dir / "by-fd"
        self.call(
            "identity", "export", "--user", ALICE, "--passphrase-fd", ends[0], path,
            pass_fds=(ends[0],),
        )  # fmt: skip
        os.close(ends[0])
        done = self.run_ctl("identity", "import", "--passphrase-fd", "999", path)
        self.assertNotEqual(done.returncode, 0)

    def test_without_a_terminal_it_says_where_the_passphrase_may_come_from(self):
        done = self.run_ctl(
            "identity", "export", "--user", ALICE, self.dir / "new", start_new_session=True
        )
        self.assertEqual(done.returncode, EX_UNAVAILABLE)
        self.assertIn("--passphrase-file", done.stderr)

    def ask(self, answers, *args):
        """Runs it on a terminal of its own and types. Returns status and what was shown."""
        master, slave = pty.openpty()

        def take_terminal():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        child = subprocess.Popen(
            [str(TRUSTCTL), "--store", str(self.store), *map(str, args)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave,
            preexec_fn=take_terminal, close_fds=True, pass_fds=(slave,),
        )  # fmt: skip
        os.close(slave)
        shown, asked = b"", 0
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            ready, _, _ = select.select([master], [], [], 0.1)
            if ready:
                try:
                    shown += os.read(master, 4096)
                except OSError:
                    break
            if asked < len(answers) and shown.count(b": ") > asked:
                os.write(master, answers[asked].encode() + b"\n")
                asked += 1
            if not ready and child.poll() is not None:
                break
        os.close(master)
        return child.wait(PATIENCE_S), shown.decode()

    def test_the_terminal_is_asked_twice_and_shows_nothing(self):
        path = self.dir / "typed"
        status, shown = self.ask(
            [PASSPHRASE, PASSPHRASE], "identity", "export", "--user", ALICE, path
        )
        self.assertEqual(status, 0, shown)
        self.assertIn("passphrase", shown)
        self.assertNotIn(PASSPHRASE, shown)
        status, shown = self.ask(
            [PASSPHRASE, "something else"], "identity", "export", "--user", ALICE, self.dir / "no"
        )
        self.assertEqual(status, EX_DATAERR, shown)
        self.assertFalse((self.dir / "no").exists())

    def test_no_secret_is_left_in_the_store_that_the_daemon_reads(self):
        for path in (self.store / "keys").iterdir():
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)
        self.assertEqual(stat.S_IMODE((self.store / "keys").stat().st_mode), 0o700)


class Identities(KeysTest):
    def test_an_identity_that_is_no_user_speaks_for_itself(self):
        made = self.json("identity", "create")["identity"]
        self.call("vouch", "--as", made, "bob@example.net")
        self.assertEqual(self.show("--as", made)["state"], "alive")
        self.call("bind", "--as", made, "workshop@example.net")
        self.refuse(EX_NOPERM, "another user", "bind", "--as", made, ALICE)
        self.call("bind", "--as", made, "--withdraw", "workshop@example.net")
        self.refuse(EX_DATAERR, "never bound", "bind", "--as", made, "--withdraw", "x@example.net")
        self.refuse(EX_USAGE, "43 characters", "identity", "show", "--as", "nonsense")

    def test_a_users_further_address(self):
        self.call("bind", "--user", ALICE, "a.smith@example.org")
        bound = [s for s in self.json("statement", "list") if s["act"] == "bind"]
        self.assertIn("addr:a.smith@example.org", [s["subject"] for s in bound])
        self.refuse(EX_USAGE, "not a mail address", "bind", "--user", ALICE, "example.org")


class Bindings(KeysTest):
    def tier(self, store):
        user = ("why", "--user", "zoe@example.com", ALICE, "--json")
        return json.loads(self.on(store, *user))["tier"]

    def test_another_site_believes_them_once_it_knows_who_speaks_for_the_domain(self):
        other = self.second_site()
        self.on(other, "user", "add", "zoe@example.com")
        self.on(other, "statement", "import", self.file("all", self.call("statement", "export")))
        who = f"id:{self.identity()}"
        self.on(other, "friend", "add", "--user", "zoe@example.com", "--level", "strong", who)
        self.assertEqual(self.tier(other), "unknown")
        site = self.show("--site")["identity"]
        self.on(other, "friend", "add", "--site", "--identity", site, "example.org")
        self.assertEqual(self.tier(other), "well-trusted")
        why = ("why", "--user", "zoe@example.com", "mallory@example.org", "--json")
        self.assertEqual(json.loads(self.on(other, *why))["tier"], "unknown")


class SecondDevice(KeysTest):
    def code(self):
        return self.json("device", "add", "--user", ALICE)["code"]

    def request(self, store, code, label="phone"):
        path = self.file("code", code)
        return self.file("request", self.on(store, "device", "join", "--label", label, path))

    def test_a_second_device_joins_with_a_code_and_speaks(self):
        other = self.second_site()
        request = self.request(other, self.code())
        self.assertNotIn("PRIVATE", request.read_text())
        certificate = self.file(
            "certificate", self.call("device", "add", "--user", ALICE, request)
        )
        self.on(other, "statement", "import", certificate)
        who = self.identity()
        self.on(other, "vouch", "--as", who, "bob@example.net")
        vouch = self.file("vouches", self.on(other, "statement", "export"))
        done = self.run_ctl("statement", "import", vouch)
        self.assertRegex(done.stdout, r"added +vouch")
        listed = {d["label"]: d for d in self.json("device", "list", "--user", ALICE)}
        self.assertEqual(listed["phone"]["state"], "alive")
        self.assertFalse(listed["phone"]["here"])

    def test_a_code_is_good_once(self):
        other = self.second_site()
        request = self.request(other, self.code())
        self.call("device", "add", "--user", ALICE, request)
        self.refuse(EX_UNAVAILABLE, "no code is open", "device", "add", "--user", ALICE, request)

    def test_an_answer_to_another_code_is_refused_and_five_close_it(self):
        other = self.second_site()
        stale = self.request(other, self.code())
        good = self.file("good", self.on(other, "device", "join", self.file("c", self.code())))
        for _ in range(5):
            self.refuse(EX_DATAERR, "another code", "device", "add", "--user", ALICE, stale)
        self.refuse(EX_UNAVAILABLE, "no code is open", "device", "add", "--user", ALICE, good)
        self.assertEqual(len(self.json("device", "list", "--user", ALICE)), 1)

    def test_codes_expire_on_both_sides(self):
        other = self.second_site()
        code = self.code()
        head, expires, tail = code.rsplit(".", 2)
        past = f"{head}.{int(expires) - 601}.{tail}"
        done = self.run_on(other, "device", "join", self.file("past", past))
        self.assertEqual(done.returncode, EX_DATAERR)
        self.assertIn("expired", done.stderr)
        request = self.request(other, code)
        invitation = self.store / "keys" / f"joining-{self.identity()}"
        self.assertEqual(stat.S_IMODE(invitation.stat().st_mode), 0o600)
        invitation.write_text(invitation.read_text().replace(expires, str(int(expires) - 601)))
        self.refuse(EX_DATAERR, "expired", "device", "add", "--user", ALICE, request)
        self.refuse(EX_UNAVAILABLE, "no code is open", "device", "add", "--user", ALICE, request)

    def test_what_is_no_code_and_no_request_is_refused(self):
        other = self.second_site()
        self.code()
        for text in ("", "trust-join1.x.1.y", "trust-device1", "x" * 4000):
            path = self.file("bad", text)
            self.assertEqual(self.run_on(other, "device", "join", path).returncode, EX_DATAERR)
            self.refuse(EX_DATAERR, "not a request|too long|: ", "device", "add", "--user", ALICE, path)
        listed = self.on(other, "device", "list", "--as", self.identity(), "--json")
        self.assertEqual(json.loads(listed), [])


class Guardians(KeysTest):
    def setUp(self):
        super().setUp()
        self.call("user", "add", BOB)
        self.call("user", "add", CAROL)

    def name_them(self, *options):
        self.call(
            "guardians", "--user", ALICE, "--guardian", BOB, "--guardian", CAROL, *options
        )

    def test_two_friends_stop_an_identity_without_its_owner(self):
        self.name_them()
        first = self.json("guard", "--user", BOB, ALICE)
        self.assertFalse(first["stopped"])
        second = self.json("guard", "--user", CAROL, ALICE)
        self.assertTrue(second["stopped"])
        self.assertEqual(second["soft_until"], second["since"] + 14 * 86400)
        self.assertIn("stopped", self.show()["state"])
        self.assertEqual(self.scan_of(ALICE)["tier"], "revoked")
        undone = self.json("guard", "--user", BOB, "--withdraw", ALICE)
        self.assertFalse(undone["stopped"])
        self.assertEqual(self.show()["state"], "alive")
        self.assertNotEqual(self.scan_of(ALICE)["tier"], "revoked")

    def scan_of(self, sender):
        return self.json("why", "--user", BOB, sender)

    def test_who_is_no_guardian_and_who_never_spoke_is_told(self):
        self.refuse(EX_NOPERM, "no guardian", "guard", "--user", BOB, ALICE)
        self.name_them()
        self.refuse(EX_DATAERR, "never said", "guard", "--user", BOB, "--withdraw", ALICE)
        for whom in ("nobody", "stranger@example.net", "example.net", "stranger@"):
            self.refuse(EX_USAGE, "neither", "guard", "--user", BOB, whom)

    def test_a_friend_elsewhere_is_named_by_address_once_his_identity_is_known(self):
        # Who writes from there is carol, as alice has confirmed for herself.
        carol = self.json("identity", "show", "--user", CAROL)["identity"]
        whom = "dora@example.net"
        self.call("friend", "add", "--user", ALICE, "--identity", carol, whom)
        self.refuse(EX_NOPERM, f"no guardian of id:{carol}", "guard", "--user", ALICE, whom)
        self.refuse(EX_USAGE, "neither", "guard", "--user", BOB, whom)
        self.call("guardians", "--user", ALICE, "--guardian", whom, "--guardian", BOB)
        self.assertIn(carol, self.show()["guardians"])

    def test_a_change_of_guardians_waits(self):
        self.name_them()
        self.call("user", "add", "dora@example.org")
        self.let_a_second_pass()
        self.call("guardians", "--user", ALICE, "--guardian", "dora@example.org")
        shown = self.show()
        self.assertEqual(len(shown["guardians"].split()), 2)
        self.assertEqual(shown["change"], self.identity("dora@example.org"))
        self.assertGreater(shown["change_at"], time.time() + 29 * 86400)
        self.json("guard", "--user", "dora@example.org", ALICE)
        self.assertEqual(self.show()["state"], "alive")

    def test_calls_that_make_no_sense(self):
        whose = ("guardians", "--user", ALICE)
        self.refuse(EX_USAGE, "--guardian", *whose)
        self.refuse(EX_USAGE, "himself", *whose, "--guardian", ALICE)
        self.refuse(EX_USAGE, "twice", *whose, "--guardian", BOB, "--guardian", BOB)
        self.refuse(EX_USAGE, "between 1", *whose, "--guardian", BOB, "--needed", "2")
        self.refuse(EX_NOUSER, "neither", *whose, "--guardian", "nobody")


class Hacked(KeysTest):
    def notices(self):
        """A notify_command that keeps what it is told."""
        log = self.dir / "told"
        script = self.file("notify", f"#!/bin/sh\ncat >>{log}\necho >>{log}\n")
        script.chmod(0o755)
        config = self.dir / "notify.cf"
        config.write_text(f"notify_command {script}\n")
        return log, config

    def test_a_stolen_device_is_revoked_and_its_good_statements_are_signed_again(self):
        log, config = self.notices()
        self.call("vouch", "--user", ALICE, "good@example.net")
        (old,) = self.json("device", "list", "--user", ALICE)
        time_of_theft = self.let_a_second_pass()
        self.call("vouch", "--user", ALICE, "--level", "strong", "mallory@example.com")
        done = self.call(
            "revoke", "--user", ALICE, "-C", config, "--device", old["key"][:8],
            "--since", time_of_theft, "--why", "hacked",
        )  # fmt: skip
        self.assertIn("What to do next", done)
        devices = {d["key"]: d for d in self.json("device", "list", "--user", ALICE)}
        self.assertEqual(devices.pop(old["key"])["state"], "revoked")
        self.assertEqual([d["state"] for d in devices.values()], ["alive"])
        published = {f["subject"]: f["published"] for f in self.json("friend", "list", "--user", ALICE)}
        self.assertEqual(published, {"good@example.net": "ordinary"})
        told = json.loads(log.read_text())
        self.assertEqual(told["event"], "device revoked")
        self.assertEqual(told["owner"], [ALICE])
        self.assertEqual(told["since"], time_of_theft)
        self.call("rebuild")
        published = {f["subject"]: f["published"] for f in self.json("friend", "list", "--user", ALICE)}
        self.assertEqual(published, {"good@example.net": "ordinary"})
        self.assertEqual(self.key_files(f"device-{self.identity()}-{old['key']}"), [])

    def test_a_failing_notify_command_changes_nothing_and_is_told(self):
        config = self.dir / "notify.cf"
        config.write_text("notify_command /nonexistent/program\n")
        (old,) = self.json("device", "list", "--user", ALICE)
        done = self.run_ctl("device", "revoke", "--user", ALICE, "-C", config, old["key"])
        self.assertEqual(done.returncode, 0)
        self.assertIn("notify_command", done.stderr)

    def test_the_ready_script_mails_owner_and_guardians(self):
        log = self.dir / "mail"
        sendmail = self.file("sendmail", f'#!/bin/sh\necho "$@" >{log}\ncat >>{log}\n')
        sendmail.chmod(0o755)
        notice = {
            "event": "device revoked", "identity": self.identity(), "name": ALICE,
            "what": "key:x", "label": "phone", "since": 1764000000, "why": "hacked",
            "owner": [ALICE], "guardians": [BOB, "-oQ/tmp"],
        }  # fmt: skip
        subprocess.run(
            [sys.executable, NOTIFY_MAIL], input=json.dumps(notice), text=True, check=True,
            env={"PATH": os.environ["PATH"], "SENDMAIL": str(sendmail)},
        )  # fmt: skip
        text = log.read_text()
        self.assertTrue(text.startswith(f"-i -- {ALICE} {BOB}\n"), text)
        self.assertIn("Subject: spamd-trust: device revoked", text)

    def test_without_the_root_a_device_revokes_itself(self):
        self.export("alice.root", "--remove")
        (old,) = self.json("device", "list", "--user", ALICE)
        done = self.call("device", "revoke", "--user", ALICE, old["key"])
        self.assertIn("no other device here", done)
        (device,) = self.json("device", "list", "--user", ALICE)
        self.assertEqual(device["state"], "revoked")
        self.refuse(EX_UNAVAILABLE, "device key", "vouch", "--user", ALICE, "x@example.net")

    def test_the_next_root_continues_the_identity_and_friends_stay(self):
        self.call("user", "add", BOB)
        self.call("vouch", "--user", ALICE, "good@example.net")
        old = self.identity()
        self.call("friend", "add", "--user", BOB, "--level", "strong", f"id:{old}")
        stick = self.export("alice.next", "--next", "--remove")
        self.refuse(EX_UNAVAILABLE, "next root", "succeed", "--user", ALICE)
        self.call("revoke", "--user", ALICE, "--force", "--why", "hacked")
        self.assertEqual(self.json("why", "--user", BOB, ALICE)["tier"], "revoked")
        self.bring_back(stick)
        self.call("succeed", "--user", ALICE)
        self.assertNotEqual(self.identity(), old)
        self.assertEqual(self.show("--as", old)["successor"], self.identity())
        self.assertEqual(self.json("why", "--user", BOB, ALICE)["tier"], "well-trusted")
        self.assertIn("good@example.net", self.friends())
        self.call("vouch", "--user", ALICE, "more@example.net")
        self.call("rebuild")
        self.assertEqual(self.json("why", "--user", BOB, ALICE)["tier"], "well-trusted")
        self.refuse(EX_UNAVAILABLE, "next root", "succeed", "--as", old)

    def test_a_whole_identity_is_not_revoked_by_a_slip(self):
        self.refuse(EX_USAGE, "--force", "revoke", "--user", ALICE)
        self.refuse(EX_NOINPUT, "no device", "revoke", "--user", ALICE, "--device", "toaster")
        self.refuse(EX_USAGE, "--since", "device", "revoke", "--user", ALICE, "--since", "soon", "x")
        self.refuse(EX_USAGE, "--why", "device", "revoke", "--user", ALICE, "--why", "bored", "x")

    def test_the_paper_in_the_drawer_ends_it_everywhere(self):
        sheet = self.dir / "sheet"
        self.call("identity", "paper", "--user", ALICE, sheet)
        self.assertIn("<svg", (self.dir / "sheet.svg").read_text())
        self.refuse(EX_CANTCREAT, "already", "identity", "paper", "--user", ALICE, sheet)
        who = self.identity()
        other = self.second_site()
        self.on(other, "statement", "import", self.file("all", self.call("statement", "export")))
        text = sheet.read_text()
        link = text[text.index("trust:") :].split("\n\n")[0]
        damaged = self.file("damaged", link[:-8] + "AAAAAAAA")
        done = self.run_on(other, "revoke", "--paper", damaged)
        self.assertEqual(done.returncode, EX_DATAERR)
        self.assertEqual(
            json.loads(self.on(other, "identity", "show", "--as", who, "--json"))["state"], "alive"
        )
        typed = self.file("typed", link.replace("\n", " \n  "))
        self.on(other, "revoke", "--paper", typed)
        state = json.loads(self.on(other, "identity", "show", "--as", who, "--json"))
        self.assertEqual(state["state"], "revoked")
        self.assertLessEqual(state["revoked_since"], time.time())
        self.call("revoke", "--paper", sheet)
        self.assertEqual(self.show()["state"], "revoked")


class Refile(harness.DaemonTest):
    CONFIG = "authres_trusted_authserv mx.example.org\nauthres_position below\n"
    MESSAGE = b"""\
Received: from out.example.org (out.example.org [192.0.2.7]) by mx.example.org (Postfix)
 with ESMTP id 1; Mon, 23 Nov 2026 10:00:00 +0000
Authentication-Results: mx.example.org; dkim=pass header.d=example.org
From: Alice <alice@example.org>
To: bob@example.org
Message-ID: <1@example.org>
Subject: quick question

Are you at your desk?
"""

    def ctl(self, *args):
        return harness.trustctl(self.store, *args)

    def listed(self, *args):
        return json.loads(self.ctl("refile", "--json", *args).stdout)

    def test_mail_that_a_thief_got_through_is_listed_after_the_revocation(self):
        self.store = self.make_store(
            ("user", "add", ALICE),
            ("user", "add", BOB),
            ("friend", "add", "--user", BOB, "--level", "strong", ALICE),
        )
        self.assertEqual(harness.trustctl(self.store, "refile", check=False).returncode, EX_UNAVAILABLE)
        daemon = self.daemon("-x", store=self.store, config=self.CONFIG)
        daemon.start()
        reply = daemon.exchange(request("SYMBOLS", self.MESSAGE, user=BOB))
        self.assertIn(b"TRUST_WELL", reply, daemon.tail())
        daemon.stop()
        self.assertEqual(self.listed(), [])
        self.ctl("revoke", "--user", ALICE, "--force", "--since", "1h")
        share_store(self.store)
        (found,) = self.listed()
        self.assertEqual(found["user"], BOB)
        self.assertEqual(found["sender"], ALICE)
        self.assertEqual((found["tier"], found["tier_now"]), ("well-trusted", "revoked"))
        self.assertEqual(len(found["message_id_sha256"]), 64)
        self.assertEqual(self.listed("--user", ALICE), [])
        self.assertEqual(len(self.listed("--since", "1d", "--user", BOB)), 1)


if __name__ == "__main__":
    unittest.main()
