#!/usr/bin/env python3
"""Start, pid file, signals, sockets and exit status: what scripts around spamd rely on (SPEC 12)."""

import contextlib
import grp
import os
import pathlib
import re
import signal
import socket
import stat
import subprocess

import harness
from harness import HAM, SPAMD, process_exists, request, wait_for

PONG = b"SPAMD/1.5 0 PONG\r\n"


class ForegroundTest(harness.DaemonTest):
    def test_pid_file_log_and_exit_status(self):
        spamd = self.daemon("-x").start()
        self.assertEqual(spamd.pid, spamd.process.pid)
        self.assertEqual(spamd.pidfile.read_text(), f"{spamd.pid}\n")
        spamd.wait_log(
            rf"info: spamd: server started on IO::Socket::IP \[127\.0\.0\.1\]:{spamd.port}, "
            rf"UNIX domain socket {spamd.socket} \(running version 4\.0\.1\)$"
        )
        self.assertEqual(spamd.stop(), 0)
        spamd.wait_log(r"info: spamd: server killed by SIGTERM, shutting down$")
        self.assertFalse(spamd.pidfile.exists())
        self.assertFalse(spamd.socket.exists())

    def test_debug_shows_the_log_on_standard_error_as_well(self):
        plain, debug = self.daemon("-x").start(), self.daemon("-x", "-D").start()
        for spamd, expected in ((plain, 0), (debug, 1)):
            spamd.exchange(request("CHECK", HAM))
            for pattern in (r"info: spamd: server pid: \d+$", r"info: spamd: clean message"):
                spamd.wait_log(pattern)
                stamped = r"^[A-Z][a-z]{2} [ \d]\d [\d:]{8}\.\d{3} \[\d+\] " + pattern
                lines = re.findall(stamped, spamd.errors.read_text(), re.M)
                self.assertEqual(len(lines), expected, spamd.errors.read_text())

    def test_states_of_the_workers_are_logged(self):
        spamd = self.daemon("-x", "-m", "2").start()
        spamd.wait_log(r"info: prefork: child states: II$")
        with spamd.connect():
            spamd.wait_log(r"info: prefork: child states: (IB|BI)$")
        wait_for(
            lambda: len(re.findall(r"child states: II$", spamd.log_text(), re.M)) == 2,
            "idle workers",
            spamd.tail,
        )

    def test_interrupt_ends_it_too(self):
        spamd = self.daemon("-x").start()
        worker = spamd.worker_pid()
        spamd.process.send_signal(signal.SIGINT)
        self.assertEqual(spamd.process.wait(harness.PATIENCE_S), 0)
        spamd.wait_log(r"server killed by SIGINT, shutting down$")
        self.assertFalse(process_exists(worker))

    def test_hup_keeps_the_pid_and_takes_the_new_configuration(self):
        spamd = self.daemon("-x", "-p", "0").start()
        self.assertEqual(spamd.spamc("-c").stdout, b"0.0/5.0\n")
        spamd.config.write_text("required_score 7\n")
        spamd.process.send_signal(signal.SIGHUP)
        pid = spamd.pid
        spamd.wait_started(2)
        self.assertEqual(spamd.pid, pid)
        self.assertEqual(spamd.pidfile.read_text(), f"{pid}\n")
        self.assertEqual(spamd.spamc("-c").stdout, b"0.0/7.0\n")
        self.assertEqual(spamd.spamc_unix("-c").stdout, b"0.0/7.0\n")
        self.assertEqual(spamd.stop(), 0)

    def test_hup_reopens_the_log_file(self):
        spamd = self.daemon("-x").start()
        rotated = spamd.log.with_suffix(".1")
        spamd.log.rename(rotated)
        spamd.process.send_signal(signal.SIGHUP)
        wait_for(spamd.starts, "a start in the new log file", spamd.tail)
        self.assertIn("server hit by SIGHUP, restarting", rotated.read_text())

    def test_hup_with_a_bad_configuration_changes_nothing(self):
        spamd = self.daemon("-x").start()
        worker = spamd.worker_pid()
        spamd.config.unlink()
        spamd.process.send_signal(signal.SIGHUP)
        spamd.wait_log(r"error: spamd: SIGHUP: not restarting, .*local\.cf")
        self.assertEqual(spamd.exchange(request("PING")), PONG)
        self.assertEqual(spamd.worker_pid(), worker)
        self.assertEqual(len(spamd.starts()), 1)

    def test_worker_process_that_dies_is_replaced(self):
        spamd = self.daemon("-x").start()
        worker = spamd.worker_pid()
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: spamd.worker_pid() != worker, "a new worker process", spamd.tail)
        self.assertEqual(spamd.exchange(request("PING")), PONG)
        spamd.wait_log(rf"handled cleanup of child pid \[{worker}\] due to SIGCHLD")

    def test_worker_process_follows_a_supervisor_that_was_killed(self):
        spamd = self.daemon("-x").start()
        self.assertEqual(spamd.exchange(request("PING")), PONG)
        worker = spamd.worker_pid()
        spamd.process.kill()
        spamd.process.wait()
        wait_for(lambda: not process_exists(worker), "the end of the worker", spamd.tail)

    def test_usr2_writes_stack_traces_and_pipe_is_ignored(self):
        spamd = self.daemon("-x").start()
        self.assertEqual(spamd.exchange(request("PING")), PONG)
        for number in (signal.SIGUSR2, signal.SIGPIPE):
            spamd.process.send_signal(number)
        spamd.wait_log(rf"stack trace of process {spamd.pid},")
        spamd.wait_log(rf"stack trace of process {spamd.worker_pid()},")
        self.assertEqual(spamd.exchange(request("PING")), PONG)

    def test_service_manager_is_told(self):
        path = self.dir / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(path))
            manager.settimeout(harness.PATIENCE_S)
            spamd = self.daemon("-x").start(env={**os.environ, "NOTIFY_SOCKET": str(path)})
            self.assertEqual(manager.recv(100), b"READY=1")
            spamd.process.send_signal(signal.SIGHUP)
            self.assertEqual(manager.recv(100), b"RELOADING=1")
            self.assertEqual(manager.recv(100), b"READY=1")
            spamd.stop()
            self.assertEqual(manager.recv(100), b"STOPPING=1")

    def test_request_under_way_is_answered_before_the_end(self):
        spamd = self.daemon("-x", "-m", "1").start()  # one worker: it takes what comes in its order
        with spamd.connect() as connection:
            sent = request("CHECK", HAM)
            connection.sendall(sent[:60])
            spamd.wait_log(r"connection from")
            with spamd.connect() as probe:  # handled later than the bytes above
                probe.sendall(request("PING"))
                harness.read_all(probe)
            spamd.process.send_signal(signal.SIGTERM)
            spamd.wait_log("shutting down")
            connection.sendall(sent[60:])
            self.assertIn(b"Spam: False", harness.read_all(connection))


