"""What an answer to ``freeze_backbone`` did to the flags of both networks, beside what they should be."""

from collections.abc import Callable, Sequence
from typing import Any

from grader.exercises.kit.condition import is_sound
from grader.exercises.kit.tensors import inside, moved


class Flags:
    """What one network's flags are, beside what they should be.

    Attributes:
        head, backbone: names of parameters.
        missing: of the head, and frozen. extra: of the backbone, and trainable.
        one, one_is: the first that is wrong, and what it is.
    """

    def __init__(self, got: Any, wanted: dict[str, Any]) -> None:
        self.head_name, self.norms = wanted["head"], wanted["norms"]
        self.head = inside(wanted["parameters"], self.head_name)
        self.backbone = [name for name in wanted["parameters"] if name not in self.head]
        self.before, self.trainable = set(got.before.trainable), set(got.after.trainable)
        self.missing = [name for name in self.head if name not in self.trainable]
        self.extra = [name for name in self.backbone if name in self.trainable]
        self.wrong = bool(self.missing or self.extra)
        self.one = next(iter(self.extra + self.missing), "")
        self.one_is = "trainable" if self.extra else "frozen"
        self.of_a_layer = next((name for name in self.extra if "." in name), self.one)
        self.unchanged = self.wrong and self.trainable == self.before
        self.turned_over = self.trainable == set(wanted["parameters"]) - self.before
        self.nested = "." in self.head_name
        self.container, _, self.own_name = self.head_name.rpartition(".")
        self.attributes = got.attributes
        self.most_open = 2 * len(self.extra) >= len(self.backbone) and not self.all_extra(self.in_a_norm)
        self.mode_changed = got.after.training != got.before.training
        self.head_moves = set(wanted["moved"]) <= set(got.moved)

    def all_extra(self, belongs: Callable[[str], object]) -> bool:
        """Whether all that is open of the backbone is what ``belongs`` says, and the head trains."""
        return bool(self.extra) and not self.missing and all(map(belongs, self.extra))

    def in_a_norm(self, name: str) -> bool:
        """Whether a parameter belongs to a normalisation layer, or to no layer at all."""
        return "." not in name or bool(inside([name], *self.norms))


class Freezing:
    """Both networks, and what was changed beside the flags."""

    def __init__(self, got: Sequence[Any], expected: Sequence[dict[str, Any]]) -> None:
        self.networks = [Flags(g, w) for g, w in zip(got, expected, strict=False)]
        self.conditions = [(network.before, network.after) for network in got]
        self.sound = all(is_sound(*pair) for pair in self.conditions)
        self.weights_changed = any(moved(before.state, after.state) for before, after in self.conditions)
        self.changed_settings = [setting for network in got for setting in network.changed_settings]
        self.gradients_off = any("gradients" in setting for setting in self.changed_settings)
        self.returned_another = any(network.returned_another for network in got)
        self.replaced = next((name for network in got for name in network.replaced), "")
        self.wrong = any(network.wrong for network in self.networks)
        self.unchanged = all(network.unchanged for network in self.networks)

    def attribute(self, on: str) -> Any:
        """The first new attribute of that kind, in a network whose flags are wrong."""
        return next((a for n in self.networks if n.wrong for a in n.attributes if a.on == on), None)

    def first(self, shows: Callable[[Flags], object]) -> Flags | None:
        """The first network that shows something."""
        return next((network for network in self.networks if shows(network)), None)

    def only(self, shows: Callable[[Flags], object], nested: bool) -> Flags | None:
        """The network whose head lies in another module (or in none), if it shows something and the other does not."""
        showing = [network for network in self.networks if shows(network)]
        return showing[0] if len(showing) == 1 and showing[0].nested == nested else None
