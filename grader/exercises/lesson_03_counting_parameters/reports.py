"""The bug hunt's reports as evidence, and what they show."""

from typing import Any

from grader.exercises.kit.condition import Condition
from grader.exercises.kit.tensors import inside, same
from grader.exercises.machine.evidence_types import Number, StrictEvidence


class Tensor(StrictEvidence):
    """A parameter (``flag``: does it train?) or a buffer (``flag``: is it in the ``state_dict``?)."""

    name: str
    size: int
    flag: bool
    number: int


class Consists(StrictEvidence):
    """What a network consists of, each tensor by each of its names."""

    parameters: list[Tensor]
    buffers: list[Tensor]


class ReturnedNetwork(StrictEvidence):
    """The network that came back."""

    after: Condition
    consists: Consists
    outputs: list[int]
    forward_error: str
    modules: list[str]
    claimed: list[int]
    flagged_modules: list[str]
    dotted_children: list[str]


class Run(StrictEvidence):
    """One report; ``network`` is ``None`` if it was none."""

    problem: str
    total: Number
    trainable: Number
    given: Consists
    before: Condition
    network: ReturnedNetwork | None


class ReportEvidence(StrictEvidence):
    """A report on each network."""

    runs: list[Run]


class Counted:
    """Numbers of elements and of tensors, by ways of counting, right and wrong."""

    def __init__(self, consists: Consists) -> None:
        once = {tensor.number: tensor for tensor in reversed(consists.parameters)}
        twice = [tensor.size for tensor in consists.parameters]
        buffers = {tensor.number: tensor.size for tensor in consists.buffers}
        kept = [tensor.size for tensor in consists.buffers if tensor.flag]
        every = list(once.values())
        trains = [tensor for tensor in every if tensor.flag]
        total, trainable = sum(t.size for t in every), sum(t.size for t in trains)
        self.by_way = {
            "total": {
                "right": total,
                "with-buffers": total + sum(buffers.values()),
                "state-dict": sum(twice) + sum(kept),
                "twice": sum(twice),
                "tensors": len(every),
                "tensors-of-state-dict": len(twice) + len(kept),
                "weights": sum(t.size for t in every if t.name.endswith("weight")),
                "only-trainable": trainable,
            },
            "trainable": {
                "right": trainable,
                "tensors": len(trains),
                "everything": total,
                "frozen": total - trainable,
                "weights": sum(t.size for t in trains if t.name.endswith("weight")),
                "nothing": 0,
            },
        }


class Report:
    """One report beside what was asked."""

    def __init__(self, run: Run, network: ReturnedNetwork, wanted: dict[str, Any]) -> None:
        self.run, self.network, self.head = run, network, str(wanted["head"])
        self.classes = int(wanted["classes"])
        self.given, self.returned = Counted(run.given), Counted(network.consists)
        before, after = run.before.state, network.after.state
        self.outside = [name for name in before if not inside([name], self.head)]
        self.missing = [name for name in self.outside if name not in after]
        unusable = (network.after.devices, network.after.dtypes) != (run.before.devices, run.before.dtypes)
        self.changed = [
            name
            for name in self.outside
            if not unusable and name not in self.missing and not same(after[name], before[name])
        ]
        own = inside(before, self.head)
        self.old_head = bool(own) and all(name in after and same(after[name], before[name]) for name in own)
        self.right_outputs = network.outputs == [2, self.classes]
        self.flags = {tensor.name: tensor.flag for tensor in network.consists.parameters}
        self.of_head = inside(self.flags, self.head)
        self.open_backbone = [n for n, flag in self.flags.items() if flag and n not in self.of_head]
        self.open_head = [name for name in self.of_head if self.flags[name]]

    @property
    def conditions(self) -> tuple[Condition, Condition]:
        """Before and after, of the modules outside of the head: a new one has the mode that new layers have."""
        before, after = self.run.before, self.network.after
        modules = [name for name in self._outside(before.attributes) if name in self.network.modules]
        if self.missing:  # the network lies in another one: its modules have other names
            modules = []
        of_backbone = [
            one.model_copy(
                update={
                    "training": [name for name in one.training if name in modules],
                    "attributes": self._outside(one.attributes),
                }
            )
            for one in (before, after)
        ]
        return of_backbone[0], of_backbone[1]

    def _outside(self, named: dict[str, Any]) -> dict[str, Any]:
        """What is outside of the head, which is new."""
        return {
            name: one for name, one in named.items() if name != self.head and not inside([name], self.head)
        }

    def number(self, which: str) -> float:
        """The ``total`` or the ``trainable`` that was reported."""
        return self.run.total if which == "total" else self.run.trainable


class Reports:
    """The reports on all networks."""

    def __init__(self, runs: list[Run], wanted: list[dict[str, Any]]) -> None:
        self.problem = next((run.problem for run in runs if run.problem or run.network is None), "")
        self.reports = [
            Report(run, run.network, network)
            for run, network in zip(runs, wanted, strict=True)
            if run.network is not None
        ]
        self.conditions = [report.conditions for report in self.reports]
        self.right = {which: self.counted(which, "right") for which in ("total", "trainable")}
        self.swapped = not any(self.right.values()) and all(
            r.run.total == r.returned.by_way["trainable"]["right"]
            and r.run.trainable == r.returned.by_way["total"]["right"]
            for r in self.reports
        )

    def first(self, shown: Any) -> Any:
        """What ``shown`` gives for the first report for which it gives anything."""
        return next((found for report in self.reports if (found := shown(report))), None)

    def every(self, shown: Any) -> bool:
        """Whether ``shown`` gives something for each report."""
        return bool(self.reports) and all(shown(report) for report in self.reports)

    def counted(self, which: str, way: str) -> bool:
        """Whether a number was counted in this way, of each network as it was returned ("before": as given)."""
        return self.every(
            lambda r: (
                r.number(which)
                == (r.given.by_way[which]["right"] if way == "before" else r.returned.by_way[which][way])
            )
        )

    def other(self, which: str) -> str:
        """The first number that is wrong, and what is right."""
        for report in self.reports:
            got, right = report.number(which), report.returned.by_way[which]["right"]
            if got != right:
                return f"`{which}` is {got:,.10g}; the network as it was returned has {right:,}"
        return ""
