"""What a penalty pulls, and by which formula: read from its gradients, and then from its value."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from grader.exercises.kit.condition import given
from grader.exercises.machine.evidence import EvidenceContradicts

_CLOSE = 1e-3  # relative: float32 sums in another order differ by far less


class Pull:
    """The penalty for one network.

    Attributes:
        strength: as it was given.
        members, head, frozen, shared: names of parameters: to be pulled, the head's, the backbone's frozen ones,
            and those of ``members`` that two layers share.
        distances: of each parameter and buffer, what it is less what it was at the start.
        gradients: of those parameters whose gradient is not zero.
    """

    def __init__(self, got: Any, wanted: dict[str, Any]) -> None:
        self.got, self.strength = got, wanted["strength"]
        self.head_name: str = wanted["head"]
        self.members, self.head = wanted["members"], wanted["head_parameters"]
        self.frozen, self.shared, self.buffers = wanted["frozen"], wanted["shared"], wanted["buffers"]
        self.distances = {name: np.asarray(far, dtype=float) for name, far in wanted["distances"].items()}
        self.weights = {
            name: np.asarray(wanted["before"]["state"][name], dtype=float) for name in self.distances
        }
        self.conditions = given(wanted["before"], got.settings_before), got.after
        for name, gradient in got.gradients.items():
            if name not in self.distances or gradient.shape != self.distances[name].shape:
                raise EvidenceContradicts
        self.gradients = {
            name: gradient.astype(float) for name, gradient in got.gradients.items() if np.any(gradient != 0)
        }

    @cached_property
    def missing(self) -> list[str]:
        """What should be pulled and is not."""
        return [name for name in self.members if name not in self.gradients]

    @cached_property
    def plain_ones(self) -> list[str]:
        """What should be pulled and is, and stands in the model but once: it shows the formula."""
        return [name for name in self.members if name in self.gradients and name not in self.shared]

    def of_distance(self, name: str) -> float | None:
        """The number by which the distance must be multiplied to give the gradient; ``None`` if there is none."""
        return _multiple(self.gradients[name], self.distances[name])

    def of_weight(self, name: str) -> float | None:
        """The same for the weight itself."""
        return _multiple(self.gradients[name], self.weights[name])

    def of_sign(self, name: str) -> float | None:
        """The same for the distance's sign."""
        return _multiple(self.gradients[name], np.sign(self.distances[name]))

    def common(self, multiple: Callable[[str], float | None], *also: Callable[[str], float]) -> float | None:
        """The one number that ``multiple`` gives for all plain parameters, after each is multiplied by ``also``."""
        found = [multiple(name) for name in self.plain_ones]
        numbers = [
            number * float(np.prod([factor(name) for factor in also]))
            for name, number in zip(self.plain_ones, found, strict=True)
            if number is not None
        ]
        if not numbers or len(numbers) < len(found) or not all(_near(one, numbers[0]) for one in numbers):
            return None
        return numbers[0]

    @cached_property
    def factor(self) -> float | None:
        """By which one number every plain parameter's distance is multiplied: the strength, if all is right."""
        return self.common(self.of_distance)

    def is_times(self, number: float | None, *factors: float) -> bool:
        """Whether ``number`` is one of ``factors`` times the strength."""
        return number is not None and any(_near(number, factor * self.strength) for factor in factors)

    def size(self, name: str) -> float:
        """Numbers of a parameter."""
        return float(self.distances[name].size)

    def length(self, name: str) -> float:
        """Length of a parameter's way from the start."""
        return float(np.linalg.norm(self.distances[name]))

    @cached_property
    def is_mean(self) -> bool:
        """Whether the squares were averaged instead of added: over all, or over each parameter's."""
        pulled = list(self.gradients)
        parameters = [*self.members, *self.frozen, *self.head]
        groups = [self.members, pulled, [*pulled, *self.frozen], parameters, self.distances]
        totals = [total for names in groups for total in (sum(map(self.size, names)), len(names))]
        over_all = self.factor is not None and any(self.is_times(self.factor * n, 1, 2) for n in totals)
        of_each = self.common(self.of_distance, self.size)
        counts = [1, len(self.members), len(pulled), len(pulled) + len(self.frozen)]
        return over_all or (of_each is not None and any(self.is_times(of_each * n, 1, 2) for n in counts))

    @cached_property
    def is_length(self) -> bool:
        """Whether the way's length was taken and not its square: of all together, or of each parameter."""
        pulled = list(self.gradients)
        totals = [self.squares(names) ** 0.5 for names in (pulled, [*pulled, *self.frozen])]
        of_all = self.factor is not None and any(self.is_times(self.factor * one, 0.5, 1) for one in totals)
        return of_all or self.is_times(self.common(self.of_distance, self.length), 0.5, 1)

    @property
    def is_quadratic(self) -> bool:
        """Whether the gradients are those of a sum of squared distances, whatever its factor."""
        return self.factor is not None and not self.is_length

    @cached_property
    def is_formula_right(self) -> bool:
        """Whether the gradients are the strength times the distance; also where nothing is there to tell."""
        return not self.plain_ones or self.is_times(self.factor, 1)

    @cached_property
    def twice(self) -> str:
        """A weight that two layers share and whose square was added for both."""
        found = [(name, self.of_distance(name)) for name in self.shared if name in self.gradients]
        return next((n for n, k in found if self.factor and k is not None and _near(k, 2 * self.factor)), "")

    @cached_property
    def surplus(self) -> float | None:
        """What the value holds beside the squares whose gradients are seen; ``None`` where that is not known."""
        if not self.is_quadratic:
            return None
        known = 0.0
        for name in self.gradients:
            for multiple, values in ((self.of_distance, self.distances), (self.of_weight, self.weights)):
                if (factor := multiple(name)) is not None:
                    known += factor / 2 * float((values[name] ** 2).sum())
                    break
            else:
                return None
        surplus = self.got.value - known
        return 0.0 if abs(surplus) <= _CLOSE * abs(known) else surplus

    @cached_property
    def counted(self) -> str:
        """Which squared distances the surplus is, by the same formula: of "frozen" parameters, of "buffers", or ""."""
        if not self.surplus or not self.factor:
            return ""
        lists = {
            "buffers": [self.floating, self.buffers],
            "frozen": [self.frozen, [*self.frozen, *self.floating], [*self.frozen, *self.buffers]],
        }
        off = {
            (kind, number): abs(self.surplus - self.factor / 2 * self.squares(names))
            for kind, kinds in lists.items()
            for number, names in enumerate(kinds)
        }
        nearest = min(off, key=off.__getitem__)
        return nearest[0] if off[nearest] <= _CLOSE * abs(self.got.value) else ""

    def squares(self, names: Iterable[str]) -> float:
        """The summed squared distance of these parameters and buffers."""
        return sum(float((self.distances[name] ** 2).sum()) for name in names)

    @property
    def floating(self) -> list[str]:
        """The buffers that are no counters."""
        return [name for name in self.buffers if not name.endswith("num_batches_tracked")]


