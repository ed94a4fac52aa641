"""Run an exercise's ``collect`` beside the student's code and come back with a bundle, whatever happens."""

import contextlib
import copy
import io
import json
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import CourseError
from grader.exercises.machine.asking import AnswerRaised
from grader.exercises.machine.clean_settings import clean_settings
from grader.exercises.machine.evidence import FORMAT, MAX_BYTES, EvidenceError, digest, encode, printable
from grader.exercises.machine.exception_hints import hint_for
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.time_limit import TimedOut, time_limit

SHOWN_CHARACTERS = 2_000
_MESSAGE_CHARACTERS = 1_000
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
        found = _collect(exercise, answer, copy.deepcopy(challenge))
    return Collected(
        {"format": FORMAT, "exercise": exercise.id, "challenge": asked, **found}, printed.shown()
    )


def _collect(exercise: Exercise, answer: object, challenge: dict[str, Any]) -> dict[str, Any]:
    """Outcome, message, hint and evidence, as ``grader.exercises.machine.evidence.Bundle`` names them."""
    if not exercise.accepts(answer):
        return _without_evidence("wrong kind", f"it was given {_named(answer)}")
    try:
        with clean_settings(exercise.one_thread, eager=True), time_limit(exercise.time_limit):
            evidence = encode(exercise.collect(answer, challenge))
        if len(json.dumps(evidence)) > MAX_BYTES - 10_000:
            raise EvidenceError("The answer gives more data than the check can take.")
    except TimedOut:
        return _without_evidence("timed out", f"{exercise.time_limit:g}")
    except EvidenceError as problem:
        return _without_evidence("not encodable", str(problem))
    except KeyboardInterrupt:
        raise  # the user's own
    except AnswerRaised as raised:
        return _raised(raised.error)
    except BaseException as error:  # SystemExit too: nothing that an answer raises stops the notebook
        if isinstance(error, CourseError | NotImplementedError) or _own_lines(error):
            return _raised(error)
        return _without_evidence("check failed", _told(error))
    return {"outcome": "collected", "message": "", "hint": "", "evidence": evidence}


def _without_evidence(outcome: str, message: str, hint: str = "") -> dict[str, Any]:
    message = printable(message)[:_MESSAGE_CHARACTERS]
    return {"outcome": outcome, "message": message, "hint": hint, "evidence": None}


def _raised(error: BaseException) -> dict[str, Any]:
    if isinstance(error, CourseError):
        return _without_evidence("raised", str(error))
    # The stub's has no message; PyTorch's own, for a dtype that an operation lacks, says what is wrong.
    if isinstance(error, NotImplementedError) and not error.args:
        return _without_evidence("unwritten", "")
    return _without_evidence("raised", _told(error), hint_for(type(error).__name__, _text(error)))


def _named(answer: object) -> str:
    kind = type(answer).__name__
    return "None" if answer is None else f"{'an' if kind.lower().startswith(tuple('aeiou')) else 'a'} {kind}"


def _told(error: BaseException) -> str:
    """The exception in one sentence, with the last line of the student's own code that led to it."""
    text, own = _text(error), _own_lines(error)
    where = f", in the line `{own[-1]}`" if own else ""
    return f"{type(error).__name__}: {text}{where}" if text else f"{type(error).__name__}{where}"


def _text(error: BaseException) -> str:
    try:
        return " ".join(str(error).split())[:300]
    except Exception:  # an exception of the student's own that cannot be shown
        return "(no message)"


def _own_lines(error: BaseException) -> list[str]:
    """The lines of the student's own code on the way to the exception, the outermost first."""
    return [
        frame.line
        for frame in traceback.extract_tb(error.__traceback__)
        if "site-packages" not in frame.filename
        and not frame.filename.startswith((_PACKAGE, sys.base_prefix, "<frozen"))
        and frame.line
    ]


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
