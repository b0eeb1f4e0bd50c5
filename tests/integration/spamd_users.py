#!/usr/bin/env python3
"""Whose settings apply (SPEC 7): home directories, virtual directories, and no leak to the next."""

import os
import pwd

import harness
from harness import HAM, request

LISTS = "authres_trusted_authserv mx.example.org\nblocklist_from *@spam.example\n"
PROOF = b"Authentication-Results: mx.example.org; dkim=pass header.d=example.org\n"


def required(reply):
    """The threshold in a reply to CHECK."""
    return reply.partition(b" / ")[2].partition(b"\r\n")[0].decode()


class VirtualTest(harness.DaemonTest):
    def start(self, pattern, files, *options):
        self.users = self.dir / "users"
        for name, text in files.items():
            path = self.users / name / "user_prefs"
            path.parent.mkdir(parents=True)
            path.write_text(text)
        spamd = self.daemon("-x", "--virtual-config-dir", f"{self.users}/{pattern}", *options)
        if not harness.is_root():
            spamd.command += ["-u", pwd.getpwuid(os.geteuid()).pw_name]
        return spamd.start()

    def check(self, spamd, user):
        return required(spamd.exchange(request("CHECK", HAM, user=user)))

    def test_settings_of_one_user_never_reach_another(self):
        spamd = self.start(
            "%u",
            {
                "alice@example.org": "required_score 8\nrewrite_header Subject [ALICE]\n",
                "carol@example.org": "required_score 6\n",
            },
        )
        for _ in range(3):
            self.assertEqual(self.check(spamd, "alice@example.org"), "8.0")
            self.assertEqual(self.check(spamd, "bob@example.org"), "5.0")
            self.assertEqual(self.check(spamd, "carol@example.org"), "6.0")
            self.assertEqual(self.check(spamd, None), "5.0")
        spamd.wait_log(
            rf"info: spamd: using default config for alice@example\.org: "
            rf"{self.users}/alice@example\.org/user_prefs$"
        )

    def test_change_of_a_file_counts_at_once(self):
        spamd = self.start("%u", {"alice": "required_score 8\n"})
        self.assertEqual(self.check(spamd, "alice"), "8.0")
        path = self.users / "alice" / "user_prefs"
        path.write_text("required_score 9.5\n")
        self.assertEqual(self.check(spamd, "alice"), "9.5")
        path.unlink()
        self.assertEqual(self.check(spamd, "alice"), "5.0")
        path.write_text("required_score 7\n")
        self.assertEqual(self.check(spamd, "alice"), "7.0")

    def test_name_or_domain(self):
        files = {"alice@example.org": "required_score 8\n", "example.org": "required_score 6\n"}
        spamd = self.start("%x", files)
        self.assertEqual(self.check(spamd, "alice@example.org"), "8.0")
        self.assertEqual(self.check(spamd, "bob@example.org"), "6.0")
        self.assertEqual(self.check(spamd, "bob@example.net"), "5.0")

    def test_unsafe_bytes_become_underscores(self):
        spamd = self.start("%u", {"alice@example.org": "required_score 8\n"})
        self.assertEqual(self.check(spamd, "../users/alice@example.org"), "5.0")
        spamd.wait_log(rf"{self.users}/\.\._users_alice@example\.org/user_prefs$")

    def test_last_user_line_counts(self):
        spamd = self.start("%u", {"alice": "required_score 8\n"})
        headers = ("User: alice", "User: bob")
        self.assertEqual(required(spamd.exchange(request("CHECK", HAM, headers=headers))), "5.0")

    def test_administrator_settings_are_refused(self):
        text = "max_message_size 1K\nheader LOCAL Subject =~ /x/\nrequired_score 8\n"
        spamd = self.start("%u", {"alice": text})
        self.assertEqual(self.check(spamd, "alice"), "8.0")
        spamd.wait_log("config: not parsing, administrator setting: max_message_size 1K")
        spamd.wait_log("config: not parsing, 'allow_user_rules' is 0: header LOCAL Subject")

    def test_files_that_are_no_preferences(self):
        spamd = self.start("%u", {"alice": "required_score 8\n", "dave": "#" * (512 * 1024)})
        (self.users / "fifo").mkdir()
        os.mkfifo(self.users / "fifo" / "user_prefs")
        (self.users / "dir" / "user_prefs").mkdir(parents=True)
        for user in ("fifo", "dir", "dave"):
            self.assertEqual(self.check(spamd, user), "5.0", user)
        self.assertEqual(self.check(spamd, "alice"), "8.0")

    def rules(self, spamd, user, message):
        done = spamd.spamc("-u", user, "-y", message=message)
        self.assertEqual(done.returncode, 0, spamd.tail())
        return {rule for rule in done.stdout.decode().split(",") if rule.startswith("USER_IN_")}

    def test_lists_of_site_and_user(self):
        files = {
            "alice@example.net": "blocklist_from alice@example.org\n",
            "carol@example.net": "welcomelist_from *@example.org\n",
            "dave@example.net": "unblocklist_from *@spam.example\n",
        }
        spamd = self.start("%u", files, "--cf=" + LISTS)
        spam = HAM.replace(b"alice@example.org", b"mallory@spam.example")
        table = [
            ("alice", HAM, {"USER_IN_BLOCKLIST"}),
            ("alice", spam, {"USER_IN_BLOCKLIST"}),
            ("bob", HAM, set()),
            ("bob", spam, {"USER_IN_BLOCKLIST"}),
            ("carol", HAM, set()),
            ("carol", PROOF + HAM, {"USER_IN_WELCOMELIST"}),
            ("bob", PROOF + HAM, set()),
            ("dave", spam, set()),
        ]
        for user, message, expected in table:
            with self.subTest(user=user, message=message):
                found = self.rules(spamd, f"{user}@example.net", message)
                self.assertEqual(found, expected)
        done = spamd.spamc("-u", "alice@example.net", "-c")
        self.assertEqual((done.returncode, done.stdout), (1, b"100.0/5.0\n"))


class HomeTest(harness.DaemonTest):
    def test_unknown_user_gets_the_defaults_and_a_line(self):
        spamd = self.daemon().start()
        reply = spamd.exchange(request("CHECK", HAM, user="nosuchuser"))
        self.assertEqual(required(reply), "5.0")
        spamd.wait_log(
            r"info: spamd: handle_user \(userdir\) unable to find user: 'nosuchuser'$"
        )
        spamd.wait_log(rf"checking message \S+ for nosuchuser:{harness.account_uid()}$")

    def test_paranoid_refuses_unknown_users_without_a_reply(self):
        spamd = self.daemon("-P").start()
        self.assertEqual(spamd.exchange(request("CHECK", HAM, user="nosuchuser")), b"")
        self.assertIn(b"EX_OK", spamd.exchange(request("CHECK", HAM)))

    def test_paranoid_refuses_root_when_users_cannot_be_set(self):
        if not harness.is_root():
            self.skipTest("needs root")
        spamd = self.daemon("-x", "-P", user=False).start()
        self.assertEqual(spamd.exchange(request("CHECK", HAM, user="root")), b"")
        self.assertIn(b"EX_OK", spamd.exchange(request("CHECK", HAM, user="mail")))


if __name__ == "__main__":
    harness.main()
