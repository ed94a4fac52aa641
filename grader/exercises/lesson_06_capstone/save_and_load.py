"""The capstone's exercise on files: what ``save_model`` wrote, and what ``load_model`` made of it."""

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from grader.exercises.kit.condition import Condition, condition
from grader.exercises.kit.global_settings import reset_settings
from grader.exercises.kit.networks import network, network_spec
from grader.exercises.kit.returned import returned_model
from grader.exercises.kit.statistics import settle_statistics
from grader.exercises.lesson_06_capstone.model_files import File, read_file
from grader.exercises.lesson_06_capstone.save_and_load_mistakes import TABLES, Pair
from grader.exercises.machine.asking import AnswerRaised, ask
from grader.exercises.machine.evidence_types import StrictEvidence
from grader.exercises.machine.exception_hints import hint_for
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import judge_by_tables
from grader.exercises.machine.verdict import Finding, Verdict

_TEXT = 300  # characters of an exception


class Loaded(StrictEvidence):
    """What ``load_model`` did with one file.

    Attributes:
        error, hint: the exception in words, "" for none, and what to do about it.
        returned: what it returned instead of a network, in words; "" for a network.
        after: the network that it returned or, if it returned none, the one that it was given.
    """

    error: str
    hint: str
    returned: str
    after: Condition


class Files(StrictEvidence):
    """What both functions did with each of three networks.

    Attributes:
        refused: whether ``safetensors`` refused tensors that are not contiguous.
        saved: the networks after they were saved.
        files: what lies at the given paths.
        elsewhere: names of other files that were written.
        changed_settings: what was switched in PyTorch and left so.
    """

    refused: list[bool]
    saved: list[Condition]
    files: list[File]
    elsewhere: list[str]
    loaded: list[Loaded]
    changed_settings: list[str]


class SaveAndLoad(Exercise):
    """Write a network into a file that is safe to open, and read it back ready for use."""

    id = "capstone.save_and_load"
    title = "Save and load"
    signature = "(save_model, load_model), with save_model(model, path) and load_model(model, path)"
    points = 4
    minutes = 8
    difficulty = 2
    section = "Exercise 3: save and load"
    answer_kind = "a pair of functions"
    evidence = Files
    mistakes = [row for table in TABLES for row in table]

    def accepts(self, answer: object) -> bool:
        """Two functions."""
        return (
            isinstance(answer, list | tuple) and len(answer) == 2 and all(callable(part) for part in answer)
        )

    def challenge(self, rng: np.random.Generator) -> dict:
        """Three networks: two of one architecture, and one whose weights lie in ``channels_last`` order."""
        spec, other = network_spec(rng, nested=False, stages=2), network_spec(rng, nested=True, stages=2)
        seeds = [int(seed) for seed in rng.integers(2**31, size=3)]
        numbers = (rng.permutation(900)[:6] + 100).tolist()
        return {
            "networks": [
                {"spec": spec, "channels_last": False, "training": True},
                {"spec": {**spec, "seed": seeds[0]}, "channels_last": False, "training": False},
                {"spec": other, "channels_last": True, "training": False},
            ],
            "files": [f"inspector-{number}.safetensors" for number in numbers[:3]],
            "sent": [f"received-{number}.safetensors" for number in numbers[3:]],
            "order": [1, 2, 0],
            "data_seed": seeds[1],
            "fresh_seed": seeds[2],
        }

    def collect(self, answer: Any, challenge: dict) -> dict:
        """What stands in the files, and in fresh networks into which they were loaded from another folder."""
        save_model, load_model = answer
        networks, refused, saved = challenge["networks"], [], []
        switched: list[str] = []
        with _folder() as folder:  # a file of a fixed name lands there, too
            paths = [folder / name for name in challenge["files"]]
            for one, path in zip(networks, paths, strict=True):
                model = trained_network(one, challenge["data_seed"])
                refused.append(_refuses(save_model, model, path))
                switched += reset_settings()  # before the next network is built
                saved.append(condition(model))
            elsewhere = sorted({path.name[:60] for path in folder.iterdir()} - set(challenge["files"]))
            files = [read_file(path) for path in paths]
            sent = [path.read_bytes() if path.is_file() else None for path in paths]
        loaded: list[Any] = [None] * len(networks)
        with _folder() as folder:  # the files travel: nothing else of the first folder does
            for place in challenge["order"]:
                path, content = folder / challenge["sent"][place], sent[place]
                if content is not None:
                    path.write_bytes(content)
                fresh = fresh_network(networks[place], challenge["fresh_seed"])
                loaded[place] = _load(load_model, fresh, path)
                switched += reset_settings()
        return {
            "refused": refused,
            "saved": saved,
            "files": files,
            "elsewhere": elsewhere[:5],
            "loaded": loaded,
            "changed_settings": switched,
        }

    def judge(self, evidence: Files, expected: dict) -> Verdict:
        """By what comes back; the file says why it is not what was saved."""
        wanted = expected["networks"]
        if any(
            len(part) != len(wanted)
            for part in (evidence.refused, evidence.saved, evidence.files, evidence.loaded)
        ):
            return self.verdict(0, [Finding(text="A file and a network for each of three were expected.")])
        facts = Pair(evidence, wanted)
        right = "Each network comes back from its file alone with the whole state, buffers too, in eval mode."
        return self.verdict(*judge_by_tables(self.points, facts, TABLES, right))


