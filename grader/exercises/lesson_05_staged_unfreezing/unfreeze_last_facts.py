"""Which parameters are trainable and held after each call, beside those that should be: facts for the tables."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from grader.exercises.kit.tensors import inside, same


@dataclass(frozen=True)
class Call:
    """One call: what was asked, what was trainable before and after, and what the optimizer holds."""

    n: int
    stages: list[str]
    head: str
    names: list[str]
    before: set[str]
    after: set[str]
    held: list[str] | None  # None: no optimizer came back
    rates: dict[str, float]
    moved: set[str]
    flagged: list[str]
    head_rate: float
    stage_rate: float

    @property
    def wanted_stages(self) -> list[str]:
        """Names of the last n stages."""
        return self.stages[len(self.stages) - self.n :]

    @property
    def of_head(self) -> set[str]:
        """Parameters of the head."""
        return self.of(self.head)

    @property
    def of_stages(self) -> set[str]:
        """Parameters of the last n stages."""
        return self.of(*self.wanted_stages)

    @property
    def wanted(self) -> set[str]:
        """Parameters that are to be trainable."""
        return self.of_head | self.of_stages

    def of(self, *modules: str) -> set[str]:
        """Parameters inside these modules."""
        return set(inside(self.names, *modules)) if modules else set()

    @property
    def extra(self) -> list[str]:
        """Wrongly trainable, in the model's order."""
        return [name for name in self.names if name in self.after - self.wanted]

    @property
    def missing(self) -> list[str]:
        """Wrongly frozen, in the model's order."""
        return [name for name in self.names if name in self.wanted - self.after]

    @property
    def wrong(self) -> bool:
        """Whether a flag is not as it should be."""
        return self.after != self.wanted

    @property
    def not_held(self) -> list[str]:
        """To be trained, and not in the optimizer."""
        return [name for name in self.names if name in self.wanted - set(self.held or [])]

    @property
    def held_besides(self) -> list[str]:
        """In the optimizer, and not to be trained."""
        return [name for name in self.names if name in set(self.held or []) - self.wanted]

    @property
    def wrong_content(self) -> bool:
        """Whether the optimizer holds neither what it should nor what the call made trainable."""
        return self.held is not None and set(self.held) not in (self.wanted, self.after)

    def at(self, names: set[str], rate: float) -> bool:
        """Whether all of ``names`` that the optimizer holds are trained at ``rate``."""
        return all(same(self.rates[name], rate) for name in names if name in self.rates)

    @property
    def has_both(self) -> bool:
        """Whether the optimizer holds something of the head and something of the last n stages."""
        return bool(self.of_head & self.rates.keys()) and bool(self.of_stages & self.rates.keys())

    @property
    def one_rate(self) -> float | None:
        """The one rate of head and stages, if there is one and it is wrong for one of them."""
        rates = {self.rates[name] for name in self.wanted if name in self.rates}
        return next(iter(rates)) if self.has_both and len(rates) == 1 else None

    @property
    def other_rate(self) -> tuple[str, float, float] | None:
        """A parameter that is trained at another rate than it should be: its name, its rate, the right one."""
        for names, rate in ((self.of_head, self.head_rate), (self.of_stages, self.stage_rate)):
            for name in self.names:
                if name in names and name in self.rates and not same(self.rates[name], rate):
                    return name, self.rates[name], rate
        return None


def _last(call: Call, count: int) -> set[str]:
    count = min(max(count, 0), len(call.stages))
    return call.of_head | call.of(*call.stages[len(call.stages) - count :])


def _beginning(call: Call, *modules: str) -> set[str]:
    return {name for name in call.names if name.startswith(modules)} if modules else set()


def _namesakes(call: Call) -> set[str]:
    own = call.head.rpartition(".")[2]
    return {name for name in call.names if f".{own}." in f".{name}"}


