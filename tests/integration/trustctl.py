#!/usr/bin/env python3
"""trustctl as administrators and their scripts call it."""

import contextlib
import email.utils
import json
import os
import pathlib
import pty
import pwd
import re
import resource
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
import unittest

import harness
from harness import ACCOUNT, HAM, PATIENCE_S, TRUSTCTL, is_root, request, share_store, wait_for

EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_NOUSER = 64, 65, 66, 67
EX_UNAVAILABLE, EX_CANTCREAT, EX_IOERR, EX_NOPERM, EX_CONFIG = 69, 73, 74, 77, 78

ALICE = "alice@example.org"

MESSAGE = """\
Received: from mx.example.net (mx.example.net [192.0.2.7]) by mail.example.org (Postfix)
 with ESMTP id 1; Mon, 23 Nov 2026 10:00:00 +0000
Authentication-Results: mail.example.org; dkim=pass header.d=example.net
From: Bob <bob@example.net>
To: alice@example.org
Subject: lunch

At noon?
"""

CONFIG = "authres_trusted_authserv mail.example.org\nauthres_position below\n"


class TrustctlTest(unittest.TestCase):
    """Each test has a store of its own with alice as its user."""

    maxDiff = None

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="trustctl-test-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.dir.chmod(0o755)
        self.store = self.dir / "store"
        (self.dir / "local.cf").write_text(CONFIG)
        self.call("init", "--domain", "example.org")
        self.call("user", "add", ALICE)

    def run_on(self, store, *args, **kwargs):
        """Runs it and returns what happened; the environment is ours alone."""
        kwargs.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(
            [str(TRUSTCTL), "--store", str(store), *map(str, args)],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
            env={"PATH": os.environ["PATH"]},
            **kwargs,
        )

    def run_ctl(self, *args, **kwargs):
        return self.run_on(self.store, *args, **kwargs)

    def call(self, *args, **kwargs):
        """Runs it, expects success, returns its output."""
        done = self.run_ctl(*args, **kwargs)
        self.assertEqual(done.returncode, 0, f"{args}\n{done.stderr}")
        return done.stdout

    def json(self, *args):
        return json.loads(self.call(*args, "--json"))

    def refuse(self, status, pattern, *args, **kwargs):
        """Runs it, expects that exit status and a message that matches."""
        done = self.run_ctl(*args, **kwargs)
        self.assertEqual(done.returncode, status, f"{args}\n{done.stdout}{done.stderr}")
        self.assertRegex(done.stderr, pattern)
        self.assertTrue(done.stderr.startswith("trustctl"), done.stderr)
        return done

    def file(self, name, content):
        path = self.dir / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def friends(self, user=ALICE):
        return {f["subject"]: f for f in self.json("friend", "list", "--user", user)}

    def scan(self, user=ALICE):
        """The verdict on a proven message from bob, as JSON."""
        message = self.file("message.eml", MESSAGE)
        return self.json("scan", "--user", user, "-C", self.dir / "local.cf", message)


