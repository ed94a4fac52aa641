"""What came back as two networks: the evidence and the facts that the tables of mistakes ask for."""

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from grader.exercises.kit.condition import Attributes, Condition
from grader.exercises.kit.tensors import State, inside, is_weight, same
from grader.exercises.lesson_01_scratch_vs_finetuning.raw_scores import are_raw
from grader.exercises.machine.evidence_types import StrictEvidence

IMAGES = 4  # that each network is asked about
_NAMES = ("scratch", "fine-tuned")


class Network(StrictEvidence):
    """One network that came back.

    Attributes:
        dotted: a child of the model itself whose own name holds a dot.
        linears: of each plain ``nn.Linear`` the attribute ``out_features`` and the rows of its weight.
        outputs: what it gives instead of a tensor, in words.
        shape: of its outputs for ``IMAGES`` images.
        are_shares: whether these are positive and sum to 1 for each image.
        error: what stopped it.
        attributes, layouts: of the ``Condition``, as they were when ``build`` gave this very network.
        scores: what its head gives for large features, lowest and highest, and how far it is from affine.
    """

    condition: Condition
    attributes: Attributes
    layouts: dict[str, list[int]]
    scores: list[float]
    dotted: str
    linears: dict[str, Annotated[list[int], Field(min_length=2, max_length=2)]]
    outputs: str
    shape: list[int]
    are_shares: bool
    error: str


class Pair(StrictEvidence):
    """What came back for one architecture; ``problem`` says in words why it is no pair of networks."""

    problem: str
    shared: str
    networks: Annotated[list[Network], Field(max_length=2)]
    changed_settings: list[str]


class Pairs(StrictEvidence):
    """All three architectures."""

    pairs: Annotated[list[Pair], Field(min_length=3, max_length=3)]


class StartFacts:
    """Facts of all networks, in the order in which they came back."""

    def __init__(self, given: Pairs, expected: dict[str, Any]) -> None:
        self.problem = next(
            (pair.problem for pair in given.pairs if pair.problem or len(pair.networks) != 2), ""
        )
        self.shared = next((pair.shared for pair in given.pairs if pair.shared), "")
        self.changed_settings = [words for pair in given.pairs for words in pair.changed_settings]
        self.networks = [
            NetworkFacts(name, network, wanted)
            for pair, wanted in zip(given.pairs, expected["pairs"], strict=False)
            for name, network in zip(_NAMES, pair.networks, strict=False)
        ]
        self.conditions = [pair for network in self.networks for pair in network.conditions]

    def first(self, shows: "Callable[[NetworkFacts], Any]") -> "NetworkFacts | None":
        """The first network of which ``shows`` gives something true."""
        return next((network for network in self.networks if shows(network)), None)

    def starts(self, name: str, start: str) -> bool:
        """Whether every network of this name has the backbone that ``build`` gives for ``start``."""
        return all(network.has_start(start) for network in self.networks if network.name == name)

    @property
    def swapped(self) -> bool:
        """Whether the two came back in the other order, everywhere."""
        return self.starts("scratch", "fine-tuned") and self.starts("fine-tuned", "scratch")