class BackgroundTest(harness.DaemonTest):
    def start(self):
        spamd = self.daemon("-x", "-d")
        done = spamd.run()
        self.assertEqual(done.returncode, 0, done.stderr + spamd.tail())
        spamd.wait_started()
        self.addCleanup(self.end, spamd)
        return spamd

    def end(self, spamd):
        for _, pid in spamd.starts():
            if process_exists(pid):
                with contextlib.suppress(ProcessLookupError):  # it was about to end
                    os.kill(pid, signal.SIGTERM)
                wait_for(lambda: not process_exists(pid), f"the end of {pid}", spamd.tail)

    def test_returns_when_it_listens_and_the_pid_file_is_there(self):
        spamd = self.daemon("-x", "-d")
        self.addCleanup(self.end, spamd)
        self.assertEqual(spamd.run().returncode, 0, spamd.tail())
        pid = int(spamd.pidfile.read_text())
        self.assertTrue(process_exists(pid))
        self.assertEqual(spamd.spamc_unix("-K").stdout, b"SPAMD/1.5 0\n")
        self.assertEqual(os.readlink(f"/proc/{pid}/cwd"), "/")
        self.assertEqual(os.getsid(pid), pid)

    def test_relative_paths_are_those_of_the_caller(self):
        self.make_store()
        spamd = self.daemon("-x", "-d", "-r", "run.pid", "--store", "store", "-s", "./run.log")
        self.addCleanup(self.end, spamd)
        spamd.log = self.dir / "run.log"
        done = spamd.run(cwd=self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        spamd.wait_started()
        self.assertEqual((self.dir / "run.pid").read_text(), f"{spamd.pid}\n")
        spamd.wait_log(rf"graph store open in {self.dir}/store")
        os.kill(spamd.pid, signal.SIGHUP)
        spamd.wait_started(2)
        wait_for(
            lambda: (self.dir / "run.pid").exists()
            and (self.dir / "run.pid").read_text() == f"{spamd.pid}\n",
            "the new pid file",
            spamd.tail,
        )
        os.kill(spamd.pid, signal.SIGTERM)
        wait_for(lambda: not (self.dir / "run.pid").exists(), "its removal", spamd.tail)

    def test_hup_gives_a_new_pid(self):
        spamd = self.start()
        old = spamd.pid
        os.kill(old, signal.SIGHUP)
        spamd.wait_started(2)
        self.assertNotEqual(spamd.pid, old)
        wait_for(
            lambda: spamd.pidfile.exists() and spamd.pidfile.read_text() == f"{spamd.pid}\n",
            "the new pid file",
            spamd.tail,
        )
        wait_for(lambda: not process_exists(old), "the end of the old process", spamd.tail)
        self.assertEqual(spamd.exchange(request("PING")), PONG)

    def test_failed_start_is_seen_by_the_caller(self):
        first = self.daemon("-x").start()
        second = self.daemon("-x", "-d", "--socketpath", first.socket)
        done = second.run()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("in use", done.stderr)
        self.assertFalse(second.pidfile.exists())
        self.assertEqual(first.spamc_unix("-K").returncode, 0)


class SocketTest(harness.DaemonTest):
    def test_stale_socket_is_replaced(self):
        spamd = self.daemon("-x", "--socketmode", "0600")
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(spamd.socket))
        spamd.start()
        self.assertEqual(stat.S_IMODE(spamd.socket.stat().st_mode), 0o600)
        self.assertEqual(spamd.spamc_unix("-K").returncode, 0)

    def test_another_file_is_not_replaced(self):
        spamd = self.daemon("-x")
        spamd.socket.write_text("precious")
        done = spamd.run()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("not a socket", done.stderr)
        self.assertEqual(spamd.socket.read_text(), "precious")

    def test_owner_and_group(self):
        if not harness.is_root():
            self.skipTest("changing owners needs root")
        spamd = self.daemon("-x", "--socketowner", "mail", "--socketgroup", "daemon").start()
        self.assertEqual((spamd.socket.owner(), spamd.socket.group()), ("mail", "daemon"))
        missing = self.daemon("-x", "--socketowner", "no-such-user")
        self.assertIn("no user no-such-user", missing.run().stderr)


