"""A lesson's own training runs, kept beside the notebook, so that a kernel restart costs none of them.

A run is taken from its checkpoint only while the function that made it, every function of the notebook
that it calls, and its arguments are the same: a student who repairs her training step trains anew.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from grader.errors import CourseError
from grader.lab.cache import write_whole

if TYPE_CHECKING:  # it imports PyTorch, and who grades a class wants only the names below
    from grader.lab.training import History

FOLDER = ".checkpoints"
# "off" trains everything anew: for tests and for the build. A path: runs are kept there instead.
VARIABLE = "FINETUNING_COURSE_CHECKPOINTS"
_MODULE_TYPES = (int, float, str, bool, type(None), tuple, list, dict)


def checkpoint(name: str, run: Callable[..., "History"], *arguments: Any, **options: Any) -> "History":
    """``run(*arguments, **options)``, or what it gave before the kernel was restarted.

    Args:
        name: of the run's file in ``.checkpoints/`` beside the notebook; a name has one run.
        run: a function of the notebook that trains and returns a ``History``.
        options: passed on. ``plot`` does not decide whether the run is the same, and is called with a
            history that comes from a checkpoint.

    Raises:
        CourseError: ``run`` returned something else.
    """
    path = _folder() / f"{name.replace('/', '-')}.json"
    settings = {key: value for key, value in options.items() if key != "plot"}
    fingerprint = _fingerprint(run, arguments, settings)
    if (found := _read(path, fingerprint)) is not None:
        print(
            f"{name}: taken from the checkpoint of {_when(path)}. "
            f"To train anew, delete {path} and run this cell."
        )
        if (plot := options.get("plot")) is not None:
            plot(found)
        return found
    from grader.lab.training import History

    history = run(*arguments, **options)
    if not isinstance(history, History):
        raise CourseError(
            f"{name}: the function must return the history of its training, not {type(history).__name__}."
        )
    if history.loss and _wanted():
        _write(path, fingerprint, history)
    return history


def _wanted() -> bool:
    return os.environ.get(VARIABLE, "on") != "off"


def _folder() -> Path:
    chosen = os.environ.get(VARIABLE, "on")
    return Path(FOLDER) if chosen in ("on", "off") else Path(chosen)


def _when(path: Path) -> str:
    return time.strftime("%H:%M on %Y-%m-%d", time.localtime(path.stat().st_mtime))


def _write(path: Path, fingerprint: str, history: "History") -> None:
    content = {"fingerprint": fingerprint, "history": asdict(history)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(content).encode())
    except (OSError, CourseError):  # a training that is done is worth more than its copy
        print(f"{path} cannot be written, so this run would be trained anew after a restart of the kernel.")


def _read(path: Path, fingerprint: str) -> "History | None":
    """The run's history; None if there is none, of this recipe, that can be read."""
    from grader.lab.training import History, Score

    if not _wanted():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["fingerprint"] != fingerprint:
            return None
        fields = content["history"]
        scores = {int(step): Score(**score) for step, score in fields.pop("scores").items()}
        return History(**fields, scores=scores)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _fingerprint(run: Callable, arguments: tuple, options: dict) -> str:
    """SHA-256 of what decides the run's outcome, as far as it stands in the notebook."""
    described = [
        repr([_plain(value) for value in arguments]),
        repr(sorted((k, _plain(v)) for k, v in options.items())),
    ]
    _describe(run, described, set())
    return hashlib.sha256("\n".join(described).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """A value as text that is the same in the next kernel."""
    if isinstance(value, FunctionType):
        inner: list[str] = []
        _describe(value, inner, set())
        return inner
    if isinstance(value, _MODULE_TYPES):
        return value
    if hasattr(value, "tobytes"):  # an array: which images
        return hashlib.sha256(value.tobytes()).hexdigest()
    return type(value).__name__


def _describe(function: Any, described: list[str], seen: set[int]) -> None:
    """The byte code of a function and of all functions of its module that it names, and plain globals."""
    code = getattr(function, "__code__", None)
    if code is None or id(code) in seen:
        return
    seen.add(id(code))
    described.append(_code_text(code))
    described.append(repr((function.__defaults__, function.__kwdefaults__)) if _all_plain(function) else "")
    for name in sorted(_names(code)):
        value = function.__globals__.get(name)
        if isinstance(value, FunctionType) and value.__module__ == function.__module__:
            _describe(value, described, seen)
        elif isinstance(value, _MODULE_TYPES):
            described.append(f"{name} = {value!r}")


def _all_plain(function: FunctionType) -> bool:
    return all(isinstance(value, _MODULE_TYPES) for value in function.__defaults__ or ())


def _code_text(code: CodeType) -> str:
    constants = [_constant_text(constant) for constant in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {constants}"


def _constant_text(constant: Any) -> str:
    if isinstance(constant, CodeType):
        return _code_text(constant)
    # The order in a set of strings differs from kernel to kernel.
    return repr(sorted(map(repr, constant))) if isinstance(constant, frozenset) else repr(constant)


def _names(code: CodeType) -> set[str]:
    inner = [_names(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    return set(code.co_names).union(*inner)