# What each known mistake makes trainable.
PATTERNS: dict[str, Callable[[Call], set[str]]] = {
    "minus-zero": lambda c: _last(c, c.n or len(c.stages)),
    "first-stages": lambda c: c.of_head | c.of(*c.stages[: c.n]),
    "one-stage-too-many": lambda c: _last(c, c.n + 1),
    "one-stage-too-few": lambda c: _last(c, c.n - 1),
    "one-stage-alone": lambda c: c.of_head | c.of(*c.wanted_stages[:1]),
    "last-stage-alone": lambda c: c.of_head | c.of(*c.wanted_stages[-1:]),
    "old-flags-left": lambda c: c.before | c.wanted,
    "all-stages": lambda c: c.of_head | c.of(*c.stages),
    "nothing-frozen": lambda c: set(c.names),
    "all-frozen": lambda c: set(),
    "head-left-frozen": lambda c: c.of_stages,
    "stages-left-frozen": lambda c: c.of_head,
    "by-beginning": lambda c: _beginning(c, c.head, *c.wanted_stages),
    "by-beginning-of-the-head": lambda c: _beginning(c, c.head) | c.of_stages,
    "by-beginning-of-the-stages": lambda c: c.of_head | _beginning(c, *c.wanted_stages),
    "heads-namesake": lambda c: _namesakes(c) | c.of_stages,
    "weights-alone": lambda c: {name for name in c.wanted if name.endswith("weight")},
    "as-before": lambda c: c.before,
}


class Unfreezing:
    """All calls, and what was done beside."""

    def __init__(self, evidence: Any, expected: dict[str, Any]) -> None:
        self.calls: list[Call] = []
        self.conditions = []
        for network, wanted in zip(evidence.networks, expected["networks"], strict=False):
            before = set(network.before.trainable) & set(wanted["names"])
            for call, n in zip(network.calls, wanted["calls"], strict=False):
                after = set(call.after.trainable) & set(wanted["names"])
                held = None if call.instead else [name for group in call.groups for name in group.names]
                self.calls.append(
                    Call(
                        n=n,
                        before=before,
                        after=after,
                        held=held,
                        rates={name: group.rate for group in call.groups for name in group.names if name},
                        moved=set(call.moved),
                        flagged=call.flagged_modules,
                        **{
                            key: wanted[key] for key in ("stages", "head", "names", "head_rate", "stage_rate")
                        },
                    )
                )
                before = after
                self.conditions.append((network.before, call.after))
        self.instead = next(
            (call.instead for network in evidence.networks for call in network.calls if call.instead), ""
        )
        self.sound = all(call.sound for network in evidence.networks for call in network.calls)
        self.changed_arguments, self.changed_settings = evidence.changed_arguments, evidence.changed_settings
        self.wrong = [call for call in self.calls if call.wrong]
        self.more = [call for call in self.wrong if call.n > 0]
        self.case = next(iter(self.more or self.wrong), None)

    def follows(self, pattern: str) -> bool:
        """Whether every call made just that trainable which a known mistake makes."""
        return bool(self.wrong) and all(call.after == PATTERNS[pattern](call) for call in self.calls)

    @property
    def on_module(self) -> str:
        """A module that got an attribute ``requires_grad``, although flags are wrong."""
        return next((name or "the model itself" for call in self.wrong for name in call.flagged), "")

    @property
    def on_a_copy(self) -> bool:
        """Whether all flags are as they were, and the optimizers hold nothing of the model's."""
        return self.follows("as-before") and all(call.held and not any(call.held) for call in self.calls)

    def first(self, shows: Callable[[Call], Any]) -> Call | None:
        """The first call that shows something, one with stages rather than one without."""
        return next((call for call in sorted(self.calls, key=lambda c: c.n == 0) if shows(call)), None)

    @property
    def made_before(self) -> Call | None:
        """A call whose optimizer holds what was trainable before it, if all that are wrong do so."""
        wrong = [call for call in self.calls if call.wrong_content]
        stale = all(set(call.held or []) in (call.before, call.before & call.after) for call in wrong)
        return wrong[0] if wrong and stale else None

    @property
    def twice(self) -> str:
        """A parameter that an optimizer holds more than once."""
        return next(
            (
                name
                for call in self.calls
                for name in call.held or []
                if name and (call.held or []).count(name) > 1
            ),
            "",
        )

    @property
    def head_stands_still(self) -> Call | None:
        """A call after which a step does not move the head, though it is trainable and held."""
        if not self.sound:
            return None
        return self.first(
            lambda c: (
                c.held is not None
                and c.of_head <= c.after & set(c.held)
                and not c.of_head & c.moved
                and c.at(c.of_head, c.head_rate)
            )
        )
