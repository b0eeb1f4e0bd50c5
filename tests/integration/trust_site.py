"""A throw-away site: a store with users and friends, and a daemon that scores by it.

For integration tests, the demo and the benchmarks. Everything lies in one temporary
directory; close() stops the daemon and removes it.
"""

import email
import pathlib
import shutil
import tempfile

import harness


class Answer:
    """What the daemon said about a message, from the fields that PROCESS added."""

    def __init__(self, message):
        self.message = message
        self.tier = self.field("Trust-Tier")
        self.evidence = self.field("Trust-Evidence").partition(" ")[0]
        self.path = self.field("Trust-Path")
        status = self.field("Status").replace(", ", ",")
        words = dict(word.split("=", 1) for word in status.split() if "=" in word)
        self.score = float(status.partition("score=")[2].partition(" ")[0])
        self.rules = words.get("tests", "none").split(",")

    def field(self, name):
        """The unfolded body of X-Spam-`name`, empty where there is none."""
        return " ".join((self.message["X-Spam-" + name] or "").split())

    def __str__(self):
        return f"{self.tier} {self.evidence} {self.score} {','.join(self.rules)} [{self.path}]"


class Site:
    """Use as a context manager, or call close()."""

    def __init__(self, config=""):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="spamd-trust-"))
        self.dir.chmod(0o755)  # the account of the workers looks in here
        self.store = self.dir / "store"
        self.daemon = harness.Daemon(self.dir, "-x", config=config, store=self.store)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.daemon.stop()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)

    def trustctl(self, *args):
        """Runs trustctl on the store and returns what it printed."""
        return harness.trustctl(self.store, *args).stdout

    def start(self):
        """Hands the store to the account of the workers and starts the daemon."""
        harness.share_store(self.store)
        self.daemon.start()

    def restart(self, config):
        """The same site under another configuration."""
        self.daemon.stop()
        self.daemon.log.unlink(missing_ok=True)
        self.daemon.config.write_text(config)
        self.start()

    def score(self, message, user):
        """Hands raw bytes to the real spamc as `user` and returns the Answer."""
        done = self.daemon.spamc("-x", "-u", user, message=message)
        if done.returncode != 0:
            raise AssertionError(f"spamc ended with {done.returncode}\n{self.daemon.tail()}")
        return Answer(email.message_from_bytes(done.stdout))
