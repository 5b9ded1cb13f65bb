"""A WebSocket's client for tests and benchmarks, over a bare socket."""

import json
import socket
import time

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)


class Call:
    """One call of /v1/live: `status` is 101 or that of the refusal, whose document is `refusal`."""

    def __init__(self, port, query="?rate=16000", path="/v1/live", **headers):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._connection = WSConnection(ConnectionType.CLIENT)
        self.status, self.closed, self.answers, self._text, body = 0, None, [], "", b""
        extra = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        self._send(Request(host=f"127.0.0.1:{port}", target=path + query, extra_headers=extra))
        while not self.status or (self.status != 101 and self.closed is None):
            for event in self._events():
                if isinstance(event, AcceptConnection):
                    self.status = 101
                elif isinstance(event, RejectConnection):
                    self.status = event.status_code
                    self.headers = {name.decode(): value.decode() for name, value in event.headers}
                elif isinstance(event, RejectData):
                    body += event.data
        self.refusal = json.loads(body) if body else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def say(self, samples):
        """Send samples, or a text that ends them."""
        self._send(TextMessage(data=samples) if isinstance(samples, str) else BytesMessage(data=samples))

    def hear(self, most=1000):
        """Return the next answers, up to `most` or the end of the call, which `closed` then tells."""
        end = time.monotonic() + 60  # pings would keep a service alive that says nothing more
        while len(self.answers) < most and self.closed is None:
            assert time.monotonic() < end
            for event in self._events():
                if isinstance(event, TextMessage):
                    self._text += event.data
                    if event.message_finished:
                        self.answers.append(json.loads(self._text))
                        self._text = ""
        taken, self.answers = self.answers[:most], self.answers[most:]
        return taken

    def leave(self):
        """Hang up without a word."""
        self._socket.close()

    def _send(self, event):
        self._socket.sendall(self._connection.send(event))

    def _events(self):
        content = self._socket.recv(65536)
        if not content:
            self.closed = self.closed or (1006, "")
            return
        self._connection.receive_data(content)
        for event in self._connection.events():
            if isinstance(event, CloseConnection):
                self.closed = (event.code, event.reason)
            elif isinstance(event, Ping):
                self._send(event.response())
            else:
                yield event
