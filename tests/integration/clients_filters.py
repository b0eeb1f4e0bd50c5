#!/usr/bin/env python3
"""Content filters that ask a spamd themselves: Debian's rspamd (external_services) and amavis."""

import http.client
import json
import re
import shutil
import socket
import subprocess
import urllib.parse

import harness
from callers import (
    HERE,
    LETTERS,
    OTHER,
    RECIPIENT,
    SENDER,
    CallerTest,
    Program,
    account,
    needs,
    own,
)
from dkim import KeyServer, make_key, sign
from harness import HAM, PATIENCE_S, SPAM, listens
from milter import Message, Milter
from scorers import OwnPort

# No rules of its own, no name server: what is left is what its module makes of our answers.
RSPAMD = """
options {{
  tempdir = "{dir}";
  control_socket = "{dir}/control.sock";
  cache_file = "{dir}/symbols.cache";
  history_file = "{dir}/history";
  stats_file = "{dir}/stats.ucl";
  dynamic_conf = "{dir}/dynamic";
  hs_cache_dir = "{dir}/";
  url_tld = "{dir}/tld";
  filters = "{filters}";
  allow_raw_input = true;
  task_timeout = 180s;
  dns {{ nameserver = ["{resolver}"]; }}
}}
logging {{ type = "console"; level = "info"; color = false; }}
worker "normal" {{ bind_socket = "{dir}/worker.sock mode=0666"; count = 1; }}
worker "rspamd_proxy" {{
  bind_socket = "{dir}/milter.sock mode=0666";
  count = 1;
  milter = yes;
  upstream "local" {{ default = yes; self_scan = yes; }}
}}
lua = "{dir}/rules.lua";
actions {{ reject = 100; add_header = 5; }}
"""

RSPAMD_MODULE = """
modules {{ path = "/usr/share/rspamd/plugins/external_services.lua"; }}
external_services {{
  spamassassin {{
    servers = "{place}";
    score = 1;
    log_clean = true;
    timeout = 120;
  }}
}}
"""

RSPAMD_RULE = HERE.parents[2] / "docs" / "examples" / "rspamd" / "spamd_trust.lua"

LUNCH = "header LUNCH Subject =~ /lunch/\nscore LUNCH {}\n"
UNPROVEN = ["TRUST_UNKNOWN", "TRUST_UNPROVEN"]
FORGED = ["TRUST_AR_FORGED", *UNPROVEN]


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE_S)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE_S)
        self.sock.connect(str(self.path))


class Rspamd(Program):
    """With the module that it has, or with `rules` in its place."""

    def __init__(self, directory, place, rules="", resolver="127.0.0.1:1"):
        super().__init__(directory)
        own(self.dir)
        filters = "dkim" if rules else ""
        config = RSPAMD.format(dir=self.dir, resolver=resolver, filters=filters)
        files = {
            "rspamd.conf": config + ("dkim {}" if rules else RSPAMD_MODULE.format(place=place)),
            "tld": "com\nnet\norg\n",  # the list that comes with it takes 20 seconds to compile
            "rules.lua": rules,
        }
        for name, text in files.items():
            (self.dir / name).write_text(text)
        command = ["rspamd", "-f", "-c", self.dir / "rspamd.conf"]
        if harness.is_root():
            command += ["-u", account()[0], "-g", account()[1]]
        self.launch(command)
        self.wait(self.answers, "rspamd")
        self.milter = self.dir / "milter.sock"
        self.wait(lambda: listens(self.milter, self.process.pid), "the milter socket of rspamd")

    def answers(self):
        try:
            return self.ask("GET", "/ping", b"", {})
        except OSError:
            return None

    def ask(self, method, path, body, headers):
        connection = UnixConnection(self.dir / "worker.sock")
        try:
            connection.request(method, path, body, headers)
            return connection.getresponse().read()
        finally:
            connection.close()

    def scan(self, message, recipients=(RECIPIENT,)):
        """The answer of its HTTP interface."""
        headers = {"From": SENDER, "Rcpt": ",".join(recipients), "IP": "192.0.2.10"}
        headers["Helo"] = "mail.example.org"
        return json.loads(self.ask("POST", "/checkv2", message, headers))

    def put(self, message, recipients=(RECIPIENT,)):
        """(action, score, symbols with score and options)"""
        answer = self.scan(message, recipients)
        symbols = {
            name: (symbol["score"], sorted(symbol.get("options", [])))
            for name, symbol in answer["symbols"].items()
        }
        return answer["action"], answer["score"], symbols


