#!/usr/bin/env python3
"""Stores that are missing, damaged, unreadable or replaced: never a crash, never false trust."""

import os
import shutil

import harness
from harness import HAM, request, share_store, trustctl


class BadStoreTest(harness.DaemonTest):
    def expect_unknown(self, spamd):
        """Mail goes on, nobody is known, and the verdict says why."""
        reply = spamd.exchange(request("PROCESS", HAM)).decode()
        self.assertIn("TRUST_NO_STORE", reply, spamd.tail())
        self.assertIn("X-Spam-Trust-Tier: unknown", reply)
        self.assertIn("X-Spam-Status: No, score=0.0", reply)

    def make(self, contents):
        """A store directory with that content in both data files, or None for no file."""
        store = self.dir / "store"
        for name in ("graph", "private"):
            (store / name).mkdir(parents=True)
            if contents is not None:
                (store / name / "data.mdb").write_bytes(contents)
        share_store(store)
        return store

    def test_no_directory(self):
        spamd = self.daemon("-x", store=self.dir / "nowhere").start()
        self.expect_unknown(spamd)
        spamd.wait_log(r"warn: spamd: no graph store, nobody is known: .*nowhere")
        spamd.wait_log(r"warn: spamd: no private store, nobody is known: .*nowhere")

    def test_empty_directories_garbage_and_truncated_files(self):
        for label, contents in (
            ("no file", None),
            ("empty file", b""),
            ("garbage", b"not a database\n" * 1000),
            ("zeros", bytes(65536)),
        ):
            with self.subTest(label=label):
                store = self.make(contents)
                spamd = self.daemon("-x", store=store).start()
                self.expect_unknown(spamd)
                spamd.wait_log(r"warn: spamd: no graph store, nobody is known: \S")
                spamd.stop()
                shutil.rmtree(store)

    def test_directory_without_permission(self):
        if not harness.is_root():
            self.skipTest("needs root, to own what the daemon may not read")
        store = self.make(b"")
        for path in (store / "graph", store / "private"):
            os.chown(path, 0, 0)
            path.chmod(0o700)
        self.expect_unknown(self.daemon("-x", store=store).start())

    def test_reason_is_logged_once_and_not_for_each_message(self):
        spamd = self.daemon("-x", store=self.dir / "nowhere").start()
        for _ in range(20):
            spamd.exchange(request("CHECK", HAM))
        spamd.wait_log_count("result: ", 20)
        self.assertEqual(spamd.log_text().count("no graph store"), 1)


FROM_MALLORY = HAM.replace(b"Alice <alice@example.org>", b"mallory@example.com")


class StoreTest(harness.DaemonTest):
    def rules(self, spamd, user="bob@example.org"):
        reply = spamd.exchange(request("SYMBOLS", FROM_MALLORY, user=user))
        return reply.decode().partition("\r\n\r\n")[2].split(",")

    def wait_rule(self, spamd, rule):
        harness.wait_for(lambda: rule in self.rules(spamd), rule, spamd.tail)


