"""The process that decodes and scores one recording at a time: limited, replaceable, and told nothing but the audio.

It is started by `bonafide.web.pool` with a Unix socket as its standard input. Each request is a line of JSON with an
open file beside it (SCM_RIGHTS), so that audio has no name on disk and is never copied through a pipe; each answer
is JSON after its length in four bytes.
"""

import json
import os
import resource
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from bonafide.audio.apart import may_die
from bonafide.audio.media import open_media
from bonafide.audio.opening import UNKNOWN_FRAMES
from bonafide.memory import keep_memory
from bonafide.web.confinement import confine
from bonafide.web.logs import trace_of

MAX_REQUEST = 4096  # bytes of JSON
CELL_SECONDS = 0.05  # of an evidence map, whose patches are several times as long
MOST_BANDS = 64
GRACE = 5  # seconds after which a worker whose parent died without a word ends itself


class Refused(Exception):  # noqa: N818 - not a fault
    """A recording that the service's limits forbid; the message is the sentence for the client."""


class GivenUp(BaseException):
    """Nobody waits for the answer any more. No `Exception`: a detector takes those for damaged files."""


class Work:
    """Whether a recording is being worked on, which a signal ends."""

    def __init__(self) -> None:
        self._going = False
        signal.signal(signal.SIGUSR1, self._give_up)

    def answer(self, detector: Any, file: BinaryIO, request: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
        """Return what `answered` does, or that it was given up."""
        try:
            self._going = True
            answer = answered(detector, file, request)
            self._going = False
        except GivenUp:
            return {"given_up": True}
        return answer

    def _give_up(self, *_: object) -> None:
        if self._going:
            self._going = False
            raise GivenUp


def main() -> None:
    """Load the detector, say what it is, and answer until the parent hangs up."""
    orders = json.loads(sys.argv[1])
    limit(orders["memory"])
    may_die()
    keep_memory()
    channel = socket.socket(fileno=0)
    own_folder(orders["temporary"])
    held = confine([Path(orders["model"])] if orders["model"] else [])
    try:
        detector, about = load(orders["model"])
    except Exception as error:  # the parent tells the user
        say(channel, {"error": str(error)})
        return
    work = Work()
    say(channel, {"model": about, "confined": held})
    while True:
        line, files, _, _ = socket.recv_fds(channel, MAX_REQUEST, 1)
        if not files:
            return
        request = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, request["timeout"] + GRACE)
        with os.fdopen(files[0], "rb"), Path(f"/dev/fd/{files[0]}").open("rb") as file:  # with a place of its own
            answer = work.answer(detector, file, request)
        signal.setitimer(signal.ITIMER_REAL, 0)
        say(channel, answer)


def limit(memory: int) -> None:
    """Bound what decoding a hostile file can take: `memory` in bytes, no files, no core dump that would hold audio."""
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (most, most))
    # The parent ends its workers by hanging up; a signal to the whole group must not cut what is in flight.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def own_folder(temporary: str) -> None:
    """Go to a folder of one's own that is gone already: a name in a file that means one beside it finds nothing."""
    tempfile.tempdir = temporary  # by itself Python would look whether it can write there
    home = Path(tempfile.mkdtemp(prefix="bonafide-"))
    os.chdir(home)
    home.rmdir()


def load(model: str | None) -> tuple[Any, dict[str, Any]]:
    """Return the detector of the file `model`, or the packaged one, and what /v1/model says of it."""
    from bonafide.detection.choice import PACKAGED
    from bonafide.detection.detector import Detector
    from bonafide.scoring.network_size import constants

    detector = Detector(PACKAGED if model is None else Path(model))
    facts = detector.facts
    about = {
        "name": Path(detector.name).name,  # where it lies is not for strangers
        "sha256": detector.sha256,
        "thresholds": dict(facts.thresholds),
        "band": list(facts.cannot_tell),
        "cannot_tell": {name: _probabilities(facts, name) for name in facts.thresholds},
        "calibration": vars(facts.calibration),
        "rate": facts.audio.rate,
        "constants": constants(detector.model if isinstance(detector.model, bytes) else detector.model.read_bytes()),
        "card": dict(facts.card),
    }
    return detector, about


def _probabilities(facts: Any, name: str) -> list[float]:  # noqa: ANN401 - light import
    """Return the probabilities of ai between which the verdict under a threshold is "cannot tell"."""
    from bonafide.detection.verdicts import cut_of
    from bonafide.scoring.calibration import p_ai

    cut = cut_of(facts.thresholds, facts.cannot_tell, name)
    return [float(p_ai(cut.high)), float(p_ai(cut.low))]