@needs("rspamd")
class RspamdTest(CallerTest):
    """HEADERS 1.5 without half-close; reads only X-Spam-Status."""

    left_out = ("no line end",)  # the original waits for one, and rspamd gives up

    def setUp(self):
        super().setUp()
        port = OwnPort()
        self.addCleanup(port.close)
        self.port = port.number
        self.real_options = ("-i", f"127.0.0.1:{self.port}")

    def place(self, daemon):
        return f"127.0.0.1:{daemon.port if isinstance(daemon, harness.Daemon) else self.port}"

    def begin(self, place, name):
        return Rspamd(self.dir / name, place)

    def test_the_same_as_behind_the_original(self):
        self.compare_with_the_original()

    def start(self, *commands, config=""):
        """(our daemon, rspamd)"""
        ours = self.ours(config, *commands)
        return ours, self.run_program(ours, "rspamd")

    def test_score_and_rules_are_understood(self):
        ours, rspamd = self.start(config=LUNCH.format(7))
        expected = ("add header", 7.0, {"SPAMD": (7.0, ["LUNCH,TRUST_UNKNOWN"])})
        for name in ("ham", "no line end"):
            with self.subTest(name):
                self.assertEqual(rspamd.put(LETTERS[name]), expected, ours.tail())
        self.assertIn("user=root,", ours.log_text())

    def test_a_score_below_zero_does_nothing(self):
        """What docs/OPERATIONS.md says of rspamd."""
        ours, rspamd = self.start(config=LUNCH.format(-7))
        self.assertEqual(rspamd.put(HAM), ("no action", 0.0, {}), ours.tail())
        found = "no spam detected - spam score: -7.0, symbols: LUNCH,TRUST_UNKNOWN"
        self.assertIn(found, rspamd.text())

    def test_mail_goes_on_without_the_daemon(self):
        ours, rspamd = self.start()
        ours.stop()
        outcome = rspamd.put(HAM)
        failed = "failed to scan and retransmits exceed: Socket error detected: Connection refused"
        self.assertEqual(outcome, ("no action", 0.0, {"SPAMD_FAIL": (0.0, [failed])}))