class LiveStoreTest(StoreTest):
    """Changes while the daemon runs."""

    def test_store_that_appears_is_opened(self):
        spamd = self.daemon("-x", store=self.dir / "store").start()
        self.assertIn("TRUST_NO_STORE", self.rules(spamd))
        self.make_store(("user", "add", "bob@example.org"))
        self.wait_rule(spamd, "TRUST_UNKNOWN")
        harness.wait_for(
            lambda: "TRUST_NO_STORE" not in self.rules(spamd), "both stores", spamd.tail
        )
        spamd.wait_log(r"info: spamd: graph store open in ")
        spamd.wait_log(r"info: spamd: private store open in ")

    def test_block_counts_without_a_restart_for_its_user_only(self):
        store = self.make_store(
            ("user", "add", "bob@example.org"), ("user", "add", "carol@example.org")
        )
        spamd = self.daemon("-x", store=store).start()
        self.assertIn("TRUST_UNKNOWN", self.rules(spamd))
        trustctl(store, "block", "--user", "bob@example.org", "mallory@example.com")
        self.assertIn("TRUST_BLOCKED", self.rules(spamd))
        self.assertNotIn("TRUST_BLOCKED", self.rules(spamd, "carol@example.org"))
        trustctl(store, "unblock", "--user", "bob@example.org", "mallory@example.com")
        self.assertNotIn("TRUST_BLOCKED", self.rules(spamd))

    def test_store_that_is_replaced_is_opened_anew(self):
        """By another directory in its place, as a restore does, with mail coming in meanwhile."""
        store = self.make_store(("user", "add", "bob@example.org"))
        spamd = self.daemon("-x", store=store).start()
        self.assertNotIn("TRUST_BLOCKED", self.rules(spamd))
        copy = self.dir / "copy"
        shutil.copytree(store, copy, ignore=shutil.ignore_patterns("control"))  # a socket
        trustctl(copy, "block", "--user", "bob@example.org", "mallory@example.com")
        share_store(copy)
        for part in ("graph", "private"):
            (store / part).rename(self.dir / f"old-{part}")
            (copy / part).rename(store / part)
        self.wait_rule(spamd, "TRUST_BLOCKED")
        spamd.wait_log(r"info: spamd: private store was replaced, opening the new one")
        self.assertEqual(len(spamd.starts()), 1)
        self.assertNotIn("handled cleanup", spamd.log_text())

class RootsOwnStoreTest(StoreTest):
    """Stores made by root, where nobody else may go, and a daemon started by root."""

    def setUp(self):
        super().setUp()
        if not harness.is_root():
            self.skipTest("needs root, to make stores that only root may read")
        self.dir.chmod(0o700)

    def make_roots_store(self):
        store = self.dir / "store"
        trustctl(store, "init", "--domain", "example.org")
        trustctl(store, "user", "add", "bob@example.org")
        trustctl(store, "block", "--user", "bob@example.org", "mallory@example.com")
        return store

    def test_store_is_opened_before_the_rights_go(self):
        spamd = self.daemon("-x", store=self.make_roots_store()).start()
        self.assertIn("TRUST_BLOCKED", self.rules(spamd))
        spamd.wait_log(r"info: spamd: private store open in ")

    def test_store_that_appears_is_opened(self):
        spamd = self.daemon("-x", store=self.dir / "store").start()
        self.assertIn("TRUST_NO_STORE", self.rules(spamd))
        self.make_roots_store()
        self.wait_rule(spamd, "TRUST_BLOCKED")

    def test_store_that_is_replaced_is_opened_anew(self):
        store = self.make_roots_store()
        spamd = self.daemon("-x", store=store).start()
        self.assertIn("TRUST_BLOCKED", self.rules(spamd))
        backup = self.dir / "backup"
        trustctl(store, "unblock", "--user", "bob@example.org", "mallory@example.com")
        trustctl(store, "backup", backup)
        trustctl(store, "restore", "--force", backup)
        harness.wait_for(
            lambda: "TRUST_UNKNOWN" in self.rules(spamd)
            and "TRUST_NO_STORE" not in self.rules(spamd),
            "the restored stores",
            spamd.tail,
        )
        spamd.wait_log(r"info: spamd: new stores in ")

    def test_store_in_a_place_others_may_write_is_not_opened_as_root(self):
        store = self.make_roots_store()
        (store / "graph").chmod(0o777)
        spamd = self.daemon("-x", store=store).start()
        self.assertIn("TRUST_NO_STORE", self.rules(spamd))

    def test_link_in_place_of_a_data_file_is_not_opened_as_root(self):
        store = self.make_roots_store()
        data = store / "private" / "data.mdb"
        data.rename(store / "elsewhere.mdb")
        data.symlink_to(store / "elsewhere.mdb")
        spamd = self.daemon("-x", store=store).start()
        self.assertIn("TRUST_NO_STORE", self.rules(spamd))


if __name__ == "__main__":
    harness.main()