class Commands(TrustctlTest):
    """What the commands do, called as they are documented."""

    def test_lines_that_others_rely_on_work_as_they_stand(self):
        self.call("vouch", "--user", ALICE, "bob@example.net")
        self.call("friend", "add", "--user", ALICE, "--level", "strong", "carol@example.net")
        self.call("block", "--user", ALICE, "mallory@example.com")
        lines = self.call("statement", "export").splitlines()
        self.assertTrue(all(line.count(".") == 2 for line in lines))
        message = self.file("FILE", MESSAGE)
        self.assertIn("TRUST_", self.call("scan", "--user", ALICE, message))
        why = json.loads(self.call("why", "--user", ALICE, message, "--json"))
        self.assertEqual(why["recipient"], ALICE)

    def test_store_comes_from_the_environment_too(self):
        done = subprocess.run(
            [str(TRUSTCTL), "user", "list"],
            capture_output=True,
            text=True,
            check=True,
            env={"SPAMD_TRUST_STORE": str(self.store)},
        )
        self.assertIn(ALICE, done.stdout)

    def test_init_twice_changes_nothing_and_another_domain_is_refused(self):
        before = self.call("statement", "export")
        self.call("init", "--domain", "Example.ORG")
        self.assertEqual(self.call("statement", "export"), before)
        self.refuse(EX_CANTCREAT, "already that of example.org", "init", "--domain", "example.net")

    def test_user_add_makes_and_exports_identity_device_and_binding(self):
        acts = [s["act"] for s in self.json("statement", "list") if s["issuer"] == self.identity()]
        self.assertEqual(sorted(acts), ["bind", "device", "identity"])
        for line in self.call("statement", "export").splitlines():
            self.assertEqual(self.run_ctl("statement", "verify", input=line, stdin=None).returncode, 0)

    def identity(self, user=ALICE):
        return self.json("user", "show", user)["identity"]

    def test_user_aliases_find_the_user_and_belong_to_one(self):
        self.call("user", "add", "bob@example.org", "--alias", "bobby", "--alias", "B@example.org")
        self.assertEqual(self.json("user", "show", "bobby")["address"], "bob@example.org")
        self.assertEqual(self.json("user", "show", "b@example.org")["address"], "bob@example.org")
        self.refuse(EX_CANTCREAT, "bob", "user", "add", "carl@example.org", "--alias", "bobby")
        self.assertEqual(len(self.json("user", "list")), 2, "carl was not half added")
        self.refuse(EX_CANTCREAT, "is a user already", "user", "add", "bob@example.org")
        self.call("user", "add", "bob@example.org", "--alias", "robert")
        aliases = ["b@example.org", "bobby", "robert"]
        self.assertEqual(sorted(self.json("user", "show", "bob@example.org")["aliases"]), aliases)
        self.assertEqual(self.json("user", "show", ALICE)["aliases"], [])
        self.assertIn("bobby, ", self.call("user", "list"))

    def test_a_removed_user_leaves_nothing_in_force(self):
        user = "bob@example.org"
        self.call("user", "add", user, "--alias", "bobby")
        old = self.identity(user)
        self.call("friend", "add", "--user", user, "--publish", "carol@example.net")
        self.call("friend", "add", "--user", user, "dave@example.net")
        self.call("block", "--user", user, "--publish", "mallory@example.com")
        self.call("friend", "add", "--user", ALICE, "dave@example.net")
        status = self.json("status")
        self.assertEqual((status["edges"], status["blocks"]), (1, 1))
        removed = self.json("user", "remove", "bobby")
        self.assertEqual((removed["address"], removed["identity"]), (user, old))
        self.assertEqual((removed["entries"], removed["taken_back"]), (3, 3))
        status = self.json("status")
        self.assertEqual((status["edges"], status["blocks"], status["users"]), (0, 0, 1))
        self.assertEqual(status["private_entries"], 1, "alice keeps hers")
        for name in (user, "bobby"):
            self.refuse(EX_NOUSER, "no user", "user", "remove", name)
            self.refuse(EX_NOUSER, "user", "friend", "list", "--user", name)
        self.call("rebuild")
        self.assertEqual(self.json("status")["edges"], 0)
        self.call("user", "add", "carl@example.org", "--alias", "bobby")
        self.call("user", "add", user)
        self.assertNotEqual(self.identity(user), old)
        self.assertEqual(self.json("friend", "list", "--user", user), [])

    def test_removal_without_the_device_key_has_to_be_wanted(self):
        for key in (self.store / "keys").glob(f"device-{self.identity()}-*"):
            key.unlink()
        self.refuse(EX_UNAVAILABLE, "--force", "user", "remove", ALICE)
        self.assertEqual(len(self.json("user", "list")), 1)
        self.assertEqual(self.json("user", "remove", "--force", ALICE)["taken_back"], 0)
        self.assertEqual(self.json("user", "list"), [])

    def test_users_from_a_file_are_all_added_or_none(self):
        faulty = self.file("faulty", "carl@example.org\nno address\n\ndora@\n")
        done = self.refuse(EX_DATAERR, "nobody was added", "user", "add", "--from-file", faulty)
        self.assertIn(f"{faulty}:2:", done.stderr)
        self.assertIn(f"{faulty}:4:", done.stderr)
        self.assertEqual(len(self.json("user", "list")), 1)
        good = self.file("good", f"# staff\ncarl@example.org carl  # boss\n{ALICE}\n")
        added = self.json("user", "add", "--from-file", good)
        self.assertEqual([user["existed"] for user in added], [False, True])

    def test_friends_are_private_unless_published(self):
        before = self.call("statement", "export")
        self.call("friend", "add", "--user", ALICE, "--note", "cousin", "Bob@Example.NET")
        self.assertEqual(self.call("statement", "export"), before)
        friend = self.friends()["bob@example.net"]
        self.assertEqual((friend["level"], friend["note"]), ("ordinary", "cousin"))
        self.assertIsNone(friend["published"])
        self.call("friend", "add", "--user", ALICE, "--publish", "--level", "3", "bob@example.net")
        friend = self.friends()["bob@example.net"]
        self.assertEqual((friend["level"], friend["published"]), ("strong", "strong"))
        self.assertEqual(friend["note"], "cousin", "what was not mentioned stays")
        self.call("friend", "remove", "--user", ALICE, "bob@example.net")
        self.assertEqual(self.friends(), {}, "the published vouch is withdrawn too")
        self.refuse(EX_DATAERR, "has no friend", "friend", "remove", "--user", ALICE, "bob@example.net")

    def test_a_friend_keeps_a_higher_level_that_is_not_mentioned(self):
        self.call("friend", "add", "--user", ALICE, "--level", "strong", "bob@example.net")
        self.call("friend", "add", "--user", ALICE, "--note", "cousin", "bob@example.net")
        self.assertEqual(self.friends()["bob@example.net"]["level"], "strong")
        self.call("friend", "add", "--user", ALICE, "--level", "weak", "bob@example.net")
        self.assertEqual(self.friends()["bob@example.net"]["level"], "weak")

    def test_a_confirmed_identity_is_recorded(self):
        thumbprint = self.identity()
        self.call("friend", "add", "--user", ALICE, "--identity", thumbprint, "bob@example.net")
        self.assertEqual(self.friends()["bob@example.net"]["identity"], thumbprint)
        self.refuse(EX_USAGE, "43 characters", "friend", "add", "--user", ALICE, "--identity", "x", "b@example.net")
        self.refuse(EX_USAGE, "goes with an address", "friend", "add", "--user", ALICE, "--identity", thumbprint, "list:news.example.net")

    def test_the_site_has_friends_of_its_own(self):
        self.call("friend", "add", "--site", "example.net")
        listed = self.json("friend", "list", "--site")
        self.assertEqual([f["subject"] for f in listed], ["dom:example.net"])
        self.refuse(EX_USAGE, "either --user USER or --site", "friend", "list")

    def test_blocks_count_first_and_can_be_taken_back(self):
        self.call("friend", "add", "--user", ALICE, "--level", "strong", "bob@example.net")
        self.assertEqual(self.scan()["tier"], "well-trusted")
        self.call("block", "--user", ALICE, "--publish", "bob@example.net")
        self.assertEqual(self.scan()["tier"], "blocked")
        self.call("unblock", "--user", ALICE, "bob@example.net")
        self.assertEqual(self.scan()["tier"], "well-trusted")
        self.refuse(EX_DATAERR, "does not block", "unblock", "--user", ALICE, "bob@example.net")

    def test_vouches_have_a_level_an_audience_and_an_end(self):
        self.call("vouch", "--user", ALICE, "--level", "weak", "--aud", "peers", "bob@example.net")
        (vouch,) = [s for s in self.json("statement", "list") if s["act"] == "vouch"]
        self.assertEqual((vouch["level"], vouch["audience"], vouch["seq"]), (1, "peers", 1))
        self.assertGreater(vouch["expires"], vouch["issued"])
        self.call("vouch", "--user", ALICE, "--level", "none", "bob@example.net")
        (vouch,) = [s for s in self.json("statement", "list") if s["act"] == "vouch"]
        self.assertEqual((vouch["level"], vouch["seq"]), (0, 2))
        self.refuse(EX_DATAERR, "never vouched", "vouch", "--user", ALICE, "--level", "none", "c@example.net")

    def test_vouches_for_free_mail_domains_are_refused(self):
        cf = self.file("free.cf", "free_mail_domains freemail.example\n")
        for subject in ("freemail.example", "@freemail.example", "eu.freemail.example"):
            self.refuse(EX_NOPERM, "anybody gets an address", "vouch", "-C", cf, "--user", ALICE, subject)
            self.refuse(EX_NOPERM, "anybody gets an address", "friend", "add", "-C", cf, "--publish", "--user", ALICE, subject)
        self.call("vouch", "-C", cf, "--user", ALICE, "bob@freemail.example")

    def test_why_shows_private_contacts_and_the_arithmetic(self):
        self.call("user", "add", "dave@example.org")
        self.call("friend", "add", "--user", "dave@example.org", "--level", "strong", ALICE)
        self.call("vouch", "--user", ALICE, "--aud", "peers", "bob@example.net")
        why = self.json("why", "--user", "dave@example.org", "bob@example.net")
        self.assertEqual(why["tier"], "known")
        (voucher,) = why["why"]["vouchers"]
        self.assertEqual((voucher["name"], voucher["own_level"]), (ALICE, "strong"))
        self.assertAlmostEqual(why["why"]["strength"], 0.9 * 0.7 * 0.7, places=6)
        self.assertAlmostEqual(why["score"], -(1 + 8 * 0.9 * 0.7 * 0.7), places=6)
        text = self.call("why", "--user", "dave@example.org", "bob@example.net")
        self.assertIn("strong x 0.7 x ordinary = 0.441", text)
        self.assertNotIn(ALICE, self.json_scan_text("dave@example.org"), "scan hides them")

    def json_scan_text(self, user):
        return json.dumps(self.scan(user)["rules"])

    def test_scan_reads_standard_input_and_changes_nothing(self):
        def snapshot():
            return {p: p.read_bytes() for p in self.store.rglob("data.mdb")}

        before = snapshot()
        output = self.call("scan", "--user", ALICE, "-", input=MESSAGE, stdin=None)
        self.assertIn("bob@example.net", output)
        self.assertEqual(snapshot(), before)


