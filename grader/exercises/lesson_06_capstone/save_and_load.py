"""The capstone's exercise on files: what ``save_model`` wrote, and what ``load_model`` made of it."""

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from grader.exercises.kit.comparing import same, same_state
from grader.exercises.kit.legacy_side_effects import condition, side_effects
from grader.exercises.kit.models import random_batch, random_cnn, random_cnn_spec
from grader.exercises.lesson_06_capstone.inspector import one_line
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.verdict import Finding, Verdict

_NEITHER_CAST_NOR_MOVED = ("state", "trainable", "training", "with_gradient", "hooked")


class SaveAndLoad(Exercise):
    """Write a network into a file that is safe to open, and read it back ready for use."""

    id = "capstone.save_and_load"
    lesson = "06_capstone"
    title = "Save and load"
    signature = "(save_model, load_model), with save_model(model, path) and load_model(model, path)"
    points = 4
    minutes = 8
    difficulty = 2
    section = "Exercise 3: save and load"
    answer_kind = "a pair of functions"

    def accepts(self, answer: object) -> bool:
        """Two functions."""
        return (
            isinstance(answer, list | tuple) and len(answer) == 2 and all(callable(part) for part in answer)
        )

    def challenge(self, rng: np.random.Generator) -> dict:
        """Three networks: two of one architecture, and one whose weights lie in ``channels_last`` order."""
        spec, other = random_cnn_spec(rng), random_cnn_spec(rng)
        seeds = [int(seed) for seed in rng.integers(2**31, size=3)]
        numbers = rng.permutation(900)[:3] + 100
        return {
            "networks": [
                {"spec": spec, "channels_last": False, "training": True},
                {"spec": {**spec, "seed": seeds[0]}, "channels_last": False, "training": False},
                {"spec": other, "channels_last": True, "training": False},
            ],
            "files": [f"inspector-{number}.safetensors" for number in numbers.tolist()],
            "data_seed": seeds[1],
            "fresh_seed": seeds[2],
        }

    def collect(self, answer, challenge: dict) -> dict:
        """What stands in the files, and in fresh networks into which they were loaded."""
        save_model, load_model = answer
        networks = challenge["networks"]
        with (
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
            contextlib.chdir(folder),  # a file of a fixed name lands there, too
        ):
            paths = [Path(folder) / name for name in challenge["files"]]
            saved = []
            for network, path in zip(networks, paths, strict=True):
                model = trained_network(network, challenge["data_seed"])
                saved.append({"error": _try_to_save(save_model, model, path), "after": condition(model)})
            elsewhere = sorted({str(p.name)[:60] for p in Path(folder).iterdir()} - set(challenge["files"]))
            files = [_read_file(path) for path in paths]
            loaded = [
                _load(load_model, fresh_network(network, challenge["fresh_seed"]), path)
                for network, path in zip(networks, paths, strict=True)
            ]
        return {"saved": saved, "files": files, "elsewhere": elsewhere[:5], "loaded": loaded}

    def judge(self, evidence: dict, expected: dict) -> Verdict:
        """Two points for the files, two for the networks that come back."""
        wanted = expected["networks"]
        if not all(len(evidence[part]) == len(wanted) for part in ("saved", "files", "loaded")):
            return self.verdict(0, [Finding(text="A file and a network for each of three were expected.")])
        saving, findings = self._judge_files(evidence, wanted)
        loading, found = self._judge_loaded(evidence["loaded"], wanted)
        points = saving + loading
        if any(file["kind"] != "safetensors" for file in evidence["files"]):
            points = min(points, 1)
        return self.verdict(points, [*findings, *found])

    def _judge_files(self, evidence: dict, wanted: list[dict]) -> tuple[int, list[Finding]]:
        for saved, file, want in zip(evidence["saved"], evidence["files"], wanted, strict=True):
            finding = _bad_file(saved, file, evidence["elsewhere"], want)
            if finding is not None:
                return 0, [finding]
        for saved, want in zip(evidence["saved"], wanted, strict=True):
            effects = side_effects(want["before"], saved["after"])
            if effects:
                text = f"Saving changed the model: {effects[0].text[0].lower()}{effects[0].text[1:]}"
                return 1, [Finding(text=text, hint=effects[0].hint)]
        return 2, [Finding(text="The files hold the whole state, buffers too, as safetensors.")]

    def _judge_loaded(self, loaded: list[dict], wanted: list[dict]) -> tuple[int, list[Finding]]:
        for place, (got, want) in enumerate(zip(loaded, wanted, strict=True)):
            cast = got["after"] and side_effects(want["fresh"], got["after"], allowed=_NEITHER_CAST_NOR_MOVED)
            if cast:
                return 0, cast
            finding = _bad_load(got, want, [other for number, other in enumerate(wanted) if number != place])
            if finding is not None:
                return 0, [finding]
        findings = []
        if any(got["after"]["training"] for got in loaded):
            findings.append(
                Finding(
                    text="The loaded network is in training mode: BatchNorm and dropout would disturb its predictions.",
                    hint="End `load_model` with `model.eval()`.",
                )
            )
        for got, want in zip(loaded, wanted, strict=True):
            findings += side_effects(want["fresh"], got["after"], allowed=("state", "training"))[:1]
        if findings:
            return 1, list({finding.text: finding for finding in findings}.values())
        return 2, [Finding(text="Each network comes back with the state of its file, in eval mode.")]