@contextlib.contextmanager
def _folder() -> Any:
    """An empty folder, which is the working folder meanwhile."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, contextlib.chdir(name):
        yield Path(name)


def trained_network(described_network: dict, data_seed: int) -> Any:
    """A network of a challenge as it is to be saved: its running statistics have moved."""
    import torch

    spec = described_network["spec"]
    model = _untied(network(spec)).train()
    generator = torch.Generator().manual_seed(data_seed)
    with torch.no_grad():
        for parameter in model.parameters():  # BatchNorm's too: no tensor has the values of another one
            parameter.add_(0.3 * (torch.rand(parameter.shape, generator=generator) - 0.5))
    shape = (12, 3, spec["size"], spec["size"])
    batches = [6 * torch.rand(shape, generator=generator, dtype=torch.float64) - 2 for _ in range(2)]
    settle_statistics(model, lambda trained: [trained(images) for images in batches])
    if described_network["channels_last"]:
        model = model.to(memory_format=torch.channels_last)
    return model.train(described_network["training"])


def fresh_network(described_network: dict, seed: int) -> Any:
    """A freshly built network of the same architecture, in training mode."""
    return _untied(network({**described_network["spec"], "seed": seed})).train()


def _untied(model: Any) -> Any:
    """Without shared weights, which safetensors refuses: the task does not speak of them."""
    import torch

    seen: set[int] = set()
    for module in model.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            if id(parameter) in seen:
                setattr(module, name, torch.nn.Parameter(parameter.detach() * 1.5))
            seen.add(id(parameter))
    return model


def _refuses(save_model: Any, model: Any, path: Path) -> bool:
    """Whether safetensors refuses a tensor that is not contiguous; any other exception is the answer's end."""
    try:
        ask(save_model, model, path)
    except AnswerRaised as raised:
        if isinstance(raised.error, ValueError) and "non contiguous" in str(raised.error):
            return True
        raise
    return False


def _load(load_model: Any, model: Any, path: Path) -> dict[str, Any]:
    result, error, hint = None, "", ""
    try:
        result = ask(load_model, model, path)
    except AnswerRaised as raised:
        if not isinstance(raised.error, Exception) or isinstance(raised.error, NotImplementedError):
            raise
        told = " ".join(str(raised.error).split())[:_TEXT]
        error = f"{type(raised.error).__name__}: {told}"
        hint = hint_for(type(raised.error).__name__, told)
    returned, other = returned_model(result)
    return {
        "error": error,
        "hint": hint,
        "returned": "" if error else other,
        "after": condition(model if returned is None else returned),
    }