class Statements(TrustctlTest):
    """Statements travel between sites as lines of text."""

    def setUp(self):
        super().setUp()
        self.call("vouch", "--user", ALICE, "bob@example.net")
        self.lines = self.call("statement", "export")
        self.other = self.dir / "other"
        self.run_on(self.other, "init", "--domain", "example.net")

    def take(self, text):
        done = self.run_on(self.other, "statement", "import", "--json", input=text, stdin=None)
        return done, [row["result"] for row in json.loads(done.stdout)]

    def test_what_one_site_exports_another_imports(self):
        done, results = self.take(self.lines)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(set(results), {"added"})
        _, results = self.take(self.lines)
        self.assertEqual(set(results), {"known"})
        exported = self.run_on(self.other, "statement", "export").stdout
        self.assertTrue(set(self.lines.split()) <= set(exported.split()))

    def test_older_ones_are_stale_and_bad_ones_refused_with_the_reason(self):
        old = next(line for line in self.lines.split() if self.act(line) == "vouch")
        self.call("vouch", "--user", ALICE, "--level", "strong", "bob@example.net")
        self.take(self.call("statement", "export"))
        forged = old[:-2] + ("AA" if not old.endswith("AA") else "BB")
        done, results = self.take(f"{old}\n\n{forged}\nnonsense\n{'x' * 5000}\n")
        self.assertEqual(results, ["stale", "refused", "refused", "refused"])
        self.assertEqual(done.returncode, EX_DATAERR)
        self.assertIn("3 of 4 refused", done.stderr)
        rows = json.loads(done.stdout)
        self.assertEqual([row["line"] for row in rows], [1, 3, 4, 5])
        self.assertTrue(all(row["reason"] for row in rows))

    def test_of_one_issuers_new_vouches_twenty_count_and_established_ones_all(self):
        for i in range(1, 23):
            self.call("vouch", "--user", ALICE, f"u{i}@example.net")
        self.lines = self.call("statement", "export")
        done, results = self.take(self.lines)
        self.assertEqual((done.returncode, set(results)), (0, {"added"}), done.stderr)
        held = [row for row in json.loads(done.stdout) if row["reason"]]
        self.assertEqual([row["subject"] for row in held],
                         [f"addr:u{i}@example.net" for i in (20, 21, 22)])
        self.assertIn("too many", held[0]["reason"])
        again = ["statement", "import", "--json", "--established"]
        done = self.run_on(self.other, *again, input=self.lines, stdin=None)
        rows = json.loads(done.stdout)
        self.assertEqual({row["result"] for row in rows}, {"known"})
        self.assertFalse([row for row in rows if row["reason"]])

    def act(self, jws):
        shown = self.run_ctl("statement", "show", "-", "--json", input=jws, stdin=None)
        return json.loads(shown.stdout)["act"]

    def test_show_finds_a_stored_one_by_its_id(self):
        stored = self.json("statement", "list")[0]
        for name in (stored["id"], "stmt:" + stored["id"]):
            shown = self.json("statement", "show", name)
            self.assertEqual((shown["act"], shown["signature"]), (stored["act"], "valid"))
        self.refuse(EX_NOINPUT, "no statement", "statement", "show", "A" * 43)

    def test_verify_tells_by_its_exit_status(self):
        good = self.file("good", self.lines)
        bad = self.file("bad", self.lines + "nonsense\n")
        self.call("statement", "verify", good)
        self.refuse(EX_DATAERR, "1 of ", "statement", "verify", bad)
        self.refuse(EX_DATAERR, "no statements", "statement", "verify", self.file("none", "\n"))


