"""What the optimizers of an answer to ``make_optimizer`` hold and how they are set, beside what is asked for."""

import re
from collections import Counter
from typing import Any

from grader.exercises.kit.condition import is_sound
from grader.exercises.kit.tensors import astray, inside, moved

_SETTINGS = ("weight_decay", "dampening", "nesterov", "maximize")
# A sentence of a few words may say in any way that nothing trains; a very short one should hold such a word.
_ABOUT = re.compile(
    r"train|fro?[zr]|freez|grad|param|weight|nothing|none|empty|open|learn|updat|head|optim|fix|lock",
    re.IGNORECASE,
)
_LONG = 4  # words


class Held:
    """What one optimizer holds.

    Attributes:
        missing: trainable, and not held. extra: held, and not trainable.
        state_is_right: whether two steps end where the reference's do.
    """

    def __init__(self, got: Any, wanted: dict[str, Any]) -> None:
        self.held, self.trainable, self.head = got.held, wanted["trainable"], wanted["head"]
        flags_changed = got.before.trainable != got.after.trainable
        if flags_changed and set(self.held) != set(self.trainable):
            # A side effect of its own: what the optimizer holds is compared with what trains now.
            self.trainable = [name for name in wanted["parameters"] if name in got.after.trainable]
        self.kind, self.is_sgd, self.settings = got.kind, got.is_sgd, got.settings
        self.rate = wanted["learning_rate"]
        self.missing = [name for name in self.trainable if name not in self.held]
        self.extra = [name for name in self.held if name and name not in self.trainable]
        self.copies = "" in self.held
        frozen = set(wanted["parameters"]) - set(self.trainable)
        self.only_frozen = bool(self.extra and self.missing) and not set(self.held) & set(self.trainable)
        self.all_frozen_held = frozen <= set(self.held)
        self.all_held = set(wanted["parameters"]) <= set(self.held)
        counts = Counter(self.held)
        self.twice = next((name for name in self.held if counts[name] > 1), "")
        self.content_is_right = not (self.missing or self.extra or self.copies or self.twice)
        self.start = got.before.state
        self.dimensions = {name: values.ndim for name, values in self.start.items()}
        self.state_is_right = not astray(got.state, wanted["state"], self.start)
        self.model_left_alone = not flags_changed and not moved(self.start, got.after.state)
        frozen_moved = moved(self.start, got.state, self.extra) if got.state else []
        self.one_extra = next(iter(frozen_moved + self.extra), "")
        self.and_moved = (
            f" Two steps moved `{frozen_moved[0]}`, since an old gradient was still on it."
            if frozen_moved
            else ""
        )

    def all_missing(self, belongs: Any) -> bool:
        """Whether something is missing, and all of it is what ``belongs`` says."""
        return bool(self.missing) and all(map(belongs, self.missing))

    @property
    def momentum(self) -> float | None:
        """Of the first group where it is not 0.9."""
        return next((s["momentum"] for s in self.settings if s.get("momentum", 0.0) != 0.9), None)

    @property
    def other_rate(self) -> float | None:
        """Of the first group where it is not the given one."""
        rates = [group.get("lr", 0.0) for group in self.settings]
        return next((rate for rate in rates if not abs(rate - self.rate) <= 1e-6 * self.rate), None)

    @property
    def other_setting(self) -> str:
        """The first further setting that PyTorch does not have by itself."""
        return next((name for group in self.settings for name in _SETTINGS if group.get(name, 0.0) != 0), "")


class Optimizers:
    """All optimizers of an answer, and what came of the model that is frozen throughout."""

    def __init__(self, evidence: Any, expected: list[dict[str, Any]]) -> None:
        got = evidence.networks
        self.returned = next((network.returned for network in got if network.returned), "")
        self.error = next((network.error for network in got[:2] if network.error), "")
        self.error_for_one = next((network.error for network in got[2:]), "")
        self.all_frozen = evidence.all_frozen
        self.conditions = [(network.before, network.after) for network in [*got, evidence.all_frozen]]
        self.changed_settings = [setting for network in got for setting in network.changed_settings]
        self.sound = len(got) == len(expected) and all(is_sound(*pair) for pair in self.conditions)
        usable = self.sound and not (self.returned or self.error)
        # Without an optimizer, or with a model that cannot be asked, nothing can be said of the content.
        pairs = list(zip(got, expected, strict=False)) if usable else []
        self.networks = [Held(g, w) for g, w in pairs if not g.error]
        self.half_frozen = self.networks[:2]

    @property
    def follows_gradients(self) -> bool:
        """Whether what is held is what has a gradient: in the first network all that is frozen, in the second all."""
        if len(self.half_frozen) < 2:
            return False
        first, second = self.half_frozen
        return first.only_frozen and first.all_frozen_held and second.all_held

    def first(self, shows: Any) -> Held | None:
        """The first optimizer that shows something."""
        return next((network for network in self.networks if shows(network)), None)

    def in_all(self, shows: Any) -> Held | None:
        """The first optimizer, if those of both half frozen networks show something."""
        return self.half_frozen[0] if self.half_frozen and all(map(shows, self.half_frozen)) else None

    def all_or_right(self, shows: Any) -> Held | None:
        """The first optimizer that shows something, if the other does so too or misses nothing."""
        if all(shows(network) or network.content_is_right for network in self.half_frozen):
            return next((network for network in self.half_frozen if shows(network)), None)
        return None

    @property
    def message_is_pytorchs(self) -> bool:
        """Whether the exception's text is PyTorch's own about an empty list, and nothing else."""
        return self.all_frozen.message.strip(" .!").lower() == "optimizer got an empty parameter list"

    @property
    def message_says_so(self) -> bool:
        """Whether the exception's text can be a sentence that says that nothing is trainable."""
        words = re.findall(r"[^\W\d_]{2,}", self.all_frozen.message)
        return len(words) >= _LONG or (len(words) > 1 and bool(_ABOUT.search(self.all_frozen.message)))


def of_head(network: Held) -> bool:
    """Whether an optimizer holds the head alone."""
    return bool(network.missing) and len(inside(network.held, network.head)) == len(network.held)