class Pulls:
    """Several networks' penalties: of each aspect the first that shows something wrong.

    Attributes:
        conditions, changed_arguments, changed_settings: as the tables of side effects read them.
    """

    def __init__(self, got: Sequence[Any], wanted: Sequence[dict[str, Any]]) -> None:
        self.networks = [Pull(one, expected) for one, expected in zip(got, wanted, strict=True)]
        self.conditions = [n.conditions for n in self.networks]
        self.changed_arguments = first(n.got.changed_arguments for n in self.networks) or []
        self.changed_settings = first(n.got.changed_settings for n in self.networks) or []

    def problem(self, kind: str) -> str | None:
        """The detail of the first answer with this problem; ``None`` if none has it."""
        return next((n.got.detail or "it" for n in self.networks if n.got.problem == kind), None)

    def all_missing(self, belongs: Callable[[Pull, str], bool]) -> str:
        """A parameter that should be pulled and is not, where all such are of one kind, in every network."""
        missing = [(n, name) for n in self.networks for name in n.missing]
        return missing[0][1] if missing and all(belongs(n, name) for n, name in missing) else ""

    @property
    def wrong_formula(self) -> Pull | None:
        """The first network whose gradients are not those of the formula."""
        return first(n for n in self.networks if not n.is_formula_right)

    def every(self, shows: Callable[[Pull], bool]) -> Pull | None:
        """The first network with a wrong formula, where ``shows`` holds for all of them."""
        found = self.wrong_formula
        return found if found and all(shows(n) for n in self.networks if n.plain_ones) else None


def first(candidates: Iterable[Any]) -> Any:
    """The first that is anything."""
    return next((one for one in candidates if one), None)


def _near(got: float, wanted: float) -> bool:
    return bool(abs(got - wanted) <= _CLOSE * abs(wanted))


def _multiple(gradient: np.ndarray, of: np.ndarray) -> float | None:
    """The number by which ``of`` must be multiplied to give ``gradient``; ``None`` if there is none."""
    length = float((of * of).sum())
    if length == 0 or not np.isfinite(gradient).all():
        return None
    factor = float((gradient * of).sum()) / length
    off = float(np.linalg.norm(gradient - factor * of))
    return factor if off <= _CLOSE * float(np.linalg.norm(gradient)) else None