class PrivilegeTest(harness.DaemonTest):
    def status_of(self, pid):
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
        return dict(line.split(":\t", 1) for line in lines if ":\t" in line)

    def setUp(self):
        super().setUp()
        if not harness.is_root():
            self.skipTest("needs root")

    def test_workers_give_up_everything(self):
        for options in (("-u", "nobody"), ()):  # without -u: the default user
            spamd = self.daemon("-x", *options, user=False).start()
            self.assertEqual(spamd.exchange(request("PING")), PONG)
            status = self.status_of(spamd.worker_pid())
            uid = str(harness.account_uid())
            self.assertEqual(status["Uid"].split(), [uid] * 4)
            self.assertEqual(set(status["Gid"].split()), {status["Gid"].split()[0]})
            self.assertNotIn("0", status["Gid"].split())
            self.assertNotIn("0", status["Groups"].split())
            self.assertEqual(int(status["CapEff"], 16), 0)
            self.assertEqual(self.status_of(spamd.pid)["Uid"].split()[0], "0")

    def test_group_can_be_chosen(self):
        spamd = self.daemon("-x", "-g", "mail").start()
        self.assertEqual(spamd.exchange(request("PING")), PONG)
        gid = str(grp.getgrnam("mail").gr_gid)
        self.assertEqual(self.status_of(spamd.worker_pid())["Gid"].split(), [gid] * 4)

    def test_root_and_unknown_names_are_refused(self):
        for options, text in (
            (("-u", "root"), "must not run as root"),
            (("-u", "no-such-user"), "no user no-such-user"),
            (("-g", "no-such-group"), "no group no-such-group"),
        ):
            with self.subTest(options=options):
                done = self.daemon("-x", *options).run()
                self.assertEqual(done.returncode, 78)
                self.assertIn(text, done.stderr)


