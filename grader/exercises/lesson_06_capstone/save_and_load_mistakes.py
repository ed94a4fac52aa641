"""Known mistakes of saving and loading, and the facts that show them."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from grader.exercises.kit.condition import Condition
from grader.exercises.kit.global_settings import SETTINGS_CHANGED
from grader.exercises.kit.side_effects import PRICE, side_effects
from grader.exercises.kit.tensors import State, inside, is_weight, moved
from grader.exercises.machine.mistakes import Mistake

_HALF = 2.0  # points: one of the two functions does not do its part
_OTHER_FORMAT = 3.0


class Pair:
    """What a pair of functions did with three networks, the first that went wrong in detail.

    Attributes:
        refused, elsewhere, kinds: as in the evidence; kinds of the three files.
        restored: whether every network came back as it was saved.
        complete: whether the file of ``place`` holds every tensor of its network, under whatever names.
        place: the first network that did not come back, or 0.
    """

    def __init__(self, evidence: Any, wanted: list[dict[str, Any]]) -> None:
        before = [Condition.model_validate(want["before"]) for want in wanted]
        fresh = [Condition.model_validate(want["fresh"]) for want in wanted]
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
    expected = {"state": after.state, "training": after.training}
    if after.state.keys() != before.state.keys():  # another network came back: only device and dtype compare
        names = ("trainable", "with_gradient", "hooked")
        expected |= {name: getattr(after, name) for name in names}
    return before.model_copy(update=expected)


def _equal(got: State, wanted: State) -> bool:
    return got.keys() == wanted.keys() and all(np.array_equal(got[name], wanted[name]) for name in wanted)


def _holds(file: State, state: State) -> bool:
    return all(_found(name, state, file) is not None for name in state)


def _found(name: str, state: State, file: State) -> str | None:
    """Under which name a file has a tensor: its own, or one that ends or begins so, or any with these values."""
    for candidate in sorted(file, key=lambda other: (other != name, not other.endswith(name))):
        stored, tensor = file[candidate], state[name]
        if stored.size == tensor.size and np.array_equal(stored.reshape(-1), tensor.reshape(-1)):
            return candidate
    return None


def _file(name: str, shows: Callable[[Pair], object], text: str, hint: str, costs: float = _HALF) -> Mistake:
    """A row on what the file holds, which is looked at only if the network did not come back."""
    return Mistake(name, lambda facts: not facts.restored and shows(facts), text, hint, costs=costs)


def _load(name: str, shows: Callable[[Pair], object], text: str, hint: str) -> Mistake:
    """A row on what was loaded, which is looked at only if the file holds everything."""
    return Mistake(
        name, lambda facts: not facts.restored and facts.complete and shows(facts), text, hint, costs=_HALF
    )


_SAVE_ALL = "`model.state_dict()` has weights and buffers of every module: save the whole of it, as it is."
_LOAD_ALL = "Load the whole `state_dict`, strictly, and change nothing on the way."
STATE = [
    Mistake("not-contiguous", lambda facts: facts.refused, "safetensors refuses a network whose weights lie in `channels_last` order, as our backbone's do: the tensors are not contiguous.", "Save `tensor.contiguous()` for each, or let `safetensors.torch.save_model` do it.", costs=_HALF),
    Mistake("file-elsewhere", lambda facts: facts.no_file() and facts.elsewhere, "There is no file at the given `path`; instead there is {0.elsewhere}.", "Use `path` as it is: no name of your own, no ending added to it."),
    Mistake("no-file", Pair.no_file, "`save_model` wrote no file at the given `path`.", "`save_file(tensors, path)` writes one."),
    Mistake("pickle", lambda facts: "pickle" in facts.kinds, "The file is not a safetensors file but a pickle, which can run any code when it is opened: `torch.save` and `pickle` write such files.", "Use `save_file` or `save_model` of `safetensors.torch`.", costs=_OTHER_FORMAT),
    Mistake("numpy-file", lambda facts: "numpy" in facts.kinds, "The file is one of NumPy's (`.npy` or `.npz`), not a safetensors file.", "Use `save_file` or `save_model` of `safetensors.torch`.", costs=_OTHER_FORMAT),
    Mistake("other-format", lambda facts: "other" in facts.kinds, "The file is not a safetensors file.", "`safetensors.torch.save_file(tensors, path)` writes one.", costs=_OTHER_FORMAT),
    _file("file-empty", lambda facts: not facts.file, "The file is a safetensors file without any tensor in it.", _SAVE_ALL),
    _file("file-of-another", Pair.file_of_another, "The file at the given `path` holds the state of another network than the one that was given.", "Is each network written, and into the file of its own `path`?"),
    _file("buffers-not-saved", lambda facts: facts.lacks(lambda name: not is_weight(name)), "The file holds the parameters and not the buffers: BatchNorm's running statistics, such as `{1}`, are not in it.", "`model.state_dict()` has both, `named_parameters()` only the weights."),
    _file("counters-not-saved", lambda facts: facts.lacks(lambda name: name.endswith("num_batches_tracked")), "The file holds everything but the counters of BatchNorm, such as `{1}`.", _SAVE_ALL),
    _file("weights-not-saved", lambda facts: facts.lacks(is_weight), "The file holds the buffers and not the parameters, such as `{1}`.", _SAVE_ALL),
    _file("head-alone-saved", lambda facts: facts.lacks(lambda name: not facts.in_head(name)), "The file holds the head alone: `{1}` and the rest of the backbone are missing.", _SAVE_ALL),
    _file("head-not-saved", lambda facts: facts.lacks(facts.in_head), "The file holds everything but the head: `{1}` is missing.", _SAVE_ALL),
    _file("digits-not-saved", Pair.cast, "The file holds {1}, and the network held it with more digits.", "Save the tensors as they are, in their own dtype."),
    _file("order-of-numbers", Pair.permuted, "`{1}` has its numbers in another order in the file than in the network: it does not lie contiguously in memory, and was written as it lies.", "Save `tensor.contiguous()`; `safetensors.numpy` does not check it."),
    _file("not-saved", lambda facts: [name for name in facts.missing if name not in facts.file], "No tensor in the file has the numbers of `{1[0]}`.", _SAVE_ALL),
    _file("changed-in-file", lambda facts: facts.missing, "`{1[0]}` in the file is not what the network held when it was saved.", "Save the tensors as they are."),
    _load("load-stops", lambda facts: facts.error, "`load_model` stops with {1}. The file holds everything that it needs; it lies in another folder by then, under another name, as it would with whoever receives it.", "It must read what `save_model` wrote, at the given `path`, into a network of the same architecture. {0.hint}"),
    _load("nothing-loaded", Pair.as_fresh, "Nothing was loaded: afterwards the network has the random weights that it was built with.", "Call `model.load_state_dict(...)` on the given model, with its own names; `strict=False` passes over every name that does not fit, in silence."),
    _load("another-loaded", Pair.loaded_another, "The network comes back with the state of another one that was saved too: it was not read from the given `path`.", "Read from `path`, not from a fixed name or from a variable."),
    _load("buffers-not-loaded", lambda facts: facts.as_fresh(lambda name: not is_weight(name)), "The parameters are loaded and the buffers are not: `{1}` is as in a new network.", "Load the whole `state_dict`, strictly."),
    _load("only-head-loaded", lambda facts: facts.as_fresh(lambda name: not facts.in_head(name)), "Only the head is loaded: `{1}` is as in a new network.", "`strict=False` passes over what is missing, in silence."),
    _load("part-loaded", Pair.partly_fresh, "Only a part is loaded: `{1}` is as in a new network.", "`strict=False` passes over what is missing, in silence."),
    _load("digits-not-loaded", Pair.rounded, "After loading, `{1}` has fewer digits than when the network was saved.", _LOAD_ALL),
    Mistake("not-restored", lambda facts: not facts.restored, "After loading, `{0.astray}` is not what it was when the network was saved.", _LOAD_ALL, costs=_HALF),
]  # fmt: skip
READY = [
    Mistake("nothing-returned", lambda facts: facts.returned, "`load_model` returned {1}, not the network.", "End it with `return model`, also if it changes the model in place; `load_state_dict` itself does not return the network.", costs=PRICE),
]  # fmt: skip
MODE = [
    Mistake("training-mode", lambda facts: facts.restored and facts.training, "The loaded network is in training mode: BatchNorm and dropout would disturb its predictions.", "Call `model.eval()` in `load_model`.", costs=PRICE),
]  # fmt: skip


def _of(function: str, *allowed: str) -> list[Mistake]:
    """The side effects of one of the two functions."""

    def on(row: Mistake) -> Callable[[Pair], object]:
        return lambda facts: row.shows(getattr(facts, function))

    said = {"saving": "After `save_model`: ", "loading": "After `load_model`: "}[function]
    return [
        replace(row, id=f"{function}-{row.id}", shows=on(row), text=f"{said}{row.text}")
        for row in side_effects(*allowed)
        if not (function == "loading" and row.id == "tensors-replaced")
    ]


TABLES = [STATE, READY, MODE, _of("saving"), _of("loading", "state", "training"), [SETTINGS_CHANGED]]
