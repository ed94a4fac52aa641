"""What a pair of functions that save and load did, as facts for the tables of mistakes."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from grader.exercises.kit.condition import Condition, given
from grader.exercises.kit.tensors import State, inside, is_weight, moved


class Pair:
    """What a pair of functions did with three networks, the first that went wrong in detail.

    Attributes:
        refused, elsewhere, kinds: as in the evidence; kinds of the three files.
        restored: whether every network came back as it was saved.
        complete: whether the file of ``place`` holds every tensor of its network, under whatever names.
        place: the first network that did not come back, or 0.
    """

    def __init__(self, evidence: Any, wanted: list[dict[str, Any]]) -> None:
        before = [
            given(want["before"], own) for want, own in zip(wanted, evidence.settings_before, strict=True)
        ]
        fresh = [
            given(want["fresh"], got.settings_before)
            for want, got in zip(wanted, evidence.loaded, strict=True)
        ]
        self.refused, self.elsewhere = (
            any(evidence.refused),
            ", ".join(f"`{name}`" for name in evidence.elsewhere),
        )
        self.kinds = [file.kind for file in evidence.files]
        self.changed_settings = evidence.changed_settings
        loaded = evidence.loaded
        back = [_equal(got.after.state, was.state) for got, was in zip(loaded, before, strict=True)]
        self.restored = all(back)
        self.place = place = back.index(False) if not self.restored else 0
        self._saved, self._fresh = before[place].state, fresh[place].state
        self._others = [was.state for number, was in enumerate(before) if number != place]
        self._head = wanted[place]["head"]
        self._trainable = before[place].trainable
        self.old_kept = any(evidence.old)
        self.hidden = next(
            (
                (_floats(file.state), _floats(was.state))
                for file, was in zip(evidence.files, before, strict=True)
                if file.kind == "safetensors" and _floats(file.state) < _floats(was.state)
            ),
            None,
        )
        self.given_is_fresh = any(
            got.given and not _equal(got.given, was.state) for got, was in zip(loaded, before, strict=True)
        )
        self.file, self._got = evidence.files[place].state, loaded[place].after.state
        self._dtypes = evidence.files[place].dtypes
        self.found = {name: _found(name, self._saved, self.file) for name in self._saved}
        self.missing = [name for name, where in self.found.items() if where is None]
        self.complete = not self.missing
        self.error, self.hint = loaded[place].error, loaded[place].hint
        self.returned = next((got.returned for got in loaded if got.returned), "")
        self.training = any(got.after.training for got in loaded)
        self.saving = SimpleNamespace(conditions=list(zip(before, evidence.saved, strict=True)))
        self.loading = SimpleNamespace(
            conditions=[
                (_asked_for(was, got.after), got.after) for was, got in zip(fresh, loaded, strict=True)
            ]
        )

    def no_file(self) -> bool:
        """Whether some file is missing that safetensors did not refuse."""
        return "missing" in self.kinds and not self.refused

    def lacks(self, just: Callable[[str], bool]) -> str:
        """One of the tensors that the file lacks, if these are just those for which ``just`` is true."""
        wanted = [name for name in self._saved if just(name)]
        return wanted[0] if self.missing and self.missing == wanted else ""

    def is_frozen(self, name: str) -> bool:
        """Whether a tensor is a frozen parameter."""
        return is_weight(name) and name not in self._trainable

    def in_head(self, name: str) -> bool:
        """Whether a tensor belongs to the head."""
        return bool(inside([name], self._head))

    def file_of_another(self) -> bool:
        """Whether the file holds what another of the networks held."""
        return any(_holds(self.file, other) for other in self._others)

    def cast(self) -> str:
        """A tensor whose digits the file has lost, with its dtype there."""
        for name in self.missing:
            for where, stored in self.file.items():
                close = stored.shape == self._saved[name].shape and np.allclose(
                    stored, self._saved[name], 2e-2, 2e-2
                )
                if close and self._dtypes.get(where) != str(self._saved[name].dtype):
                    return f"`{where}` as {self._dtypes.get(where)}"
        return ""

    def permuted(self) -> str:
        """A tensor that the file has with the same numbers in another order."""
        for name in self.missing:
            stored = self.file.get(name)
            if stored is not None and np.array_equal(
                np.sort(stored, axis=None), np.sort(self._saved[name], axis=None)
            ):
                return name
        return ""

    def as_fresh(self, just: Callable[[str], bool] = lambda name: True) -> str:
        """A tensor that is as in the new network, if those that are so are just those of ``just``."""
        differing = [name for name in self._saved if not np.array_equal(self._saved[name], self._fresh[name])]
        left = [name for name in differing if np.array_equal(self._got.get(name, np.nan), self._fresh[name])]
        return left[0] if left and left == [name for name in differing if just(name)] else ""

    def partly_fresh(self) -> str:
        """A tensor that is as in the new network."""
        return next(
            (
                name
                for name in self._saved
                if np.array_equal(self._got.get(name, np.nan), self._fresh[name])
                and not np.array_equal(self._saved[name], self._fresh[name])
            ),
            "",
        )

    def loaded_another(self) -> bool:
        """Whether the network came back with the state of another one that was saved too."""
        return any(_equal(self._got, other) for other in self._others)

    def rounded(self) -> str:
        """A tensor that came back with fewer digits, if all did so or are right."""
        astray = moved(self._saved, self._got)
        near = all(
            name in self._got
            and self._got[name].shape == self._saved[name].shape
            and np.allclose(self._got[name], self._saved[name], 2e-2, 2e-2)
            for name in astray
        )
        return astray[0] if astray and near else ""

    @property
    def astray(self) -> str:
        """A tensor that is not what it was."""
        return next(iter(moved(self._saved, self._got)), "another tensor")


def _asked_for(before: Condition, after: Condition) -> Condition:
    """The condition before loading, but for what loading is for: the state and the mode."""
    expected: dict[str, Any] = {"state": after.state, "training": after.training}
    if (
        after.attributes.get("", [0])[0] != before.attributes.get("", [0])[0]
    ):  # another object: how it lies in memory tells nothing
        expected["layouts"] = after.layouts
    if after.state.keys() != before.state.keys():  # another network came back: only device and dtype compare
        names = ("trainable", "with_gradient", "hooked")
        expected |= {name: getattr(after, name) for name in names}
    return before.model_copy(update=expected)


def _equal(got: State, wanted: State) -> bool:
    return got.keys() == wanted.keys() and all(np.array_equal(got[name], wanted[name]) for name in wanted)


def _floats(state: State) -> int:
    """How many numbers with a fraction a state holds."""
    return sum(values.size for values in state.values() if values.dtype.kind == "f")


def _holds(file: State, state: State) -> bool:
    return all(_found(name, state, file) is not None for name in state)


def _found(name: str, state: State, file: State) -> str | None:
    """Under which name a file has a tensor: its own, or one that ends or begins so, or any with these values."""
    for candidate in sorted(file, key=lambda other: (other != name, not other.endswith(name))):
        stored, tensor = file[candidate], state[name]
        if stored.size == tensor.size and np.array_equal(stored.reshape(-1), tensor.reshape(-1)):
            return candidate
    return None