class Import(TrustctlTest):
    """Friends from mail and address books."""

    MAIL = [
        ("alice@example.org", "Bob <bob@example.net>, carol@example.net", ""),
        ("bob@example.net", "alice@example.org", ""),
        ("alice@example.org", "no-reply@example.net, alice@example.org", ""),
        ("alice@example.org", "hikers@example.net", "List-Id: <hikers.example.net>\n"),
        ("alice@example.org", "dave@example.net", "Auto-Submitted: auto-replied\n"),
        ("mallory@example.com", "alice@example.org", ""),
    ]

    def messages(self, date=email.utils.formatdate(time.time() - 10 * 86400)):
        for sender, to, more in self.MAIL:
            yield f"From: {sender}\nTo: {to}\nDate: {date}\n{more}\nhello\n"
        yield "To: nobody@example.net\n\nno From\n"

    def mbox(self, **kwargs):
        line = "From alice@example.org Mon Nov 16 10:00:00 2026\n"
        return self.file("mbox", "".join(f"{line}{m}\n" for m in self.messages(**kwargs)))

    def maildir(self):
        root = self.dir / "Maildir"
        for number, message in enumerate(self.messages()):
            folder = root / (".Sent/cur" if number % 2 else "new")
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}:2,S").write_text(message)
        (root / "cur").mkdir()
        (root / "dovecot.index").write_bytes(b"\0\1\2")
        return root

    def levels(self):
        return {name: (f["level"], f["origin"]) for name, f in self.friends().items()}

    def test_a_mailbox_gives_weak_and_ordinary_learned_friends(self):
        expected = {
            "bob@example.net": ("ordinary", "learned"),
            "carol@example.net": ("weak", "learned"),
        }
        summary = self.json("import", "mbox", self.mbox(), "--user", ALICE)
        self.assertEqual(self.levels(), expected)
        self.assertEqual((summary["added"], summary["faults"], summary["robots"]), (2, 1, 1))
        self.assertEqual((summary["list_mail"], summary["automatic"]), (1, 1))
        summary = self.json("import", "maildir", self.maildir(), "--user", ALICE)
        self.assertEqual(self.levels(), expected)
        self.assertEqual(summary["added"], 0)

    def test_file_of_another_kind_is_refused(self):
        card = "BEGIN:VCARD\nVERSION:3.0\nFN:Bob\nEMAIL:bob@example.net\nEND:VCARD\n"
        for kind, text in (
            ("sent", card),
            ("mbox", card),
            ("vcard", MESSAGE),
            ("mutt", card),
            ("mutt", "set realname = Alice\n"),
        ):
            with self.subTest(kind=kind, text=text):
                path = self.file("other", text)
                self.refuse(EX_DATAERR, "there is no ", "import", kind, path, "--user", ALICE)
        empty = self.file("other", "")
        self.call("import", "mbox", empty, "--user", ALICE)
        self.assertEqual(self.json("friend", "list", "--user", ALICE), [])
        self.call("import", "vcard", self.file("other", card), "--user", ALICE)
        (friend,) = self.json("friend", "list", "--user", ALICE)
        self.assertIsNone(friend["last_mail"])

    def test_faults_are_told_with_file_and_line(self):
        path = self.mbox()
        done = self.run_ctl("import", "mbox", path, "--user", ALICE)
        self.assertRegex(done.stderr, re.escape(str(path)) + r":\d+: no usable From; skipped")

    def test_sent_mail_is_not_searched_for_replies(self):
        self.call("import", "sent", self.mbox(), "--user", ALICE)
        self.assertEqual(self.levels()["bob@example.net"], ("weak", "learned"))

    def test_dry_run_shows_what_would_be_done_and_does_nothing(self):
        plan = self.json("import", "mbox", self.mbox(), "--user", ALICE, "--dry-run")
        self.assertEqual(
            {row["address"]: (row["action"], row["level"]) for row in plan},
            {"bob@example.net": ("add", "ordinary"), "carol@example.net": ("add", "weak")},
        )
        self.assertEqual(self.friends(), {})

    def test_what_was_set_by_hand_stays(self):
        self.call("friend", "add", "--user", ALICE, "--level", "strong", "--note", "n", "carol@example.net")
        self.call("block", "--user", ALICE, "bob@example.net")
        self.call("import", "mbox", self.mbox(), "--user", ALICE)
        friends = self.friends()
        self.assertEqual(self.levels()["carol@example.net"], ("strong", "by hand"))
        self.assertEqual(friends["carol@example.net"]["note"], "n")
        self.assertTrue(friends["bob@example.net"]["blocked"])
        self.assertIsNone(friends["bob@example.net"]["level"])

    def test_a_level_makes_them_friends_by_hand(self):
        self.call("import", "mbox", self.mbox(), "--user", ALICE, "--level", "strong")
        self.assertEqual(self.levels()["carol@example.net"], ("strong", "by hand"))

    def test_mail_of_long_ago_makes_no_learned_friends(self):
        old = self.mbox(date="Mon, 16 Nov 2009 10:00:00 +0000")
        summary = self.json("import", "mbox", old, "--user", ALICE)
        self.assertEqual((summary["added"], summary["expired"]), (0, 2))

    def test_address_books_make_ordinary_friends(self):
        vcards = self.file(
            "book.vcf",
            "BEGIN:VCARD\r\nFN:Bob Example\r\nEMAIL:bob@example.net\r\nEND:VCARD\r\n"
            "BEGIN:VCARD\r\nEMAIL:not an address\r\nEMAIL:noreply@example.net\r\nEND:VCARD\r\n",
        )
        done = self.run_ctl("import", "vcard", vcards, "--user", ALICE, "--json")
        self.assertIn(f"{vcards}:6: not a mail address", done.stderr)
        self.assertEqual(json.loads(done.stdout)["faults"], 1)
        self.assertEqual(self.levels(), {"bob@example.net": ("ordinary", "by hand")})
        self.assertEqual(self.friends()["bob@example.net"]["note"], "Bob Example")
        aliases = self.file("aliases", "alias dd Dave <dave@example.net>, dora@example.net\n")
        self.call("import", "mutt", aliases, "--user", ALICE, "--level", "weak")
        self.assertEqual(self.levels()["dora@example.net"], ("weak", "by hand"))

    def test_aliases_of_the_user_are_the_user(self):
        self.call("user", "add", ALICE, "--alias", "ali")
        mail = self.file("mail", "From: ali@example.org\nTo: bob@example.net\n\n\n")
        self.call("import", "sent", mail, "--user", ALICE)
        self.assertIn("bob@example.net", self.friends())

    def test_wrong_sources_are_refused(self):
        self.refuse(EX_DATAERR, "import maildir", "import", "mbox", self.maildir(), "--user", ALICE)
        self.refuse(EX_NOINPUT, "No such file", "import", "mbox", "/nowhere", "--user", ALICE)
        self.refuse(EX_USAGE, "unknown kind", "import", "outlook", "x", "--user", ALICE)
        self.refuse(EX_NOUSER, "no user", "import", "mbox", self.mbox(), "--user", "zoe@example.org")


