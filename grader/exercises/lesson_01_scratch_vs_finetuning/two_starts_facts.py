"""What came back as two networks: the evidence and the facts that the tables of mistakes ask for."""

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from grader.exercises.kit.condition import Condition
from grader.exercises.kit.tensors import State, inside, is_weight, same
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
    """

    condition: Condition
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
    """Both architectures."""

    pairs: Annotated[list[Pair], Field(min_length=2, max_length=2)]


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
        self.keeps_old_outputs = network.shape == [IMAGES, wanted["old_classes"]]
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
        return bool(self.wrapped) and weight is not None and len(weight) == self.wanted["old_classes"]

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
        new, old = self.state.get(f"{self.head}.weight"), self.wanted["old_heads"][self.name]
        rows = len(old)
        return new is not None and new.ndim == 2 and len(new) > rows and bool(np.array_equal(new[:rows], old))

    @property
    def holds_old_head(self) -> bool:
        """Whether the old head's weight lies within what stands in its place."""
        old = self.wanted["old_heads"][self.name]
        return any(np.array_equal(self.state[name], old) for name in inside(self.state, self.head))

    def has_start(self, start: str) -> bool:
        """Whether the backbone is the one that ``build`` gives for ``start``."""
        return self.whole and all(same(self.state[key], value) for key, value in self.wanted[start].items())

    @property
    def conditions(self) -> list[tuple[Condition, Condition]]:
        """The backbone's condition as it was built and as it came back; if some is missing, only where it lies."""
        got, parts, names = self.network.condition, self.wanted["modules"], list(self.backbone)
        before: dict[str, Any] = {
            "state": {},
            "trainable": [],
            "with_gradient": [],
            "training": parts,
            "hooked": [],
            "dtypes": ["float32", "int64"],
            "devices": ["cpu"],
        }
        after: dict[str, Any] = {
            "state": {},
            "trainable": [],
            "with_gradient": [name for name in names if name in got.with_gradient],
            "training": [name for name in parts if name in got.training],
            "hooked": got.hooked,
            "dtypes": got.dtypes,
            "devices": got.devices,
        }
        if not self.whole:
            after = before | {"devices": got.devices}
        return [(Condition(**before), Condition(**after))]
