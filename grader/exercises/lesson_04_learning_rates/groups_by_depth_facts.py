"""What parameter groups hold and at which rates, beside what they should."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from grader.exercises.kit.condition import given

Power = Callable[[int, int], float]  # from the number of stages, and a stage's place from the input, from 0


def near(got: float, wanted: float) -> bool:
    """Whether two rates are the same, whatever their size."""
    return bool(abs(got - wanted) <= 1e-3 * abs(wanted))


class Network:
    """The groups for one network.

    Attributes:
        part_of: of each trainable parameter the part: the head, a stage, or "" for the rest.
        shared: parameters that several parts share.
        rates: of each other trainable parameter that is held, its rate in the first group that holds it.
    """

    def __init__(self, got: Any, wanted: dict[str, Any]) -> None:
        self.got, self.wanted = got, wanted
        self.head, self.stages = wanted["head"], wanted["stages"]
        self.head_rate, self.decay = wanted["head_rate"], wanted["decay"]
        self.part_of: dict[str, str] = wanted["parts"]
        self.shared: list[str] = wanted["shared"]
        self.held = [name for group in got.groups for name in group.names]
        self.frozen = next((name for name in self.held if name and name not in self.part_of), "")
        self.twice = next((name for name in self.held if name and self.held.count(name) > 1), "")
        self.missing = [name for name in self.part_of if name not in self.held]
        self.rates: dict[str, float] = {}
        for group in got.groups:
            for name in group.names:
                if (
                    name in self.part_of and name not in self.shared
                ):  # with either part: its rate tells nothing
                    self.rates.setdefault(name, group.rate)

    def rate_at(self, power: float) -> float:
        """``head_rate * decay**power``."""
        return self.head_rate * self.decay**power

    def place(self, part: str) -> int:
        """A stage's place from the input; of head and rest none counts."""
        return self.stages.index(part) if part in self.stages else 0

    def right(self, part: str) -> float:
        """The rate that a part should have."""
        count = len(self.stages)
        power = {self.head: 0, "": count + 1}.get(part, count - self.place(part))
        return self.rate_at(power)

    def wrong(self, kind: str) -> list[str]:
        """Parameters of the "head", the "stages" or the "rest" that are held at another rate than they should be."""
        return [
            name
            for name in self.rates
            if self.kind(name) == kind and not near(self.rates[name], self.right(self.part_of[name]))
        ]

    def kind(self, name: str) -> str:
        """To which of "head", "stages" and "rest" a parameter belongs."""
        return {self.head: "head", "": "rest"}.get(self.part_of[name], "stages")

    def has(self, kind: str, power: Power) -> bool:
        """Whether all of a kind that is held has the rate of this power."""
        names = [name for name in self.rates if self.kind(name) == kind]
        count = len(self.stages)
        return all(
            near(self.rates[name], self.rate_at(power(count, self.place(self.part_of[name]))))
            for name in names
        )

    @property
    def one_rate(self) -> float | None:
        """The rate of everything that is held, where it is but one."""
        rates = set(self.rates.values())
        return rates.pop() if len(rates) == 1 else None

    @property
    def frozen_stages(self) -> list[str]:
        """Stages of which nothing is trainable."""
        return [stage for stage in self.stages if stage not in self.part_of.values()]

    def skips(self, kind: str) -> bool:
        """Whether the rates are those of a count that leaves frozen stages out."""
        live = [stage for stage in self.stages if stage not in self.frozen_stages]
        if len(live) == len(self.stages):
            return not self.wrong(kind)
        powers = {"": len(live) + 1, self.head: 0} | {s: len(live) - i for i, s in enumerate(live)}
        names = [name for name in self.rates if self.kind(name) == kind]
        return all(near(self.rates[name], self.rate_at(powers[self.part_of[name]])) for name in names)

    def alike(self, name: str) -> str:
        """Another part whose rate a parameter has, and whose name stands in its own, though not as its module."""
        for part in [self.head, *self.stages]:
            own = part.rpartition(".")[2]
            if part != self.part_of[name] and own in name and near(self.rates[name], self.right(part)):
                return part
        return ""


