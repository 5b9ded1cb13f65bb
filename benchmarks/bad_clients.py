"""Clients that a service among strangers has: slow ones, those that leave, and those that mean harm."""

import http.client
import random
import socket
import threading
import time
from contextlib import suppress

from damage import damaged

PACE = 1.0  # seconds between two bytes of a slow upload
PATIENCE = 0.5  # seconds, at most, that a leaving client waits
HEAD = "POST /v1/detect HTTP/1.1\r\nHost: 127.0.0.1\r\n"
SDP = b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 43210 RTP/AVP 0\n"
CONCAT = b"ffconcat version 1.0\nfile '/etc/passwd'\n"


class Slow(threading.Thread):
    """Holds `count` uploads open, a byte a second each; what is closed is opened anew."""

    def __init__(self, port: int, count: int, end: float) -> None:
        super().__init__(daemon=True)
        self.port, self.count, self.end = port, count, end

    def run(self) -> None:
        """Send."""
        clients: list[socket.socket] = []
        while time.monotonic() < self.end:
            began = time.monotonic()
            clients = [client for client in clients if trickles(client)]
            with suppress(OSError):
                while len(clients) < self.count:
                    clients.append(connected(self.port, "127.0.0.2"))
                    clients[-1].sendall(f"{HEAD}Content-Length: 1000000\r\n\r\n".encode())
            time.sleep(max(0.0, PACE - (time.monotonic() - began)))
        for client in clients:
            client.close()


class Leaving(threading.Thread):
    """Sends whole recordings and leaves before their answers."""

    def __init__(self, port: int, bodies: list[bytes], end: float, number: int) -> None:
        super().__init__(daemon=True)
        self.port, self.bodies, self.end, self.random = port, bodies, end, random.Random(number)

    def run(self) -> None:
        """Send and leave."""
        while time.monotonic() < self.end:
            body = self.random.choice(self.bodies)
            with suppress(OSError), connected(self.port, "127.0.0.3") as client:
                client.sendall(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body)
                time.sleep(self.random.uniform(0, PATIENCE))
            time.sleep(self.random.uniform(0, PATIENCE))


class Hostile(threading.Thread):
    """Sends damaged recordings, texts that name other files, endless framing, and takes no answers in."""

    def __init__(self, port: int, bodies: list[bytes], end: float, number: int) -> None:
        super().__init__(daemon=True)
        self.port, self.bodies, self.end, self.random = port, bodies, end, random.Random(number)

    def run(self) -> None:
        """Do one thing after another."""
        deeds = (self.damaged, self.naming, self.framing, self.deaf, self.foreign, self.garbage)
        while time.monotonic() < self.end:
            with suppress(OSError, http.client.HTTPException):
                self.random.choice(deeds)()
            time.sleep(self.random.uniform(0, 0.5))

    def damaged(self) -> None:
        """Send a recording with damage."""
        body, other = self.random.choice(self.bodies), self.random.choice(self.bodies)
        self.posted(damaged(body, other, self.random))

    def naming(self) -> None:
        """Send a text that has a decoder open something else."""
        self.posted(self.random.choice((SDP, CONCAT)))

    def foreign(self) -> None:
        """Post as another site's page does."""
        self.posted(self.random.choice(self.bodies), Origin="http://evil.test")

    def framing(self) -> None:
        """Send a byte a chunk, with kilobytes beside each."""
        with connected(self.port, "127.0.0.4") as client:
            client.sendall(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode())
            for _ in range(2000):
                client.sendall(b"1;" + b"x" * 8000 + b"\r\nR\r\n")

    def deaf(self) -> None:
        """Ask for much and take nothing in."""
        with connected(self.port, "127.0.0.4") as client:
            client.sendall(b"GET /v1/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 500)
            time.sleep(5)

    def garbage(self) -> None:
        """Send what is no HTTP."""
        with connected(self.port, "127.0.0.4") as client:
            client.sendall(self.random.randbytes(5000))
            client.recv(1000)

    def posted(self, body: bytes, **headers: str) -> None:
        """Send a recording and read the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, 60, source_address=("127.0.0.4", 0))
        try:
            connection.request("POST", "/v1/detect?evidence=0", body, {"Content-Type": "audio/wav", **headers})
            connection.getresponse().read()
        finally:
            connection.close()


def connected(port: int, address: str) -> socket.socket:
    """Return a connection to the service from one of this machine's own addresses."""
    return socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(address, 0))


def trickles(client: socket.socket) -> bool:
    """Send one byte more; False, and closed, where the service has ended it."""
    try:
        client.sendall(b"\0")
        client.setblocking(False)
        if client.recv(1000):  # a refusal
            raise OSError
    except BlockingIOError:
        client.settimeout(30)
        return True
    except OSError:
        pass
    client.close()
    return False