class CommandLineTest(harness.DaemonTest):
    def run_plain(self, *options):
        return subprocess.run(
            [SPAMD, *options], capture_output=True, text=True, check=False,
            timeout=harness.PATIENCE_S,
        )

    def test_version_and_help(self):
        done = self.run_plain("-V")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(
            done.stdout,
            r"\ASpamAssassin Server version 4\.0\.1\n  running on spamd-trust \S+\n"
            r"  with SSL support \(.*\)\n  with zlib support \(.*\)\n\Z",
        )
        done = self.run_plain("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("--listen", done.stdout)

    def test_usage_errors(self):
        for options, status in ((["--bogus"], 64), (["-F", "1"], 2), (["-q"], 64)):
            done = self.run_plain(*options)
            self.assertEqual(done.returncode, status, options)
            self.assertEqual(done.stdout, "")
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_words_that_are_no_options_are_ignored_as_by_the_original(self):
        spamd = self.daemon("-x", "", "start", "--", "-d").start()
        self.assertEqual(spamd.exchange(request("PING")), PONG)
        spamd.wait_log(r'warn: spamd: ignored on the command line, as it is no option: ""$')

    def test_log_and_pid_files_that_cannot_be_written_cost_no_mail(self):
        nowhere = self.dir / "nowhere" / "file"
        spamd = self.daemon("-x", "-r", nowhere)
        spamd.start()
        self.assertEqual(spamd.exchange(request("PING")), PONG)
        spamd.wait_log(r"warn: spamd: cannot write pid file .*/nowhere/file: ")
        self.assertEqual(spamd.stop(), 0)
        spamd = self.daemon("-x", "-s", nowhere)
        spamd.log = spamd.errors
        spamd.start()
        self.assertEqual(spamd.exchange(request("PING")), PONG)
        spamd.wait_log(
            r"warn: spamd: cannot open log file .*/nowhere/file: .*; logging to standard error$"
        )
        self.assertEqual(spamd.stop(), 0)

    def test_ports_that_are_none(self):
        for options in (
            ("-p", "65536"),
            ("-p", "nosuchservice"),
            ("-i", "127.0.0.1:x"),
            ("--ssl-port=-1",),
            ("--socketpath", "relative"),
        ):
            for more in ((), ("--check-config", "-C", "/dev/null")):
                with self.subTest(options=options, more=more):
                    done = self.run_plain(*options, *more)
                    self.assertEqual((done.returncode, done.stdout), (64, ""), done.stderr)
                    self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_check_config(self):
        good = self.daemon("-x", "--check-config", config="required_score 4\n").run()
        self.assertEqual(good.returncode, 0, good.stderr)
        bad = self.daemon("-x", "--check-config", config="required_score 4\nrequird_score 5\n")
        done = bad.run()
        self.assertEqual(done.returncode, 78)
        self.assertIn("local.cf:2", done.stderr)
        self.assertIn("required_score", done.stderr, "the nearest name")
        self.assertFalse(bad.log.exists())

    def test_unknown_setting_is_logged_and_does_not_keep_it_from_starting(self):
        spamd = self.daemon("-x", config="requird_score 5\n").start()
        spamd.wait_log(r"info: config: .*local\.cf:1: .*requird_score")

    def test_address_that_cannot_be_used(self):
        done = self.daemon("-x", "-i", "192.0.2.1:783").run()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("192.0.2.1", done.stderr)


if __name__ == "__main__":
    harness.main()
