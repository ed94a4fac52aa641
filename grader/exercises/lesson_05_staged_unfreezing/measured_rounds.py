"""``measure``, as the bug hunt hands it out: prepared scores, by the round whose weights a model has."""

from typing import Any

import numpy as np

from grader.exercises.kit.batches import Batch, KnownBatches
from grader.exercises.kit.returned import returned_model
from grader.exercises.kit.tensors import State, moved, snapshot

MOST_CALLS = 60  # that are recorded
_NO_ROUND = 0.3  # the score of weights that no round ends with
_START = 0.38  # that of the weights that the model came with
_ON_TRAINING = [0.91, 0.90, 0.95, 0.93]  # by round


class MeasuredRounds:
    """Counts the updates of the weights, and tells for each call of ``measure`` which round's end it is.

    Weights that were never measured before are those of the next round; those of an earlier moment (a copy that
    was kept) are known again. If the first call comes late, updates are counted instead.

    Args:
        scores: by set, "validation" and "test", one for each round.
        sets: a batch for each of these names; "train" for all that is trained on.
    """

    def __init__(self, model: Any, scores: dict[str, list[float]], sets: dict[str, list[Batch]]) -> None:
        self._scores, self._sets, self._in_a_round = scores, KnownBatches(sets), len(sets["train"])
        self._start = snapshot(model)
        self._times = {_key(self._start): 0}  # of the weights, in updates
        self._rounds: dict[int, int] = {0: 0}  # by time
        self._latest, self._forwards, self.updates = 0, 0, 0
        self._asked: set[tuple[str, int]] = set()
        self.calls: list[dict[str, Any]] = []
        self.ends: list[dict[str, Any]] = []  # each measured moment: round, and what differs from the start

    def __deepcopy__(self, memo: dict) -> "MeasuredRounds":
        return self  # a copied model carries its hook along

    def on_forward(self, module: Any, inputs: tuple) -> None:
        """A forward pre-hook: weights that are new here were updated since the last one."""
        import torch

        if torch.is_grad_enabled():
            self._time(snapshot(module))

    def on_head_forward(self, module: Any, inputs: tuple) -> None:
        """A forward pre-hook of the head, which is called on cached features, too."""
        import torch

        self._forwards += torch.is_grad_enabled()

    def measure(self, model: Any, images_and_labels: Any) -> float:
        """The accuracy of ``model`` on a pair of images and labels."""
        module, problem = returned_model(model)
        if module is None:
            raise TypeError(f"measure takes a model and a data set; the first argument is {problem}")
        images, _ = images_and_labels
        which = self._sets.recognise(images)[0].split()[0]
        state = snapshot(module)
        time = self._time(state)
        round_number = self._round(time, state, (which, time) in self._asked)
        self._asked.add((which, time))
        score = self._score(which, round_number) if time else _START
        if len(self.calls) < MOST_CALLS:
            call = {"which": which, "round": round_number, "score": score, "after": self.updates}
            self.calls.append(call)
        return score

    def _time(self, state: State) -> int:
        key = _key(state)
        if key not in self._times:
            self.updates += 1
            self._times[key] = self.updates
        return self._times[key]

    def _round(self, time: int, state: State, again: bool) -> int:
        """The round that ends with weights of this time; ``again``: the same set was asked for them before."""
        trained = self._forwards
        if time == self.updates:
            self._forwards = 0
        unmoved = time == self.updates and trained >= self._in_a_round and (again or not self._latest)
        if time in self._rounds and not unmoved:
            return self._rounds[time]
        if time == self.updates and not trained:  # written by hand, mixed of several: no round's end
            self._rounds[time] = 0
            return 0
        counted = -(-time // self._in_a_round)
        # The first call comes late, or for weights that were kept while the training went on.
        late = not self._latest and (time > 2 * self._in_a_round or time < self.updates)
        number = counted if late or time < self._last_time else self._latest + 1
        self._rounds[time], self._latest = number, max(number, self._latest)
        if len(self.ends) < MOST_CALLS // 4:
            changed = moved(self._start, state)
            self.ends.append(
                {"round": number, "after": time, "changed": {name: state[name] for name in changed}}
            )
        return number

    @property
    def _last_time(self) -> int:
        return max(self._rounds)

    def _score(self, which: str, number: int) -> float:
        scores = _ON_TRAINING if which == "train" else self._scores.get(which, [])
        return scores[number - 1] if 0 < number <= len(scores) else _NO_ROUND


def _key(state: State) -> bytes:
    """The same for the same weights; all kinds of NaN are one."""
    plain = (np.where(v != v, np.nan, v).astype(v.dtype) for v in state.values())
    return b"".join(name.encode() + values.tobytes() for name, values in zip(state, plain, strict=True))
