"""A service of one's own for tests, pictures and benchmarks: the real command, on a free port."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request

COMMAND = [sys.executable, "-c", "from bonafide.cli import main; main()", "serve", "--port", "0"]


class Service:
    """`bonafide serve` with `options`; ended with the block."""

    def __init__(self, *options, **env):
        self.process = subprocess.Popen(
            [*COMMAND, *map(str, options)],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **env},
        )
        self.lines = []
        for line in self.process.stderr:
            self.lines.append(line)
            if '"listening"' in line:
                break
        else:
            raise AssertionError("".join(self.lines))
        self.url = json.loads(self.lines[-1])["url"]
        self.port = int(self.url.rstrip("/").rpartition(":")[2])
        # Read on: a full pipe would hold the service up.
        self._reader = threading.Thread(target=lambda: self.lines.extend(self.process.stderr), daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stderr.close()

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def workers(self):
        """Return the process ids of the workers."""
        task = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(task, encoding="ascii") as file:  # noqa: PTH123
            return [int(each) for each in file.read().split()]

    def get(self, path, **headers):
        return self.ask(path, None, **headers)

    def ask(self, path, body, **headers):
        """Return (status, headers, parsed body) of a request; keywords are headers, with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url.rstrip("/") + path, data=body, headers=named)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers, _parsed(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, _parsed(error.read())

    def page_key(self):
        """Return what the page of this run sends along with a recording for the corpus."""
        return re.search(r'<meta name="page-key" content="([^"]+)">', self.get("/")[2])[1]

    def collect(self, content, fields, **headers):
        body, kind = form(("recording.wav", content), fields=fields.items())
        key = {"X_Bonafide_Page": self.page_key()} if "X_Bonafide_Page" not in headers else {}
        return self.ask("/v1/collect", body, Content_Type=kind, **key, **headers)

    def detect(self, body, query="", **headers):
        return self.ask("/v1/detect" + query, body, **({"Content_Type": "audio/wav"} | headers))


def form(*files, fields=()):
    """Return (body, content type) of a form with (name, content) files."""
    mark = "-----bonafide-test"
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in fields]
    for name, content in files:
        escaped = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        head = f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="{escaped}"\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return b"".join(parts) + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


def _parsed(content):
    try:
        return json.loads(content)
    except ValueError:
        return content.decode()
