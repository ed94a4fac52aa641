"""The capstone's exercise on files: what ``save_model`` wrote, and what ``load_model`` made of it."""

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from grader.exercises.kit.condition import Attributes, Condition, condition
from grader.exercises.kit.global_settings import reset_settings
from grader.exercises.kit.networks import network_spec
from grader.exercises.kit.returned import returned_model
from grader.exercises.kit.tensors import snapshot
from grader.exercises.lesson_06_capstone.model_files import File, read_file
from grader.exercises.lesson_06_capstone.save_and_load_facts import Pair
from grader.exercises.lesson_06_capstone.save_and_load_mistakes import TABLES
from grader.exercises.lesson_06_capstone.saved_networks import an_old_file, fresh_network, trained_network
from grader.exercises.machine.asking import AnswerRaised, ask
from grader.exercises.machine.evidence_types import State, StrictEvidence
from grader.exercises.machine.exception_hints import hint_for
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import judge_by_tables
from grader.exercises.machine.verdict import Finding, Verdict

_TEXT = 300  # characters of an exception
_SUBFOLDER = "inspectors"
_ENDINGS = (".safetensors", ".v2", ".safetensors")  # the file's name is up to whoever calls


class Loaded(StrictEvidence):
    """What ``load_model`` did with one file.

    Attributes:
        error, hint: the exception in words, "" for none, and what to do about it.
        returned: what it returned instead of a network, in words; "" for a network.
        settings_before: ``attributes`` of the fresh network's condition.
        given: the state of the network that it was given, if it returned another one.
        after: the network that it returned or, if it returned none, the one that it was given.
    """

    error: str
    hint: str
    returned: str
    settings_before: Attributes
    given: State
    after: Condition


class Files(StrictEvidence):
    """What both functions did with each of three networks.

    Attributes:
        settings_before: of each network, ``attributes`` of its condition before it was saved.
        refused: whether ``safetensors`` refused tensors that are not contiguous.
        saved: the networks after they were saved.
        files: what lies at the given paths.
        old: whether a file still holds what lay there before the network was saved.
        elsewhere: names of other files that were written.
        changed_settings: what was switched in PyTorch and left so.
    """

    settings_before: list[Attributes]
    refused: list[bool]
    old: list[bool]
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
        """Three networks: two of one architecture, and one whose weights do not lie contiguously in memory.

        Of the first a part is frozen, one module is in another mode, and gradients lie on it. Where the second is to
        be saved another file lies already, and its name has another ending.
        """
        spec, other = network_spec(rng, nested=False, stages=2), network_spec(rng, nested=True, stages=2)
        seeds = [int(seed) for seed in rng.integers(2**31, size=3)]
        numbers = (rng.permutation(900)[:6] + 100).tolist()
        return {
            "networks": [
                {"spec": spec, "channels_last": False, "training": True},
                {"spec": {**spec, "seed": seeds[0]}, "channels_last": False, "training": False},
                {"spec": other, "channels_last": True, "training": False},
            ],
            "files": [f"inspector-{n}{end}" for n, end in zip(numbers[:3], _ENDINGS, strict=True)],
            "sent": [f"received-{n}{end}" for n, end in zip(numbers[3:], _ENDINGS, strict=True)],
            "order": [1, 2, 0],
            "data_seed": seeds[1],
            "fresh_seed": seeds[2],
        }

    def collect(self, answer: Any, challenge: dict) -> dict:
        """What stands in the files, and in fresh networks into which they were loaded from another folder."""
        save_model, load_model = answer
        networks, refused, saved = challenge["networks"], [], []
        settings_before: list[dict] = []
        switched: list[str] = []
        with _folder() as folder:  # a file of a fixed name lands there, too
            (folder / _SUBFOLDER).mkdir()
            paths = [folder / _SUBFOLDER / name for name in challenge["files"]]
            lay_there = an_old_file(networks[1], challenge["fresh_seed"] + 1, paths[1])
            for one, path in zip(networks, paths, strict=True):
                model = trained_network(one, challenge["data_seed"])
                settings_before.append(condition(model)["attributes"])
                refused.append(_refuses(save_model, model, path))
                switched += reset_settings()  # before the next network is built
                saved.append(condition(model))
            written = [path for path in folder.rglob("*") if path.is_file()]
            elsewhere = sorted({path.name[:60] for path in written if path not in paths})
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
            "settings_before": settings_before,
            "refused": refused,
            "old": [content == lay_there for content in sent],
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
            for part in (
                evidence.settings_before,
                evidence.refused,
                evidence.old,
                evidence.saved,
                evidence.files,
                evidence.loaded,
            )
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
    settings_before = condition(model)["attributes"]
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
        "settings_before": settings_before,
        "given": {} if returned is None or returned is model else snapshot(model),
        "after": condition(model if returned is None else returned),
    }
