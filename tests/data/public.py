"""What a manifest points at, on loopback: git repositories behind git's own HTTP backend, files and archives."""

import os
import subprocess
import threading
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
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def _handler_of(public):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self):
            path = self.path.partition("?")[0]
            public.asked.append(path)
            if ".git/" in path:
                return self._backend()
            file = public.root / path.lstrip("/")
            if not file.is_file():
                return self.send_error(404)
            content, start = file.read_bytes(), 0
            if "Range" in self.headers:
                start = int(self.headers["Range"].removeprefix("bytes=").partition("-")[0])
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            return self._send(content[start : start + public.cut.pop(path, len(content))])

        do_POST = do_GET  # noqa: N815 - http.server calls it by this name

        def _backend(self):
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Content-Encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            environment = {
                **os.environ,
                **GIT,
                "GIT_PROJECT_ROOT": str(public.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
            }
            done = subprocess.run(
                ["git", "http-backend"], input=body, capture_output=True, env=environment, check=False
            )
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            lines = [line.partition(": ") for line in head.decode().split("\r\n") if line]
            status = next((int(value.split()[0]) for name, _, value in lines if name == "Status"), 200)
            self.send_response(status)
            for name, _, value in lines:
                if name != "Status":
                    self.send_header(name, value)
            self.end_headers()
            return self._send(content[: public.cut.pop(path, len(content))])

        def _send(self, content):
            public.sent += len(content)
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    return Handler