class Faults(TrustctlTest):
    """Wrong calls and broken surroundings: a message, an exit status, nothing lost."""

    def test_each_mistake_has_its_exit_status(self):
        rows = [
            (EX_USAGE, "unknown command", ["frobnicate"]),
            (EX_USAGE, "did you mean friend", ["frend", "list"]),
            (EX_USAGE, "needs one of: add, list, show, remove", ["user"]),
            (EX_USAGE, "unknown command friend ad; did you mean friend add", ["friend", "ad"]),
            (EX_USAGE, "unknown command user xyzzy; user needs one of", ["user", "xyzzy"]),
            (EX_USAGE, "--domain DOMAIN is missing", ["init"]),
            (EX_USAGE, "not a domain", ["init", "--domain", "a@b.example"]),
            (EX_USAGE, "does not take --level", ["user", "list", "--level", "weak"]),
            (EX_USAGE, "must be weak", ["friend", "add", "--user", ALICE, "--level", "5", "b@example.net"]),
            (EX_USAGE, "either ADDRESS or", ["user", "add"]),
            (EX_USAGE, "@", ["friend", "add", "--user", ALICE, "not an address@"]),
            (EX_NOUSER, "no user", ["friend", "list", "--user", "zoe@example.org"]),
            (EX_NOUSER, "no user", ["scan", "--user", "zoe@example.org", "/dev/null"]),
            (EX_NOINPUT, "/nowhere", ["scan", "/nowhere"]),
            (EX_NOINPUT, "/nowhere", ["-C", "/nowhere", "user", "list"]),
            (EX_NOINPUT, "is no backup", ["restore", "--force", "/"]),
            (EX_NOINPUT, "neither a file nor an address", ["why", "--user", ALICE, "bob"]),
        ]
        for status, pattern, args in rows:
            with self.subTest(args=args):
                self.refuse(status, pattern, *args)

    def test_a_missing_store_is_told_with_the_remedy(self):
        done = self.run_on(self.dir / "nowhere", "user", "list")
        self.assertEqual(done.returncode, EX_NOINPUT)
        self.assertIn("init --domain", done.stderr)

    def test_a_truncated_database_is_told(self):
        os.truncate(self.store / "graph" / "data.mdb", 5000)
        done = self.run_ctl("status")
        self.assertEqual(done.returncode, EX_DATAERR, done.stderr)
        self.assertIn(str(self.store / "graph"), done.stderr)

    def test_no_permission_is_told(self):
        if is_root():
            entry = pwd.getpwnam(ACCOUNT)
            who = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        else:
            (self.store / "graph").chmod(0)
            self.addCleanup((self.store / "graph").chmod, 0o750)
            who = {}
        done = self.run_ctl("user", "list", **who)
        self.assertEqual(done.returncode, EX_NOPERM, done.stderr)
        self.assertIn(str(self.store), done.stderr)

    def test_output_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run(
                [str(TRUSTCTL), "--store", str(self.store), "statement", "export"],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        self.assertEqual(done.returncode, EX_IOERR, done.stderr)

    def test_a_full_disk_loses_nothing_and_the_next_run_succeeds(self):
        users = self.file("users", "".join(f"u{n}@example.org\n" for n in range(400)))
        before = self.json("user", "list")
        limit = (self.store / "graph" / "data.mdb").stat().st_size + 64 * 1024

        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        done = self.run_ctl("user", "add", "--from-file", users, preexec_fn=small_files)
        self.assertEqual(done.returncode, EX_IOERR, done.stderr)
        self.assertEqual(self.json("user", "list"), before)
        self.call("user", "add", "--from-file", users)
        self.assert_enrolled(401)

    def assert_enrolled(self, count):
        """Every user is whole: one identity, one device, one binding, three keys, no note."""
        users = self.json("user", "list")
        self.assertEqual(len(users), count)
        statements = self.json("statement", "list")
        bound = [s["subject"] for s in statements if s["act"] == "bind"]
        self.assertEqual(sorted(bound), sorted("addr:" + user["address"] for user in users))
        issuers = {s["issuer"] for s in statements if s["act"] == "bind"}
        self.assertEqual(issuers, {user["identity"] for user in users})
        keys = [p.name for p in (self.store / "keys").iterdir()]
        for kind in ("root", "next", "device"):
            self.assertEqual(sum(name.startswith(kind) for name in keys), count + 1, kind)
        self.assertNotIn("enrolling", keys)

    def test_a_kill_in_the_middle_of_user_add_is_repaired_by_running_it_again(self):
        users = self.file("users", "".join(f"u{n}@example.org\n" for n in range(150)))
        keys = self.store / "keys"
        command = [str(TRUSTCTL), "--store", str(self.store), "user", "add", "--from-file", str(users)]
        for enough in (7, 100, 400):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            wait_for(
                lambda p=process, n=enough: p.poll() is not None or len(list(keys.iterdir())) > n,
                f"{enough} keys",
            )
            process.kill()
            process.wait()
        self.call("user", "add", "--from-file", users)
        self.assert_enrolled(151)

    def test_many_at_the_same_time_get_into_nobodys_way(self):
        names = [f"u{n}@example.org" for n in range(12)]
        running = [
            subprocess.Popen(
                [str(TRUSTCTL), "--store", str(self.store), "user", "add", name],
                stdout=subprocess.DEVNULL,
            )
            for name in names
        ]
        self.assertEqual([process.wait(PATIENCE_S) for process in running], [0] * len(names))
        self.assert_enrolled(1 + len(names))

    def test_a_crash_between_the_two_stores_gives_no_second_identity(self):
        private = self.store / "private" / "data.mdb"
        before = private.read_bytes()
        self.call("user", "add", "bob@example.org")
        identity = self.json("user", "show", "bob@example.org")["identity"]
        private.write_bytes(before)
        (self.store / "keys" / "enrolling").write_text(f"{identity} bob@example.org\n")
        self.assertEqual(len(self.json("user", "list")), 1)
        self.call("user", "add", "bob@example.org")
        self.assertEqual(self.json("user", "show", "bob@example.org")["identity"], identity)
        self.assert_enrolled(2)


class Upkeep(TrustctlTest):
    """Backup, restore, rebuild, status."""

    def setUp(self):
        super().setUp()
        self.call("friend", "add", "--user", ALICE, "--level", "strong", "bob@example.net")
        self.backup = self.dir / "backup"

    def test_a_backup_restored_elsewhere_scores_the_same(self):
        self.call("vouch", "--user", ALICE, "carol@example.net")
        verdict, exported = self.scan(), self.call("statement", "export")
        self.assertEqual(verdict["tier"], "well-trusted")
        self.call("backup", self.backup)
        self.store = self.dir / "second"
        self.call("restore", self.backup)
        self.assertEqual(self.scan(), verdict)
        self.assertEqual(self.call("statement", "export"), exported)
        self.call("vouch", "--user", ALICE, "dave@example.net")

    def test_restore_replaces_a_store_only_by_force_and_draws_a_new_epoch(self):
        self.call("backup", self.backup)
        epoch = self.json("status")["epoch"]
        self.call("friend", "add", "--user", ALICE, "late@example.net")
        self.refuse(EX_CANTCREAT, "--force", "restore", self.backup)
        self.assertIn("late@example.net", self.friends())
        self.call("restore", "--force", self.backup)
        self.assertNotIn("late@example.net", self.friends())
        self.assertNotEqual(self.json("status")["epoch"], epoch)
        self.assertEqual(
            sorted(p.name for p in self.store.iterdir()), ["graph", "keys", "ledger", "private"]
        )

    def test_keys_and_stores_keep_their_modes(self):
        self.call("backup", self.backup)
        self.call("restore", "--force", self.backup)
        for root in (self.backup, self.store):
            for key in (root / "keys").iterdir():
                self.assertEqual(key.stat().st_mode & 0o777, 0o600, key)
            self.assertEqual((root / "keys").stat().st_mode & 0o777, 0o700)
        self.assertEqual((self.store / "graph" / "data.mdb").stat().st_mode & 0o777, 0o640)
        self.assertIsNone(self.json("status")["problems"])

    def test_a_slip_in_the_name_is_told_before_the_store_that_is_there(self):
        self.refuse(EX_NOINPUT, "is no backup", "restore", self.dir / "nonexistent")

    def test_reports_are_part_of_a_backup(self):
        self.call("backup", self.backup)
        self.assertFalse((self.backup / "ledger").exists(), "there are none yet")
        spamd = harness.Daemon(self.dir, "-x", "--allow-tell", store=self.store)
        share_store(self.store)
        self.addCleanup(spamd.stop)
        spamd.start()
        told = request("TELL", HAM, user="bob", headers=("Message-class: spam", "Set: local"))
        self.assertIn(b"DidSet: local", spamd.exchange(told), spamd.tail())
        second = self.dir / "second"
        self.call("backup", second)
        self.assertIn(b"DidRemove", spamd.exchange(told.replace(b"Set:", b"Remove:")))
        self.assertEqual(self.json("status")["reports"], 0)
        self.call("restore", "--force", self.backup)
        self.assertEqual(self.json("status")["reports"], 0, "a backup without any leaves them")
        self.call("restore", "--force", second)
        self.assertEqual(self.json("status")["reports"], 1)
        share_store(self.store)
        self.assertNotIn(b"DidSet", spamd.exchange(told), "the daemon goes on with what was restored")

    def test_a_broken_backup_changes_nothing(self):
        self.call("backup", self.backup)
        os.truncate(self.backup / "graph" / "data.mdb", 5000)
        before = self.call("statement", "export")
        self.refuse(EX_DATAERR, "data.mdb|graph", "restore", "--force", self.backup)
        self.assertEqual(self.call("statement", "export"), before)
        self.assertFalse((self.store / "restoring").exists())

    def test_an_interrupted_restore_is_finished_by_the_next_writer(self):
        self.call("backup", self.backup)
        self.call("friend", "add", "--user", ALICE, "late@example.net")
        ready = self.store / "restored"
        shutil.copytree(self.backup, ready)
        for part in ("graph", "keys", "private"):
            (ready / part / ".restored").touch()
        # One part changed places before the crash.
        os.rename(self.store / "graph", self.store / "graph.old")
        os.rename(ready / "graph", self.store / "graph")
        os.rename(self.store / "graph.old", ready / "graph")
        self.call("rebuild")
        self.assertEqual(list(self.friends()), ["bob@example.net"])
        self.assertFalse(ready.exists())
        self.assertEqual(list(self.store.rglob(".restored")), [])

    def test_a_backup_never_overwrites(self):
        self.backup.mkdir()
        (self.backup / "precious").touch()
        self.refuse(EX_CANTCREAT, "not an empty directory", "backup", self.backup)
        self.assertEqual([p.name for p in self.backup.iterdir()], ["precious"])
        self.assertFalse(self.backup.with_name("backup.partial").exists())

    def test_rebuild_changes_neither_statements_nor_verdicts(self):
        self.call("vouch", "--user", ALICE, "carol@example.net")
        verdict, exported = self.scan(), self.call("statement", "export")
        counts = self.json("status")
        self.call("rebuild")
        self.assertEqual(self.scan(), verdict)
        self.assertEqual(self.call("statement", "export"), exported)
        after = self.json("status")
        for key in ("statements", "principals", "edges", "epoch"):
            self.assertEqual(after[key], counts[key], key)

    def put_older_graph(self, store):
        """A site whose graph has schema 1, without its keys."""
        with tarfile.open(pathlib.Path(__file__).parent / "stores/schema-1.tar.gz") as tar:
            tar.extractall(store)

    def assert_older_graph_is_whole(self):
        vouches = {s["subject"] for s in self.json("statement", "list") if s["act"] == "vouch"}
        self.assertEqual(vouches, {"addr:bob@example.net", "addr:carol@example.net"})
        self.assertEqual(self.json("status")["edges"], 2)
        self.assertEqual(self.json("status")["blocks"], 1)
        self.assertEqual(self.scan()["tier"], "well-trusted")

    def test_an_older_graph_says_rebuild_and_rebuild_does_it(self):
        self.put_older_graph(self.store)
        message = self.file("message.eml", MESSAGE)
        for args in (["status"], ["vouch", "--user", ALICE, "x@example.net"], ["scan", message]):
            self.refuse(EX_UNAVAILABLE, "schema 1 is older.*run `trustctl rebuild`", *args)
        self.call("rebuild")
        self.assert_older_graph_is_whole()
        self.call("rebuild")
        self.assert_older_graph_is_whole()

    def test_an_older_backup_can_be_restored(self):
        self.call("backup", self.backup)
        self.put_older_graph(self.backup)
        self.call("restore", "--force", self.backup)
        self.assert_older_graph_is_whole()

    def test_status_tells_of_files_open_to_others(self):
        (self.store / "private" / "data.mdb").chmod(0o644)
        done = self.run_ctl("status", "--json")
        self.assertEqual(done.returncode, EX_NOPERM)
        self.assertIn("chmod 0640", json.loads(done.stdout)["problems"])


class Looks(TrustctlTest):
    """Help, JSON everywhere, colour only where it belongs."""

    def test_every_listing_is_json_on_request(self):
        self.call("friend", "add", "--user", ALICE, "bob@example.net")
        for args in (
            ["user", "list"],
            ["user", "show", ALICE],
            ["friend", "list", "--user", ALICE],
            ["statement", "list"],
            ["status"],
            ["why", "--user", ALICE, "bob@example.net"],
        ):
            with self.subTest(args=args):
                self.assertTrue(self.json(*args))

    def test_help_and_version_at_every_level(self):
        for args in (["--help"], ["help"], ["user", "--help"], ["user", "add", "--help"], ["help", "why"]):
            with self.subTest(args=args):
                self.assertIn("Examples:", self.call(*args))
        self.assertRegex(self.call("--version"), r"^trustctl \(spamd-trust\) \d+\.\d+")
        done = self.run_ctl()
        self.assertEqual((done.returncode, done.stdout), (EX_USAGE, ""))
        self.assertIn("Usage:", done.stderr)

    def on_terminal(self, *args, **environment):
        """What it writes to a terminal."""
        try:
            master, slave = pty.openpty()
        except OSError as error:
            self.skipTest(f"no terminal to be had: {error}")
        process = subprocess.Popen(
            [str(TRUSTCTL), "--store", str(self.store), *map(str, args)],
            stdin=subprocess.DEVNULL,
            stdout=slave,
            stderr=slave,
            env=environment,
        )
        os.close(slave)
        output = b""
        with contextlib.suppress(OSError):
            while part := os.read(master, 65536):
                output += part
        os.close(master)
        self.assertEqual(process.wait(PATIENCE_S), 0, output)
        return output

    def test_colour_and_bar_appear_on_terminals_only(self):
        self.assertIn(b"\033[1m", self.on_terminal("user", "list"))
        self.assertNotIn(b"\033", self.on_terminal("user", "list", NO_COLOR="1"))
        self.assertNotIn(b"\033", self.on_terminal("user", "list", "--json"))
        self.assertNotIn("\033", self.call("user", "list"))
        mail = self.file("mail", "From: alice@example.org\nTo: bob@example.net\n\n\n")
        self.assertIn(b"reading [", self.on_terminal("import", "sent", mail, "--user", ALICE))
        self.assertEqual(self.run_ctl("import", "sent", mail, "--user", ALICE).stderr, "")

    def test_notes_cannot_play_tricks_on_the_terminal(self):
        self.call("friend", "add", "--user", ALICE, "--note", "\033[31mred\u202e", "bob@example.net")
        self.assertNotIn("\033", self.call("friend", "list", "--user", ALICE))


if __name__ == "__main__":
    unittest.main(verbosity=2)