class NetworkFacts:
    """Facts of one network; ``name`` is "scratch" or "fine-tuned"."""

    def __init__(self, name: str, network: Network, wanted: dict[str, Any]) -> None:
        self.name, self.network, self.wanted = name, network, wanted
        self.head, self.classes = wanted["head"], wanted["num_classes"]
        self.state: State = network.condition.state
        self.backbone: State = wanted[name]
        self.missing = next((key for key in self.backbone if key not in self.state), "")
        self.reshaped = next(
            (k for k, v in self.backbone.items() if k in self.state and self.state[k].shape != v.shape), ""
        )
        known = {*self.backbone, *inside(self.state, self.head)}
        self.stray = next((key for key in self.state if key not in known), "")
        self.whole = not self.missing and not self.reshaped
        self.error, self.dotted, self.outputs = network.error, network.dotted, network.outputs
        self.count = network.shape[-1] if network.shape else 0
        self.fits = network.shape == [IMAGES, self.classes]
        self.keeps_old_outputs = not self.fits and network.shape == [IMAGES, wanted["old_classes"]]
        self.are_shares = self.fits and network.are_shares
        self.frozen = next(
            (key for key in self.state if is_weight(key) and key not in network.condition.trainable), ""
        )
        self.changed = [
            key for key in self.backbone if self.whole and not same(self.state[key], self.backbone[key])
        ]
        self.changed_weight = next(filter(is_weight, self.changed), "")

    @property
    def wrapped(self) -> str:
        """Before which name all of the backbone lies, if it lies in another module; "" if it does not."""
        first = next(iter(self.backbone))
        prefixes = [key.removesuffix(first) for key in self.state if key.endswith(f".{first}")]
        return next((p for p in prefixes if all(f"{p}{name}" in self.state for name in self.backbone)), "")

    @property
    def old_head_in_wrapped(self) -> bool:
        """Whether the wrapped network ends with as many outputs as it was built with."""
        weight = self.state.get(f"{self.wrapped}{self.head}.weight")
        old = self.wanted["old_classes"]
        return bool(self.wrapped) and weight is not None and len(weight) == old != self.classes

    @property
    def only_a_number(self) -> str:
        """A linear layer whose ``out_features`` says the new number of classes, while its weight is as before."""
        linears = self.network.linears.items()
        return next(
            (name for name, (claimed, rows) in linears if claimed != rows and claimed == self.classes), ""
        )

    @property
    def keeps_rows(self) -> bool:
        """Whether the first rows of the new head's weight are the old head's, so that it is not new."""
        return self._keeps("weight", "old_heads")

    @property
    def keeps_bias(self) -> bool:
        """Whether the new head's bias begins with the old head's."""
        return self._keeps("bias", "old_biases")

    def _keeps(self, kind: str, olds: str) -> bool:
        old = self.wanted[olds][self.name]
        news = [self.state[name] for name in inside(self.state, self.head) if name.endswith(kind)]
        return any(
            new.ndim == old.ndim and len(new) > len(old) and bool(np.array_equal(new[: len(old)], old))
            for new in news
        ) or (kind == "bias" and any(np.array_equal(new, old) for new in news))

    @property
    def old_head_kept(self) -> bool:
        """Whether the old head itself stands in its place still."""
        kept = self.state.get(f"{self.head}.weight")
        return kept is not None and np.array_equal(kept, self.wanted["old_heads"][self.name])

    @property
    def bends_scores(self) -> bool:
        """Whether what stands in the head's place cuts, bounds or bends the scores."""
        matrices = [name for name in inside(self.state, self.head) if self.state[name].ndim == 2]
        return not are_raw(self.network.scores, len(matrices))

    @property
    def holds_old_head(self) -> bool:
        """Whether the old head's weight lies within what stands in its place."""
        old = self.wanted["old_heads"][self.name]
        names = [name for name in inside(self.state, self.head) if name != f"{self.head}.weight"]
        return any(np.array_equal(self.state[name], old) for name in names)

    def has_start(self, start: str) -> bool:
        """Whether the backbone is the one that ``build`` gives for ``start``."""
        return self.whole and all(same(self.state[key], value) for key, value in self.wanted[start].items())

    @property
    def conditions(self) -> list[tuple[Condition, Condition]]:
        """The backbone's condition as it was built and as it came back; if some is missing, only where it lies."""
        got, names, parts = self.network.condition, list(self.backbone), self.wanted["modules"]
        trained = self.wanted["training"]
        before: dict[str, Any] = {
            "state": {},
            "trainable": [],
            "with_gradient": [],
            "training": trained,
            "hooked": [],
            "attributes": self._of_backbone(self.network.attributes),
            "layouts": self._of_backbone(self.network.layouts),
            "dtypes": ["float32", "int64"],
            "devices": ["cpu"],
        }
        after: dict[str, Any] = {
            "state": {},
            "trainable": [],
            "with_gradient": [name for name in names if name in got.with_gradient],
            "training": [name for name in parts if name in got.training],
            "hooked": got.hooked,
            "attributes": self._of_backbone(got.attributes),
            "layouts": self._of_backbone(got.layouts),
            "dtypes": got.dtypes,
            "devices": got.devices,
        }
        if not self.whole or self.stray:
            after = before | {"devices": got.devices}
        else:  # layouts are compared where the values are: the weights themselves are told by rows of their own
            before["state"] = after["state"] = {name: self.state[name] for name in names}
        return [(Condition(**before), Condition(**after))]

    def _of_backbone(self, named: dict[str, Any]) -> dict[str, Any]:
        return {
            name: one for name, one in named.items() if name != self.head and not inside([name], self.head)
        }
