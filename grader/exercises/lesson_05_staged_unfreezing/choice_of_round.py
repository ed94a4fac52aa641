"""How one run chose among its rounds: which sets were measured when, which weights came back, with which score."""

from typing import Any

import numpy as np

from grader.exercises.kit.tensors import State, astray, moved

ROUNDS, IN_A_ROUND = 4, 3  # rounds, and batches in each


class Choice:
    """One run: which sets were measured when, which weights came back, and with which score."""

    def __init__(self, run: Any, scores: dict[str, list[float]], start: State, head: str) -> None:
        self.run, self.scores = run, scores
        self.start, self.head = start, head
        self.ends = {end.round: {**start, **end.changed} for end in run.ends if end.round}
        self.told = {which: self._told(which) for which in ("validation", "test", "train", "other")}
        self.trained = min(ROUNDS, -(-run.updates // IN_A_ROUND))
        after = run.after.state
        self.returned = [number for number, state in self.ends.items() if not moved(state, after)]
        if not self.returned:  # up to rounding: loaded from a file, computed once again
            self.returned = [number for number, state in self.ends.items() if not astray(after, state, start)]
        self.untouched = bool(run.updates) and not moved(start, after)

    def _told(self, which: str) -> dict[int, float]:
        """Scores by round, of those that have one."""
        return {call.round: call.score for call in self.run.calls if call.which == which and call.round}

    @property
    def test_early(self) -> bool:
        """Whether the test set was asked before the last update, or for the weights of several rounds."""
        calls = [call for call in self.run.calls if call.which == "test"]
        return len({call.round for call in calls if call.round}) > 1 or any(
            call.after < self.run.updates for call in calls if call.round
        )

    @property
    def test_again(self) -> bool:
        """Whether the test set was asked more than once for the same weights, at the end."""
        calls = [call.round for call in self.run.calls if call.which == "test" and call.round]
        return not self.test_early and len(calls) > 1

    @property
    def test_rounds(self) -> str:
        """For how many rounds' weights the test set was measured, in words."""
        count = len(self.told["test"])
        return "the weights of one round" if count == 1 else f"the weights of {count} rounds"

    @property
    def only_test(self) -> bool:
        """Whether the test set was measured in the course of the training, and validation of one round at most."""
        return self.test_early and len(self.told["validation"]) < min(2, self.trained or 2)

    @property
    def measured_nothing(self) -> bool:
        """Whether no set was measured for the weights of several rounds."""
        return self.trained != 1 and not self.chooser

    @property
    def chosen_by_training(self) -> bool:
        """Whether other data than the two sets was measured round by round, and validation was not."""
        return self.chooser in ("train", "other") and len(self.told["validation"]) < 2

    @property
    def measured(self) -> int:
        """For how many rounds' weights validation was measured."""
        return len(self.told["validation"])

    @property
    def rounds_unmeasured(self) -> bool:
        """Whether validation was measured for fewer rounds than were trained."""
        return self.measured < self.trained

    @property
    def measured_too_often(self) -> bool:
        """Whether validation was measured for more weights than rounds were trained."""
        return self.measured > max(ROUNDS, -(-self.run.updates // IN_A_ROUND))

    @property
    def chooser(self) -> str:
        """The set that can have chosen: measured for several rounds' weights; "" if none was."""
        several = [which for which in ("validation", "test", "train", "other") if len(self.told[which]) > 1]
        for which in several:
            if self._best(which) in self.returned:
                return which
        return several[0] if several else ""

    def _best(self, which: str) -> int:
        told = self.told[which]
        return max(sorted(told), key=told.__getitem__) if told else 0  # the first of level ones

    @property
    def best(self) -> int:
        """The round that is best on the chooser."""
        return self._best(self.chooser) if self.chooser else 0

    @property
    def last(self) -> int:
        """The last round that was measured."""
        return max(self.ends, default=0)

    @property
    def wrong_weights(self) -> bool:
        """Whether the weights that came back are not those of the best round."""
        return bool(self.chooser) and self.best not in self.returned

    @property
    def cannot_be_seen(self) -> bool:
        """Whether best and last round end with the same weights, so that none had to be kept."""
        best, last = self.ends.get(self.best), self.ends.get(self.last)
        return best is not None and last is not None and not moved(best, last)

    @property
    def returned_round(self) -> int:
        """The round whose weights came back; 0 for none's."""
        return self.returned[-1] if self.returned else 0

    @property
    def level(self) -> int:
        """A later round that came back, level with the best on the chooser; 0 for none."""
        told = self.told[self.chooser] if self.chooser else {}
        if not self.wrong_weights:
            return 0
        return next((n for n in self.returned if told.get(n) == told[self.best]), 0)

    @property
    def is_last(self) -> bool:
        """Whether the last round's weights came back, where others were best."""
        return self.wrong_weights and self.last in self.returned and not self.level

    @property
    def is_worst(self) -> bool:
        """Whether the round came back that is the lowest on the chooser."""
        told = self.told[self.chooser] if self.chooser else {}
        return self.wrong_weights and bool(told) and min(told, key=told.__getitem__) in self.returned

    @property
    def is_other_round(self) -> bool:
        """Whether another round's weights came back than those of the best."""
        return self.wrong_weights and bool(self.returned) and not self.level

    @property
    def mixed(self) -> str:
        """A tensor that is the best round's, where others are the last round's."""
        best, last, after = self.ends.get(self.best), self.ends.get(self.last), self.run.after.state
        if not self.wrong_weights or self.returned or best is None or last is None:
            return ""
        differing = moved(best, last)
        of_best = [n for n in differing if n in after and np.array_equal(after[n], best[n], equal_nan=True)]
        of_last = [n for n in differing if n in after and np.array_equal(after[n], last[n], equal_nan=True)]
        return of_last[0] if of_best and of_last and len(of_best) + len(of_last) == len(differing) else ""

    # ------------------------------------------------------------ the score

    @property
    def wanted_score(self) -> float | None:
        """The test's for the weights that came back."""
        measured = [score for number, score in self.told["test"].items() if number in self.returned]
        if measured:
            return measured[-1]
        numbers = [number for number in self.returned if number <= ROUNDS]
        return self.scores["test"][numbers[-1] - 1] if numbers else None

    @property
    def wanted(self) -> str:
        """The same in words."""
        return "another" if self.wanted_score is None else f"{self.wanted_score:g}"

    @property
    def wrong_score(self) -> bool:
        """Whether the score is not the test's for the weights that came back."""
        score = self.run.score
        if score is None:
            return False
        if self.returned:
            of_these: list[float | None] = [
                told for number, told in self.told["test"].items() if number in self.returned
            ]
            known = of_these or [self.wanted_score]
        else:
            known = [call.score for call in self.run.calls if call.which == "test"]
            known = known or [None]
        return not any(want is None or abs(score - want) <= 1e-6 for want in known)

    def _is(self, scores: list[float]) -> bool:
        score = self.run.score
        return self.wrong_score and score is not None and any(abs(score - other) <= 1e-6 for other in scores)

    @property
    def validation_score(self) -> bool:
        """Whether the score is one that ``measure`` told for validation."""
        return self._is(list(self.told["validation"].values()))

    @property
    def other_test_score(self) -> bool:
        """Whether the score is the test's, for other weights than came back."""
        return self._is(list(self.told["test"].values()))

    @property
    def all_scores(self) -> str:
        """The chooser's scores, by round."""
        told = self.told[self.chooser] if self.chooser else {}
        return ", ".join(f"{score:g}" for _, score in sorted(told.items()))