@needs("rspamd", "openssl")
class RspamdRuleTest(harness.DaemonTest):
    """docs/examples/rspamd/spamd_trust.lua, with rspamd's own results about DKIM."""

    def setUp(self):
        super().setUp()
        self.key = self.dir / "key.pem"
        record = make_key(self.key)
        names = [f"sel._domainkey.{domain}" for domain in ("example.org", "example.com")]
        self.server = KeyServer(dict.fromkeys(names, record))
        self.addCleanup(self.server.close)
        friend = ("friend", "add", "--user", RECIPIENT, "--level", "strong", SENDER)
        store = self.make_store(("user", "add", RECIPIENT), ("user", "add", OTHER), friend)
        config = "authres_trusted_authserv mx.example.org\nrecipient_headers X-Envelope-To\n"
        self.ours = self.daemon("-x", config=config, store=store).start()
        self.rspamd = self.begin("rspamd")

    def begin(self, name):
        rules = RSPAMD_RULE.read_text().replace("port = 783, timeout = 10", f"port = {self.ours.port}, timeout = 120")
        self.assertIn(f"port = {self.ours.port}", rules)
        resolver = f"127.0.0.1:{self.server.port}"
        rspamd = Rspamd(self.dir / name, None, rules, resolver)
        self.addCleanup(rspamd.stop)
        return rspamd

    def found(self, message, recipients=(RECIPIENT,)):
        """(score, rules) of its symbol"""
        _, _, symbols = self.rspamd.put(message, recipients)
        self.assertIn("SPAMD_TRUST", symbols, f"{self.rspamd.text()}\n{self.ours.tail()}")
        return symbols["SPAMD_TRUST"]

    def test_what_it_found_out_proves_a_friend(self):
        results = b"Authentication-Results: mx.example.org; dkim=pass header.d=example.org\n"
        envelope = b"X-Envelope-To: <bob@example.net>\n"
        for label, domain, more, recipients, expected in (
            ("a friend", b"example.org", b"", (RECIPIENT,), (-100.0, ["TRUST_WELL"])),
            ("not hers", b"example.org", b"", (OTHER,), (0.0, ["TRUST_UNKNOWN"])),
            ("nor of both", b"example.org", b"", (RECIPIENT, OTHER), (0.0, ["TRUST_UNKNOWN"])),
            ("by the sender's word", b"example.org", envelope, (OTHER,), (0.0, ["TRUST_UNKNOWN"])),
            ("signed by another", b"example.com", b"", (RECIPIENT,), (0.0, UNPROVEN)),
            ("with forged results", b"example.com", results, (RECIPIENT,), (0.5, FORGED)),
        ):
            with self.subTest(label):
                message = Message(more + HAM)
                sign(message, self.key, domain)
                message.fields.sort(key=lambda field: field[0].startswith(b"DKIM"))  # on top: `more`
                found = self.found(message.raw(), recipients)
                self.assertEqual(found, expected, f"{self.rspamd.text()}\n{self.ours.tail()}")

    def test_the_same_as_a_milter(self):
        """As Postfix has it; the field on top is its own, and no milter sees it."""
        results = b"Authentication-Results: mx.example.org; dkim=pass header.d=example.org\n"
        own = b"Received: from mail.example.org by mx.example.org; Mon, 1 Jan 2024 12:00:00 +0000\n"
        for more, domain, tests in (
            (b"", b"example.org", "TRUST_WELL"),
            (results, b"example.com", ",".join(FORGED)),
        ):
            with self.subTest(domain):
                signed = Message(HAM)
                sign(signed, self.key, domain)
                message = Message(own + more + signed.raw())
                milter = Milter(str(self.rspamd.milter))
                client = ("mail.example.org", "192.0.2.10")
                try:
                    milter.filter(message, client, SENDER, RECIPIENT, "mx.example.org")
                finally:
                    milter.close()
                self.ours.wait_log(rf"result: .* {tests} ")

    def test_every_message_gets_its_score(self):
        for name, message in LETTERS.items():
            with self.subTest(name):
                self.assertIn("TRUST_UNKNOWN", self.found(message)[1])

    def test_mail_goes_on_without_the_daemon(self):
        self.ours.stop()
        action, score, symbols = self.rspamd.put(HAM)
        self.assertEqual((action, score), ("no action", 0.0))
        self.assertNotIn("SPAMD_TRUST", symbols)
        self.assertIn("spamd-trust: Socket error detected: Connection refused", self.rspamd.text())


# Its client knows one place alone, 127.0.0.1:783; and in 2.13 it does not load what it connects with.
AMAVIS = """
use strict;
require Amavis::IO::RW;
@spam_scanners = (['SpamdClient', 'Amavis::SpamControl::SpamdClient']);

$MYHOME = "{dir}/home";
$TEMPBASE = "$MYHOME/tmp";
$db_home = $helpers_home = $MYHOME;
$pid_file = "$MYHOME/amavisd.pid";
$lock_file = "$MYHOME/amavisd.lock";
$daemon_user = "{user}";
$daemon_group = "{group}";
$max_servers = 1;
$DO_SYSLOG = 0;
$log_level = 2;
$enable_db = $enable_zmq = 0;
$myhostname = "mx.example.net";
@local_domains_maps = (['.example.net']);
$inet_socket_port = undef;
$unix_socketname = "{dir}/home/amavisd.sock";
$interface_policy{{'SOCK'}} = 'AM.PDP';
$policy_bank{{'AM.PDP'}} = {{ protocol => 'AM.PDP' }};
@bypass_virus_checks_maps = (1);
$enable_dkim_verification = 0;
$sa_tag_level_deflt = undef;
$sa_tag2_level_deflt = 5;
$sa_kill_level_deflt = 20;
$sa_mail_body_size_limit = undef;
$final_spam_destiny = D_REJECT;
$final_bad_header_destiny = D_PASS;
$spam_quarantine_method = $bad_header_quarantine_method = undef;
1;
"""


class Network:
    """A network of its own with nothing but loopback, for programs that insist on a port."""

    def __init__(self):
        command = ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep inf"]
        self.holder = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.works = self.holder.stdout.readline() == b"up\n"
        self.inside = ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net"]

    def close(self):
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()


