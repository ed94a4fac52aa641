"""Known mistakes of saving and loading."""

from collections.abc import Callable
from dataclasses import replace

from grader.exercises.kit.global_settings import SETTINGS_CHANGED
from grader.exercises.kit.side_effects import PRICE, side_effects
from grader.exercises.kit.tensors import is_weight
from grader.exercises.lesson_06_capstone.save_and_load_facts import Pair
from grader.exercises.machine.mistakes import Mistake

_HALF = 2.0  # points: one of the two functions does not do its part
_OTHER_FORMAT = 3.0


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
    Mistake("not-contiguous", lambda facts: facts.refused, "safetensors refuses a network whose tensors do not lie contiguously in memory: weights in `channels_last` order, as our backbone's are, or a transposed weight.", "Save `tensor.contiguous()` for each, or let `safetensors.torch.save_model` do it.", costs=_HALF),
    Mistake("file-elsewhere", lambda facts: (facts.no_file() or facts.old_kept) and facts.elsewhere, "Nothing was written at the given `path`; instead there is {0.elsewhere}.", "Use `path` as it is: no name of your own, no ending added to it."),
    Mistake("no-file", Pair.no_file, "`save_model` wrote no file at the given `path`.", "`save_file(tensors, path)` writes one."),
    Mistake("pickle", lambda facts: "pickle" in facts.kinds, "The file is not a safetensors file but a pickle, which can run any code when it is opened: `torch.save` and `pickle` write such files.", "Use `save_file` or `save_model` of `safetensors.torch`.", costs=_OTHER_FORMAT),
    Mistake("numpy-file", lambda facts: "numpy" in facts.kinds, "The file is one of NumPy's (`.npy` or `.npz`), not a safetensors file.", "Use `save_file` or `save_model` of `safetensors.torch`.", costs=_OTHER_FORMAT),
    Mistake("other-format", lambda facts: "other" in facts.kinds, "The file is not a safetensors file.", "`safetensors.torch.save_file(tensors, path)` writes one.", costs=_OTHER_FORMAT),
    _file("file-empty", lambda facts: not facts.file, "The file is a safetensors file without any tensor in it.", _SAVE_ALL),
    Mistake("old-file-kept", lambda facts: facts.old_kept, "At one of the given paths lay another network's file already, and afterwards it is still there, unchanged.", "Whoever saves to a path wants this network there: write the file in any case.", costs=_HALF),
    _file("file-of-another", Pair.file_of_another, "The file at the given `path` holds the state of another network than the one that was given.", "Is each network written, and into the file of its own `path`?"),
    _file("digits-not-saved", Pair.cast, "The file holds {1}, and the network held it with more digits.", "Save the tensors as they are, in their own dtype."),
    _file("buffers-not-saved", lambda facts: facts.lacks(lambda name: not is_weight(name)), "The file holds the parameters and not the buffers: BatchNorm's running statistics, such as `{1}`, are not in it.", "`model.state_dict()` has both, `named_parameters()` only the weights."),
    _file("counters-not-saved", lambda facts: facts.lacks(lambda name: name.endswith("num_batches_tracked")), "The file holds everything but the counters of BatchNorm, such as `{1}`.", _SAVE_ALL),
    _file("weights-not-saved", lambda facts: facts.lacks(is_weight), "The file holds the buffers and not the parameters, such as `{1}`.", _SAVE_ALL),
    _file("frozen-not-saved", lambda facts: facts.lacks(facts.is_frozen), "The file holds everything but what is frozen, such as `{1}`: a fresh network has other numbers there.", _SAVE_ALL),
    _file("head-alone-saved", lambda facts: facts.lacks(lambda name: not facts.in_head(name)), "The file holds the head alone: `{1}` and the rest of the backbone are missing.", _SAVE_ALL),
    _file("head-not-saved", lambda facts: facts.lacks(facts.in_head), "The file holds everything but the head: `{1}` is missing.", _SAVE_ALL),
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
    Mistake("numbers-hidden", lambda facts: facts.restored and facts.hidden, "The networks come back, but one file holds {1[0]} numbers with a fraction where its network has {1[1]}: the rest is hidden in it, as bytes or elsewhere, and whoever opens it must trust a stranger's code.", _SAVE_ALL, costs=_HALF),
    Mistake("given-stays-fresh", lambda facts: facts.restored and facts.given_is_fresh, "`load_model` returned another network, and the one that it was given is as fresh as before.", "Load into the network that is given, and return it.", costs=PRICE),
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
        if not (function == "loading" and row.id in ("tensors-replaced", "gradients-cleared"))
    ]


TABLES = [STATE, READY, MODE, _of("saving"), _of("loading", "state", "training"), [SETTINGS_CHANGED]]