def trained_network(network: dict, data_seed: int):
    """A network of a challenge as it is to be saved: its running statistics have moved."""
    import torch

    model = random_cnn(network["spec"]).train()
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(data_seed)  # for dropout
        for step in range(2):
            model(random_batch(network["spec"], data_seed + step, 12)[0] * 2 + 1)
    if network["channels_last"]:
        model = model.to(memory_format=torch.channels_last)
    return model.train(network["training"])


def fresh_network(network: dict, seed: int):
    """A freshly built network of the same architecture, in training mode."""
    return random_cnn({**network["spec"], "seed": seed}).train()


def _try_to_save(save_model: Callable, model: Any, path: Path) -> str:
    """The refusal of ``safetensors`` in a word, "" if there was none."""
    try:
        save_model(model, path)
    except ValueError as error:
        if "non contiguous" in str(error):
            return "non contiguous"
        raise
    return ""


def _read_file(path: Path) -> dict[str, Any]:
    """What kind of file this is and, if it is safetensors, what it holds. Opens nothing as a pickle."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        return {"kind": "missing", "state": {}, "dtypes": {}}
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no dict)
    except SafetensorError:
        with open(path, "rb") as file:
            beginning = file.read(2)
        kind = (
            "pickle" if beginning in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05") else "other"
        )
        return {"kind": kind, "state": {}, "dtypes": {}}
    tensors = dict(list(tensors.items())[:300])
    return {
        "kind": "safetensors",
        "state": {
            name: (tensor.float() if tensor.is_floating_point() else tensor).numpy()
            for name, tensor in tensors.items()
        },
        "dtypes": {name: str(tensor.dtype).removeprefix("torch.") for name, tensor in tensors.items()},
    }


def _load(load_model: Callable, model: Any, path: Path) -> dict[str, Any]:
    import torch
    from safetensors import SafetensorError

    try:
        result = load_model(model, path)
    except NotImplementedError:
        raise  # not written yet
    except (RuntimeError, LookupError, ValueError, TypeError, OSError, SafetensorError) as error:
        return {"error": f"{type(error).__name__}: {one_line(error)}", "after": {}}
    return {"error": "", "after": condition(result if isinstance(result, torch.nn.Module) else model)}


def _bad_file(saved: dict, file: dict, elsewhere: list, want: dict) -> Finding | None:
    if saved["error"]:
        return Finding(
            text="safetensors refuses a network whose weights lie in `channels_last` order, as our backbone's do: the "
            "tensors are not contiguous.",
            hint="Save `tensor.contiguous()` for each, or let `safetensors.torch.save_model` do it.",
        )
    if file["kind"] == "missing" and elsewhere:
        return Finding(
            text=f"There is no file at the given `path`; instead there is `{elsewhere[0]}`.",
            hint="Use `path` as it is: no name of your own, no ending added to it.",
        )
    if file["kind"] == "missing":
        return Finding(
            text="`save_model` wrote no file at the given `path`.",
            hint="`save_file(tensors, path)` writes one.",
        )
    if file["kind"] == "pickle":
        return Finding(
            text="The file is not a safetensors file but a pickle, as `torch.save` writes it: a pickle can run any code "
            "when it is opened.",
            hint="Use `save_file` or `save_model` of `safetensors.torch`.",
        )
    if file["kind"] != "safetensors":
        return Finding(
            text="The file is not a safetensors file.",
            hint="`safetensors.torch.save_file(tensors, path)` writes one.",
        )
    state, stored = want["before"]["state"], file["state"]
    missing = [name for name in state if name not in stored]
    if missing and len(missing) == len(state):
        return Finding(
            text=f"The file does not hold `{missing[0]}` or any other tensor under its name in `state_dict()`.",
            hint="Write the names that `model.state_dict()` gives.",
        )
    if missing and set(missing) == set(want["buffers"]):
        return Finding(
            text=f"The file holds the parameters and not the buffers: BatchNorm's running statistics, such as "
            f"`{missing[0]}`, are forgotten.",
            hint="`model.state_dict()` has both, `named_parameters()` only the weights.",
        )
    if missing and set(state) - set(missing) == set(want["head"]):
        return Finding(
            text=f"The file holds the head alone: `{missing[0]}` and the rest of the backbone are missing.",
            hint="Save `model.state_dict()`, the whole of it.",
        )
    if missing:
        return Finding(
            text=f"The file lacks `{missing[0]}`.", hint="Save `model.state_dict()`, the whole of it."
        )
    changed = [name for name in state if file["dtypes"][name] != want["stored_dtypes"][name]]
    if changed:
        return Finding(
            text=f"`{changed[0]}` was saved as {file['dtypes'][changed[0]]}, not as {want['stored_dtypes'][changed[0]]}: "
            "digits are lost.",
            hint="Save the tensors as they are.",
        )
    wrong = [name for name in state if not same(stored[name], state[name])]
    if wrong:
        return Finding(
            text=f"`{wrong[0]}` in the file is not what the model held when it was saved.",
            hint="Is each network written into the file of its own `path`?",
        )
    return None


def _bad_load(got: dict, want: dict, others: list[dict]) -> Finding | None:
    if got["error"]:
        return Finding(
            text=f"`load_model` stops with {str(got['error'])[:300]}",
            hint="It must read what `save_model` wrote, at the same `path`, into a network of the same architecture.",
        )
    state, wanted, fresh = got["after"]["state"], want["before"]["state"], want["fresh"]["state"]
    if same_state(state, wanted):
        return None
    if same_state(state, fresh):
        return Finding(
            text="Nothing was loaded: afterwards the network has the random weights that it was built with.",
            hint="Call `model.load_state_dict(...)` on the given model; `strict=False` passes over every name that does "
            "not fit, in silence.",
        )
    if any(same_state(state, other["before"]["state"]) for other in others):
        return Finding(
            text="The network comes back with the state of another one that was saved too: `path` was not read.",
            hint="Read from the given `path`, not from a fixed name or from a variable.",
        )
    as_fresh = [
        name for name in wanted if same(state.get(name), fresh[name]) and not same(fresh[name], wanted[name])
    ]
    if set(as_fresh) == set(want["buffers"]):
        return Finding(
            text=f"The parameters are loaded and the buffers are not: `{as_fresh[0]}` is as in a new network.",
            hint="Load the whole `state_dict`, strictly.",
        )
    if as_fresh and not set(as_fresh) & set(want["head"]):
        return Finding(
            text=f"Only a part is loaded: `{as_fresh[0]}` is as in a new network.",
            hint="`strict=False` passes over what is missing, in silence.",
        )
    wrong = next((name for name in wanted if not same(state.get(name), wanted[name])), "a tensor")
    return Finding(
        text=f"After loading, `{wrong}` is not what it was when the network was saved.",
        hint="Load the whole `state_dict`, strictly, and change nothing on the way.",
    )