class Amavis(Program):
    def __init__(self, directory, prefix):
        super().__init__(directory)
        self.count = 0
        for name in ("home", "home/tmp"):
            (self.dir / name).mkdir()
            own(self.dir / name)
        user, group = account()
        config = self.dir / "amavisd.conf"
        config.write_text(AMAVIS.format(dir=self.dir, user=user, group=group))
        self.launch([*prefix, "amavisd", "-c", config, "foreground"])
        self.socket = self.dir / "home" / "amavisd.sock"
        self.wait(lambda: listens(self.socket, self.process.pid), "the socket of amavis")

    def put(self, message, recipients=(RECIPIENT,)):
        """What it wants done with the message, as AM.PDP has it: a sorted list of name=value."""
        self.count += 1
        directory = self.dir / "home" / "tmp" / f"m{self.count}"
        directory.mkdir()
        (directory / "email.txt").write_bytes(message)
        for path in (directory, directory / "email.txt"):
            own(path)
        lines = ["request=AM.PDP", f"tempdir={directory}", "tempdir_removed_by=client"]
        lines += [f"sender=<{SENDER}>", *(f"recipient=<{to}>" for to in recipients)]
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE_S)
            connection.connect(str(self.socket))
            connection.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
            with connection.makefile("r", encoding="latin-1", newline="\r\n") as answer:
                lines = [urllib.parse.unquote(line.strip()) for line in iter(answer.readline, "\r\n")]
        shutil.rmtree(directory)
        return sorted(
            re.sub(r"\bid=[0-9-]+", "ID", line) for line in lines if not line.startswith("log_id")
        )


@needs("amavisd", "ip", "nsenter", "unshare")
class AmavisTest(CallerTest):
    """SYMBOLS 1.3 without a user; the envelope is written in front of the message."""

    # For these it announces more than it sends, or waits with the original for a line end.
    left_out = ("no header and no blank line", "no line end")
    real_options = ours_options = ("-i", "127.0.0.1:783")

    def setUp(self):
        super().setUp()
        network = Network()
        self.addCleanup(network.close)
        if not network.works:
            self.skipTest("no right to make a network of its own for port 783")
        self.prefix = network.inside

    def begin(self, place, name):
        return Amavis(self.dir / name, self.prefix)

    def test_the_same_as_behind_the_original(self):
        self.compare_with_the_original()

    def start(self, *commands, config=""):
        """(our daemon, amavis)"""
        ours = self.ours(config, *commands)
        return ours, self.run_program(ours, "amavis")

    def test_score_and_rules_are_understood(self):
        ours, amavis = self.start()
        found = amavis.put(HAM)
        status = "insheader=0 X-Spam-Status No, score=0 required=5 tests=[TRUST_UNKNOWN]"
        self.assertIn(status, [line.partition("\n")[0] for line in found], ours.tail())
        self.assertIn("return_value=continue", found)
        found = amavis.put(SPAM)
        self.assertIn("setreply=554 5.7.0 Reject, ID - spam", found)
        self.assertIn("SpamdClient spamd score=1000.0, tests=GTUBE,TRUST_UNKNOWN", amavis.text())
        self.assertNotIn("size mismatch", amavis.text())

    def test_recipients_are_those_of_the_envelope(self):
        """`recipient_headers X-Envelope-To`: the field that it writes, not that of the sender."""
        friend = ("friend", "add", "--user", RECIPIENT, "--level", "strong", SENDER)
        config = "authres_trusted_authserv mx.example.net\nrecipient_headers X-Envelope-To\n"
        ours, amavis = self.start(("user", "add", RECIPIENT), ("user", "add", OTHER), friend, config=config)
        proven = (
            b"Authentication-Results: mx.example.net; dkim=pass header.d=example.org\n"
            b"Received: from mail.example.org by mx.example.net; Mon, 1 Jan 2024 12:00:00 +0000\n"
        )
        forged = b"X-Envelope-To: <bob@example.net>\n"
        for label, message, recipients, tests in (
            ("his friend", proven + HAM, (RECIPIENT,), "TRUST_WELL"),
            ("not hers", proven + HAM, (OTHER,), "TRUST_UNKNOWN"),
            ("nor by the sender's word", proven + forged + HAM, (OTHER,), "TRUST_UNKNOWN"),
            ("not proven", HAM, (RECIPIENT,), "TRUST_UNKNOWN,TRUST_UNPROVEN"),
        ):
            with self.subTest(label):
                status = "".join(line for line in amavis.put(message, recipients) if "Status" in line)
                self.assertIn(f"tests=[{tests}]", "".join(status.split()), ours.tail())


if __name__ == "__main__":
    harness.main()
