"""Run an exercise's ``collect`` beside the student's code and come back with a bundle, whatever happens."""

import _thread
import contextlib
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
from grader.exercises.evidence import FORMAT, MAX_BYTES, EvidenceError, digest, encode
from grader.exercises.exercise import Exercise

SHOWN_CHARACTERS = 2_000
_PACKAGE = str(Path(__file__).resolve().parents[1])


@dataclass(frozen=True)
class Collected:
    """A bundle as JSON, and what the student's code printed meanwhile."""

    bundle: dict[str, Any]
    printed: str


def collect_evidence(exercise: Exercise, answer: object, challenge: dict[str, Any]) -> Collected:
    """Ask ``answer`` the challenge. Mistakes of the student's code end up in the bundle, not as exceptions."""
    printed = _CappedText()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        outcome, message, evidence = _collect(exercise, answer, challenge)
    bundle = {
        "format": FORMAT,
        "exercise": exercise.id,
        "challenge": digest(challenge),
        "outcome": outcome,
        "message": message,
        "evidence": evidence,
    }
    return Collected(bundle, printed.shown())


def _collect(exercise: Exercise, answer: object, challenge: dict[str, Any]) -> tuple[str, str, Any]:
    """Outcome, message, evidence: as ``grader.exercises.evidence.Bundle`` names them."""
    if not exercise.accepts(answer):
        return "wrong kind", f"it was given {_named(answer)}", None
    try:
        with _clean_torch(), time_limit(exercise.time_limit):
            evidence = encode(exercise.collect(answer, challenge))
        if len(json.dumps(evidence)) > MAX_BYTES - 10_000:
            raise EvidenceError("The answer gives more data than the check can take.")
    except NotImplementedError:
        return "unwritten", "", None
    except TimedOut:
        return "timed out", f"{exercise.time_limit:g}", None
    except EvidenceError as problem:
        return "not encodable", str(problem), None
    except CourseError as problem:
        return "raised", str(problem), None
    except (Exception, SystemExit) as error:
        return "raised", _told(error), None
    return "collected", "", evidence


def _named(answer: object) -> str:
    kind = type(answer).__name__
    return "None" if answer is None else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _told(error: BaseException) -> str:
    """The exception in one sentence, with the last line of the student's own code that led to it."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "site-packages" not in frame.filename
        and not frame.filename.startswith((_PACKAGE, sys.base_prefix, "<frozen"))
    ]
    text = " ".join(str(error).split())[:300]
    where = f", in the line `{own[-1].line}`" if own and own[-1].line else ""
    return f"{type(error).__name__}: {text}{where}"[:1_000]


class TimedOut(Exception):
    """The student's code took longer than it may."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt the block after ``seconds``, as Ctrl-C would.

    Works in the main thread, where notebooks run their cells; elsewhere there is no limit. Code that
    catches ``KeyboardInterrupt`` itself, or stays in one long call of a compiled library, goes on.

    Raises:
        TimedOut: the time was over.
        KeyboardInterrupt: the user pressed Ctrl-C (or the stop button).
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    lock = threading.Lock()
    finished = fired = delivered = False

    def fire() -> None:
        nonlocal fired
        with lock:
            if not finished:
                fired = True
                _interrupt_main_thread()

    timer = threading.Timer(seconds, fire)
    timer.daemon = True
    try:
        try:
            timer.start()
            yield
        except KeyboardInterrupt:
            delivered = True
            raise
        finally:
            with lock:
                finished = True
            if fired and not delivered:
                time.sleep(5)  # the interrupt is on its way: it must end here, not in the caller
    except KeyboardInterrupt:
        if fired:
            raise TimedOut from None
        raise
    finally:
        timer.cancel()


def _interrupt_main_thread() -> None:
    if hasattr(signal, "pthread_kill"):  # also ends a sleep or a read
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    else:
        _thread.interrupt_main()


@contextlib.contextmanager
def _clean_torch() -> Iterator[None]:
    """Same random numbers for every answer, and PyTorch's global settings as they were afterwards."""
    import torch

    dtype, gradients = torch.get_default_dtype(), torch.is_grad_enabled()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        torch.set_grad_enabled(True)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)
            torch.set_grad_enabled(gradients)


class _CappedText(io.TextIOBase):
    """Takes any amount of text, keeps its beginning and counts the rest."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._room = SHOWN_CHARACTERS
        self._written = 0

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
        text = "".join(self._kept)
        if self._written > SHOWN_CHARACTERS:
            text += f"\n… your code printed {self._written:,} characters; these are the first {SHOWN_CHARACTERS:,}."
        return text