def answered(detector: Any, file: BinaryIO, request: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - light import
    """Return the answer to one request: a result, a refusal with its HTTP status, or a fault with its trace."""
    try:
        if request["live"] is not None:
            return {"result": heard_live(detector, file, request["live"])}
        refuse_long(announced_seconds(file), request["max_seconds"])
        # As a path, for it is read from several times; the file itself has no name.
        path = Path(f"/dev/fd/{file.fileno()}")
        if request["for_corpus"]:
            return {"result": sound_for_corpus(path)}
        answer = judged(detector, path, request)
        refuse_long(answer["seconds"], request["max_seconds"])
        return {"result": answer}
    except Refused as refusal:
        return {"refused": str(refusal), "status": 422}
    except MemoryError:
        return {"refused": "the recording needs more memory to decode than this service allows", "status": 422}
    except Exception as error:
        return {"fault": trace_of(error)}


def sound_for_corpus(path: Path) -> dict[str, str]:
    """Return what the corpus has to know of a recording's sound."""
    from bonafide.errors import UserError
    from bonafide.gathering.collecting import sound_of

    try:
        return vars(sound_of(path))
    except UserError as error:
        raise Refused(str(error)) from None


def heard_live(detector: Any, file: BinaryIO, order: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """Return the verdicts at the seconds that a message of a live recording completes."""
    from bonafide.errors import UserError
    from bonafide.web.hearing import heard

    try:
        return heard(detector, file, order)
    except UserError as error:
        raise Refused(str(error)) from None


def judged(detector: Any, path: Path, request: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """Return the result of one recording, with where in time and frequency its reasons are if `evidence` is asked."""
    from bonafide.detection.results import as_json
    from bonafide.errors import UserError

    explanation = None
    if request["evidence"]:
        from bonafide.explain.evidence import explain

        with suppress(UserError):  # it holds nothing that could be shown; the result says why
            explanation = explain(detector, path, threshold=request["threshold"])
    if explanation is not None and request["channels"] == "each":
        result = explanation.result
    else:
        result = detector.predict(path, threshold=request["threshold"], channels=request["channels"])
    evidence = {} if explanation is None else {"evidence": evidence_of(explanation)}
    return as_json(result) | evidence


def evidence_of(explanation: Any) -> dict[str, Any] | None:  # noqa: ANN401 - light import
    """Return the evidence map in cells that a page can show; positive cells spoke for ai, in nats of llr.

    The llr of the stretch is ``base`` less the sum of all cells.
    """
    import numpy as np

    if explanation.evidence is None:
        return None
    frames, bands = explanation.evidence.shape
    seconds = explanation.stop - explanation.start
    times = np.arange(0, frames, max(1, frames // max(1, round(seconds / CELL_SECONDS))))
    lows = np.arange(0, bands, max(1, bands // MOST_BANDS))
    cells = np.add.reduceat(np.add.reduceat(explanation.evidence, times, axis=0), lows, axis=1)
    centres = np.add.reduceat(explanation.hertz, lows) / np.diff([*lows, bands])
    edges = np.concatenate(([0.0], (centres[1:] + centres[:-1]) / 2, [explanation.facts.audio.rate / 2]))
    return {
        "start": explanation.start,
        "stop": explanation.stop,
        "hertz": edges.round(1).tolist(),
        "map": cells.round(7).tolist(),
        "base": explanation.base,
        "llr": explanation.llr,
    }


def announced_seconds(file: BinaryIO) -> float:
    """Return how long the file says it is, 0 where it does not say; the file is left at its beginning."""
    import soundfile

    try:
        with soundfile.SoundFile(file.fileno(), closefd=False) as sound:
            return float(sound.frames / sound.samplerate) if sound.frames < UNKNOWN_FRAMES else 0.0
    except (soundfile.LibsndfileError, RuntimeError, ZeroDivisionError):
        return av_seconds(file)
    finally:
        file.seek(0)


def av_seconds(file: BinaryIO) -> float:
    """Return what `announced_seconds` does, of the containers that PyAV reads."""
    try:
        file.seek(0)
        with open_media(file) as container:
            return float(container.duration or 0) / 1e6
    except Exception:  # what it is will be said by the detector
        return 0.0


def refuse_long(seconds: float, most: float) -> None:
    """Raise `Refused` where a recording is longer than allowed."""
    if seconds > most:
        raise Refused(too_long(seconds, most))


def too_long(seconds: float, most: float) -> str:
    """Return the sentence for a recording that is longer than allowed."""
    return f"the recording is {seconds:.0f} s long, and this service takes {most:.0f} s at most"


def say(channel: socket.socket, message: dict[str, Any]) -> None:
    """Send `message`."""
    content = json.dumps(message, allow_nan=False).encode()
    channel.sendall(len(content).to_bytes(4, "big") + content)


if __name__ == "__main__":
    main()