class Grouped:
    """Several networks' groups: of each aspect the first that shows something wrong.

    Attributes:
        conditions, changed_arguments, changed_settings: as the tables of side effects read them.
    """

    def __init__(self, got: Sequence[Any], wanted: Sequence[dict[str, Any]]) -> None:
        self.networks = [Network(one, expected) for one, expected in zip(got, wanted, strict=False)]
        self.conditions = [
            (given(n.wanted["before"], n.got.settings_before), n.got.after) for n in self.networks
        ]
        self.changed_arguments = _first(n.got.changed_arguments for n in self.networks) or []
        self.changed_settings = _first(n.got.changed_settings for n in self.networks) or []

    def problem(self, kind: str) -> str | None:
        """The detail of the first answer with this problem; ``None`` if none has it."""
        return next((n.got.detail or "groups" for n in self.networks if n.got.problem == kind), None)

    @property
    def nothing_held(self) -> Network | None:
        """A network of which no parameter is held that is to be trained."""
        return _first(n for n in self.networks if not n.rates)

    @property
    def foreign(self) -> bool:
        """Whether a parameter is held that is none of the model's."""
        return any("" in n.held for n in self.networks)

    def content(self, attribute: str) -> Any:
        """The first network's ``frozen``, ``twice`` or ``missing`` that is not empty."""
        return _first(getattr(n, attribute) for n in self.networks)

    @property
    def missing(self) -> tuple[str, str, str] | None:
        """A parameter that no group holds: its name, its part in words, and which parts are missing in all."""
        for network in self.networks:
            if network.missing:
                name = network.missing[0]
                kinds = sorted({network.kind(name) for name in network.missing})
                return name, network.part_of[name], "+".join(kinds)
        return None

    @property
    def one_rate(self) -> float | None:
        """The one rate that all has, in every network."""
        rates = [n.one_rate for n in self.networks]
        return None if None in rates else rates[0]

    @property
    def factor(self) -> float:
        """The factor between every rate and the one that it should be; 0 if there is none, or it is 1."""
        pairs = [(rate, n.right(n.part_of[name])) for n in self.networks for name, rate in n.rates.items()]
        factor = pairs[0][0] / pairs[0][1] if pairs else 0.0
        return factor if not near(factor, 1) and all(near(got, factor * want) for got, want in pairs) else 0.0

    @property
    def places(self) -> str:
        """To how many places all rates are rounded, as a text; "" if they are not."""
        pairs = [(rate, n.right(n.part_of[name])) for n in self.networks for name, rate in n.rates.items()]
        if all(near(*pair) for pair in pairs):
            return ""
        return next(
            (f"{n}" for n in range(6) if all(abs(got - round(want, n)) < 1e-9 for got, want in pairs)), ""
        )

    @property
    def is_nan(self) -> bool:
        """Whether a rate is no finite number."""
        return any(not np.isfinite(rate) for n in self.networks for rate in n.rates.values())

    @property
    def has_one_reason(self) -> bool:
        """Whether one thing is wrong with all rates, so that nothing else need be said of any."""
        return self.one_rate is not None or bool(self.factor) or bool(self.places) or self.is_nan

    @property
    def skips_frozen(self) -> bool:
        """Whether frozen stages are left out of the count of the stages, and nothing else is wrong with them."""
        return any(n.wrong("stages") for n in self.networks) and all(n.skips("stages") for n in self.networks)

    def off(self, kind: str) -> Network | None:
        """The first network in which rates of "head", "stages" or "rest" are wrong, for a reason of their own."""
        if self.has_one_reason:
            return None
        if kind == "rest" and self.skips_frozen and all(n.skips("rest") for n in self.networks):
            return None
        return next((n for n in self.networks if n.wrong(kind)), None)

    def all_have(self, kind: str, power: Power) -> bool:
        """Whether, in every network, all of a kind has the rate of this power."""
        return self.off(kind) is not None and all(n.has(kind, power) for n in self.networks)

    def rests_skip(self) -> bool:
        """Whether frozen stages are left out of the count for the rest."""
        return self.off("rest") is not None and all(n.skips("rest") for n in self.networks)

    def alike(self, kind: str) -> tuple[str, str] | None:
        """A parameter with the rate of a part whose name is found in its own, and that part: all wrong ones are such."""
        if self.off(kind) is None:
            return None
        pairs = [(name, n.alike(name)) for n in self.networks for name in n.wrong(kind)]
        return pairs[0] if all(part for _, part in pairs) else None

    def example(self, kind: str) -> tuple[str, str, float, float] | None:
        """A parameter at a wrong rate: its name, where it belongs, its rate, and the one that it should have."""
        network = self.off(kind)
        if network is None:
            return None
        name = network.wrong(kind)[0]
        part = network.part_of[name]
        where = {"head": "is the head's", "rest": "belongs to no stage"}.get(kind, f"belongs to `{part}`")
        return name, where, network.rates[name], network.right(part)


def _first(candidates: Iterable[Any]) -> Any:
    return next((one for one in candidates if one), None)
