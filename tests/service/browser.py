"""Drives Debian's chromium over its debugging pipe: no library, no port."""

import base64
import itertools
import json
import os
import shutil
import signal
import subprocess
import time

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-features=NetworkTimeServiceQuerying,OptimizationHints,AutofillServerCommunication",
    "--hide-scrollbars",
]
DRIVEN = [
    *FLAGS,
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--remote-debugging-pipe",
]


class Browser:
    """A browser with one page."""

    def __init__(self, profile, *flags):
        ours, to_us = os.pipe()
        from_us, to_it = os.pipe()

        def hand_over():
            os.setsid()
            high = os.dup2(from_us, 100), os.dup2(to_us, 101)
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [CHROMIUM, *DRIVEN, *flags, f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=hand_over,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(from_us)
        os.close(to_us)
        self._in, self._out = os.fdopen(to_it, "wb", buffering=0), ours
        self._numbers, self._kept, self.events = itertools.count(1), b"", []
        page = next(each for each in self.call("Target.getTargets")["targetInfos"] if each["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "DOM"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._in.close()
        os.close(self._out)

    def call(self, method, **params):
        """Send a command and return its answer."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if hasattr(self, "_session"):
            message["sessionId"] = self._session
        self._in.write(json.dumps(message).encode() + b"\0")
        while True:
            said = self._read()
            if said.get("id") == number:
                assert "error" not in said, (method, said["error"])
                return said["result"]
            self.events.append(said)

    def _read(self):
        while b"\0" not in self._kept:
            part = os.read(self._out, 1 << 20)
            assert part, "the browser is gone"
            self._kept += part
        message, _, self._kept = self._kept.partition(b"\0")
        return json.loads(message)

    def screen(self, width, height, *, dark=False, mobile=False, scale=1):
        """Set the size of the page and whether it is dark."""
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": mobile}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url):
        """Load `url` and wait until it is there."""
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def js(self, expression):
        """Return the value of `expression`, awaited."""
        said = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def wait(self, expression, seconds=20):
        """Wait until `expression` is true."""
        end = time.monotonic() + seconds
        while not self.js(f"Boolean({expression})"):
            assert time.monotonic() < end, f"never: {expression}"
            time.sleep(0.05)

    def upload(self, selector, *paths):
        """Choose files in the input that `selector` names."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])

    def press(self, key, code=None, text=""):
        """Press a key as a person does."""
        named = {"key": key, "code": code or key, "windowsVirtualKeyCode": KEYS.get(key, 0)}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **named)
        self.call("Input.dispatchKeyEvent", type="keyUp", **named)

    def click(self, selector, share=0.5):
        """Click into the element that `selector` names, at `share` of its width."""
        self.js(f"document.querySelector({selector!r}).scrollIntoView({{block: 'center'}})")
        x, y, width, height = self.js(
            f"(() => {{ const b = document.querySelector({selector!r}).getBoundingClientRect();"
            "return [b.x, b.y, b.width, b.height]; })()"
        )
        place = {"x": x + share * width, "y": y + height / 2, "button": "left", "clickCount": 1}
        self.call("Input.dispatchMouseEvent", type="mousePressed", **place)
        self.call("Input.dispatchMouseEvent", type="mouseReleased", **place)

    def asked(self):
        """Return the addresses of all requests so far."""
        self.js("0")
        return [
            each["params"]["request"]["url"]
            for each in self.events
            if each.get("method") == "Network.requestWillBeSent"
        ]

    def complaints(self):
        """Return what the page's code did wrong: exceptions, and what its policy forbade."""
        self.js("0")
        bad = ("Runtime.exceptionThrown", "Network.loadingFailed")
        return [each for each in self.events if each.get("method") in bad]

    def picture(self, path):
        """Save what is seen as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


KEYS = {"Tab": 9, "Enter": 13, " ": 32, "ArrowLeft": 37, "ArrowRight": 39, "Home": 36, "End": 35}
