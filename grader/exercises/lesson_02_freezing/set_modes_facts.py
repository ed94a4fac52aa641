"""In which mode an answer to ``set_modes`` left each BatchNorm and the rest, beside what it should be."""

from collections.abc import Callable, Sequence
from typing import Any

from grader.exercises.kit.condition import is_sound

Place = tuple[int, str]  # which network, and a layer's name


class NetworkModes:
    """One network.

    Attributes:
        modes: of each BatchNorm, "eval" or "training" by what it did, "" if it is neither.
        rest: modules that are neither BatchNorm nor dropout. stopped_rest: those of them in eval mode.
    """

    def __init__(self, got: Any, wanted: dict[str, Any]) -> None:
        self.kinds, self.dropout_name = wanted["norms"], wanted["dropout_name"]
        self.modes = {name: _mode(norm) for name, norm in got.norms.items() if name in self.kinds}
        self.dropout_on, self.settings = got.dropout_on, got.settings
        self.rest = [n for n in wanted["modules"] if n not in self.kinds and n != self.dropout_name]
        self.training, self.trained_before = set(got.after.training), set(got.before.training)
        self.stopped_rest = [name for name in self.rest if name not in self.training]
        self.rest_was_stopped = [name for name in self.rest if name not in self.trained_before]
        self.inner_rest_stopped = all(name in self.stopped_rest for name in self.rest if name)
        self.all_eval, self.all_training = (
            bool(self.modes) and set(self.modes.values()) == {mode} for mode in ("eval", "training")
        )


def _mode(norm: Any) -> str:
    if not norm.moved and not norm.by_batch:
        return "eval"
    statistics = [name for name in norm.moved if not name.endswith("num_batches_tracked")]
    return "training" if statistics and norm.by_batch else ""


class Modes:
    """All networks, the first in training mode at first, the second in eval mode, the third in both.

    Attributes:
        missed: frozen BatchNorm layers that are not in eval mode. stopped: others that are not in training mode.
    """

    def __init__(self, got: Sequence[Any], expected: Sequence[dict[str, Any]]) -> None:
        self.conditions = [(network.before, network.after) for network in got]
        self.changed_settings = [setting for network in got for setting in network.changed_settings]
        self.returned_another = any(network.returned_another for network in got)
        self.sound = len(got) == len(expected) and all(is_sound(*pair) for pair in self.conditions)
        # A model that cannot be asked any further is told by its side effect alone.
        pairs = zip(got, expected, strict=False) if self.sound else []
        self.networks = [NetworkModes(g, w) for g, w in pairs]
        self.frozen, self.missed, self.stopped = [], [], []
        self.half: dict[Place, str] = {}
        for index, network in enumerate(self.networks):
            for name, kind in network.kinds.items():
                place, mode = (index, name), network.modes.get(name, "")
                if kind == "frozen":
                    self.frozen.append(place)
                    self.missed += [place] if mode != "eval" else []
                elif mode != "training":
                    self.stopped.append(place)
                    if kind != "trainable":
                        self.half[place] = kind.removeprefix("only ")
        self.wrong = self.stopped + self.missed
        self.derived, self.one_dimensional = (
            {(i, name) for i, wanted in enumerate(expected) for name in wanted[kind]}
            for kind in ("derived", "one_dimensional")
        )
        self.settings = [setting for network in self.networks for setting in network.settings]
        told = self.settings and (self.wrong or self.first(lambda n: not n.dropout_on))
        if self.neither or told:  # then what was set shows by what the layer does, and is no second slip
            self.conditions = [
                (before, after.model_copy(update={"attributes": before.attributes}))
                for before, after in self.conditions
            ]
        self.kept_mode = self._kept_mode()
        self.stopped_container = self._stopped_container()
        self.told_by_norms = bool(
            self.kept_mode or self.stopped_container
        )  # that the rest is in eval mode, too

    def all(self, shows: Callable[[NetworkModes], object]) -> bool:
        """Whether every network shows something."""
        return bool(self.networks) and all(map(shows, self.networks))

    def first(self, shows: Callable[[NetworkModes], object]) -> NetworkModes | None:
        """The first network that shows something."""
        return next((network for network in self.networks if shows(network)), None)

    def missed_are(self, *kinds: set[Place]) -> bool:
        """Whether just the frozen layers among ``kinds`` were missed, and nothing else is wrong."""
        among = set().union(*kinds) & set(self.frozen)
        return bool(among) and set(self.missed) == among and not self.stopped

    @property
    def unchanged(self) -> bool:
        """Whether every module is in the mode in which it came."""
        return bool(self.networks) and all(was.training == now.training for was, now in self.conditions)

    @property
    def froze_norms(self) -> bool:
        """Whether every BatchNorm that was trainable, in whole or in part, is frozen throughout afterwards."""
        return any(set(was.trainable) - set(now.trainable) for was, now in self.conditions) and not any(
            name.rpartition(".")[0] in network.kinds
            for network, (_, now) in zip(self.networks, self.conditions, strict=False)
            for name in now.trainable
        )

    @property
    def deep(self) -> set[Place]:
        """Frozen layers that are no children of the model itself."""
        return {(index, name) for index, name in self.frozen if "." in name}

    @property
    def missed_all_but_one(self) -> bool:
        """Whether in every network just one frozen layer is in eval mode."""
        counts = [sum(place[0] == i for place in self.frozen) for i in range(len(self.networks))]
        missed = [sum(place[0] == i for place in self.missed) for i in range(len(self.networks))]
        return (
            bool(counts) and all(a - b == 1 for a, b in zip(counts, missed, strict=True)) and not self.stopped
        )

    @property
    def follows_gradients(self) -> bool:
        """Whether every BatchNorm is in eval mode where no gradients lie, and none where some do."""
        return len(self.networks) == 3 and (
            self.networks[0].all_eval and self.networks[1].all_eval and self.networks[2].all_training
        )

    @property
    def setting_of_a_norm(self) -> str:
        """A setting of a BatchNorm that was changed, where that BatchNorm should be in eval mode and is not."""
        missed = {name for _, name in self.missed}
        return next((s for s in self.settings if s.rpartition(".")[0] in missed), "")

    @property
    def neither(self) -> str:
        """A BatchNorm that behaves as in neither mode."""
        return next((name for n in self.networks for name in n.kinds if not n.modes.get(name)), "")

    def _kept_mode(self) -> str:
        """A module that kept the eval mode in which it came, where this is what happened; else ""."""
        if len(self.networks) != 3:
            return ""
        training, evaluating, mixed = self.networks
        if evaluating.inner_rest_stopped and not training.stopped_rest:
            return next(name for name in evaluating.stopped_rest if name)
        if (
            mixed.stopped_rest
            and mixed.stopped_rest == mixed.rest_was_stopped
            and not (training.stopped_rest or evaluating.stopped_rest)
        ):
            return mixed.stopped_rest[0]
        return ""

    def _stopped_container(self) -> str:
        """A module in eval mode that holds BatchNorm layers, where a BatchNorm is in the wrong mode; else ""."""
        if not self.wrong:
            return ""
        for network in self.networks:
            for name in network.stopped_rest:
                if not name:
                    return "The model itself"
                if any(norm.startswith(f"{name}.") for norm in network.kinds):
                    return f"`{name}`"
        return ""
