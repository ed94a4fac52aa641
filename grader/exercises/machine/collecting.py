"""Run an exercise's ``collect`` beside the student's code and come back with a bundle, whatever happens."""

import _thread
import contextlib
import copy
import io
import json
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import CourseError
from grader.exercises.machine.evidence import FORMAT, MAX_BYTES, EvidenceError, digest, encode, printable
from grader.exercises.machine.exercise import Exercise

SHOWN_CHARACTERS = 2_000
_MESSAGE_CHARACTERS = 1_000
_AGAIN = 1.0  # seconds between two interrupts
_PACKAGE = str(Path(__file__).resolve().parents[2])


@dataclass(frozen=True)
class Collected:
    """A bundle as JSON, and what the student's code printed meanwhile."""

    bundle: dict[str, Any]
    printed: str


def collect_evidence(exercise: Exercise, answer: object, challenge: dict[str, Any]) -> Collected:
    """Ask ``answer`` the challenge. Mistakes of the student's code end up in the bundle, not as exceptions."""
    printed = _CappedText()
    asked = digest(challenge)  # before the student's code can change it
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        outcome, message, evidence = _collect(exercise, answer, copy.deepcopy(challenge))
    bundle = {
        "format": FORMAT,
        "exercise": exercise.id,
        "challenge": asked,
        "outcome": outcome,
        "message": printable(message)[:_MESSAGE_CHARACTERS],
        "evidence": evidence,
    }
    return Collected(bundle, printed.shown())


def _collect(exercise: Exercise, answer: object, challenge: dict[str, Any]) -> tuple[str, str, Any]:
    """Outcome, message, evidence: as ``grader.exercises.machine.evidence.Bundle`` names them."""
    if not exercise.accepts(answer):
        return "wrong kind", f"it was given {_named(answer)}", None
    try:
        with _clean_torch(), time_limit(exercise.time_limit):
            evidence = encode(exercise.collect(answer, challenge))
        if len(json.dumps(evidence)) > MAX_BYTES - 10_000:
            raise EvidenceError("The answer gives more data than the check can take.")
    except NotImplementedError as error:
        # The stub's has no message; PyTorch's own, for a dtype that an operation lacks, says what is wrong.
        return ("raised", _told(error), None) if error.args else ("unwritten", "", None)
    except TimedOut:
        return "timed out", f"{exercise.time_limit:g}", None
    except EvidenceError as problem:
        return "not encodable", str(problem), None
    except CourseError as problem:
        return "raised", str(problem), None
    except KeyboardInterrupt:
        raise  # the user's own
    except BaseException as error:  # SystemExit too: nothing that an answer raises stops the notebook
        return "raised", _told(error), None
    return "collected", "", evidence


def _named(answer: object) -> str:
    kind = type(answer).__name__
    return "None" if answer is None else f"{'an' if kind.lower().startswith(tuple('aeiou')) else 'a'} {kind}"


def _told(error: BaseException) -> str:
    """The exception in one sentence, with the last line of the student's own code that led to it."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "site-packages" not in frame.filename
        and not frame.filename.startswith((_PACKAGE, sys.base_prefix, "<frozen"))
    ]
    try:
        text = " ".join(str(error).split())[:300]
    except Exception:  # an exception of the student's own that cannot be shown
        text = "(no message)"
    where = f", in the line `{own[-1].line}`" if own and own[-1].line else ""
    return f"{type(error).__name__}: {text}{where}" if text else f"{type(error).__name__}{where}"


class TimedOut(BaseException):
    """The student's code took longer than it may. No ``Exception``: her ``except Exception`` must not stop it."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt the block after ``seconds``, as Ctrl-C would, and again each second until it has ended:
    Python drops an exception that reaches a finaliser or a callback of the garbage collector.

    Works in the main thread, where notebooks run their cells; elsewhere there is no limit. Code with a
    bare ``except:`` in an endless loop, or in one long call of a compiled library, goes on.

    Raises:
        TimedOut: the time was over.
        KeyboardInterrupt: the user pressed Ctrl-C (or the stop button).
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    lock = threading.Lock()
    ended = threading.Event()
    on_its_way = False

    def on_interrupt(*_: object) -> None:
        nonlocal on_its_way
        if not on_its_way:
            raise KeyboardInterrupt  # the user's own
        on_its_way = False
        raise TimedOut

    def fire() -> None:
        nonlocal on_its_way
        wait = seconds
        while not ended.wait(wait):
            with lock:
                if not ended.is_set():
                    on_its_way = True
                    _interrupt_main_thread()
            wait = _AGAIN

    # Our own handler, since a program started in the background ignores the interrupt.
    previous = signal.signal(signal.SIGINT, on_interrupt)
    try:
        threading.Thread(target=fire, daemon=True).start()
        yield
    finally:
        try:
            with lock:
                ended.set()
            if on_its_way:
                time.sleep(5)  # the interrupt must end here, not in the caller
        finally:
            ended.set()
            signal.signal(signal.SIGINT, previous if previous is not None else signal.SIG_DFL)


def _interrupt_main_thread() -> None:
    if hasattr(signal, "pthread_kill"):  # also ends a sleep or a read
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    else:
        _thread.interrupt_main()


@contextlib.contextmanager
def _clean_torch() -> Iterator[None]:
    """Same random numbers and settings for every answer; PyTorch's global ones as they were afterwards."""
    import torch

    dtype, gradients = torch.get_default_dtype(), torch.is_grad_enabled()
    device = torch.get_default_device()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        torch.set_default_dtype(torch.float32)
        _set_default_device(torch.device("cpu"))
        torch.set_grad_enabled(True)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)
            _set_default_device(device)
            torch.set_grad_enabled(gradients)


def _set_default_device(device: Any) -> None:
    import torch

    if torch.get_default_device() != device:
        # None instead of "cpu": a default device that is set slows every call down.
        torch.set_default_device(None if device.type == "cpu" else device)


class _CappedText(io.TextIOBase):
    """Takes any amount of text, keeps its beginning and counts the rest."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._room = SHOWN_CHARACTERS
        self._written = 0

    encoding = "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._written += len(text)
        if self._room > 0:
            self._kept.append(text[: self._room])
            self._room -= len(text)
        return len(text)

    def shown(self) -> str:
        """The beginning, and how much there was if that is more."""
        text = printable("".join(self._kept))
        if self._written > SHOWN_CHARACTERS:
            text += f"\n… your code printed {self._written:,} characters; these are the first {SHOWN_CHARACTERS:,}."
        return text
