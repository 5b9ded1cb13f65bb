"""What a manifest points at, on loopback: git repositories behind git's own HTTP backend, files and archives."""

import gzip
import os
import subprocess
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
WHO = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
ALLOWED = ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant")  # as the large hosts have it


def git(folder, *arguments):
    command = ["git", *WHO, "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, env={**os.environ, **GIT}).stdout.decode().strip()


def repository(root, name, files):
    """Make the bare repository `root`/`name`.git with `files`, bytes by path, on its branch main."""
    work = root / f"{name}.work"
    work.mkdir(parents=True, exist_ok=True)
    git(work, "init", "--quiet")
    for path, content in files.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_bytes(content)
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "-m", "clips")
    git(root, "clone", "--quiet", "--bare", str(work), f"{name}.git")
    for key in ALLOWED:
        git(root / f"{name}.git", "config", key, "true")
    return root / f"{name}.git"


class Public:
    """A server of what lies below a folder: git repositories by `git http-backend`, all else as files, with ranges.

    `asked` has the paths of all requests, `sent` the bytes of all answers. Answers to what is in `cut` end after so
    many bytes, once.
    """

    def __init__(self, root):
        self.root, self.asked, self.sent, self.cut = Path(root), [], 0, {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, self))
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def __init__(self, public, *arguments):
        self.public = public
        super().__init__(*arguments)

    def do_GET(self):
        path = self.path.partition("?")[0]
        self.public.asked.append(path)
        if ".git/" in path:
            self.answer_of_git(path)
        elif (file := self.public.root / path.lstrip("/")).is_file():
            self.answer_of_file(path, file.read_bytes())
        else:
            self.send_error(404)

    do_POST = do_GET  # noqa: N815 - http.server calls it by this name

    def answer_of_file(self, path, content):
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.send(path, content[start:])

    def answer_of_git(self, path):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        environment = {
            **os.environ,
            **GIT,
            "GIT_PROJECT_ROOT": str(self.public.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": self.path.partition("?")[2],
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
        }
        done = subprocess.run(["git", "http-backend"], input=body, capture_output=True, env=environment, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.send(path, content)

    def send(self, path, content):
        content = content[: self.public.cut.pop(path, len(content))]
        self.public.sent += len(content)
        self.wfile.write(content)

    def log_message(self, *_):
        pass
