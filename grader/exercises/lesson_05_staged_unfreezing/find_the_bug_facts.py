"""What a repaired function does, beside the reference and the released one: facts for the tables of mistakes."""

from functools import cached_property
from typing import Any

from grader.exercises.kit.tensors import State, astray, inside, is_weight, moved
from grader.exercises.kit.training_facts import TrainingFacts
from grader.exercises.kit.training_watch import Step
from grader.exercises.lesson_05_staged_unfreezing.choice_of_round import IN_A_ROUND, ROUNDS, Choice
from grader.exercises.machine.mistakes import Mistake

HEAD_ROUNDS = 2


class Repair(TrainingFacts):
    """Both runs of an answer.

    ``expected`` holds ``start``, ``wanted`` and ``released`` (of each the ``rounds``' states and the ``steps``),
    ``scores`` of each run, and the names of ``head`` and ``last`` stage.
    """

    def __init__(self, evidence: Any, expected: dict[str, Any]) -> None:
        self.start, self.head, self.last = expected["start"], expected["head"], expected["last"]
        first = evidence.runs[0]
        self.ends = {end.round: {**self.start, **end.changed} for end in first.ends if end.round}
        whole = [end for end in first.ends if end.after and end.after % IN_A_ROUND == 0]
        if (
            len(self.ends) > ROUNDS and first.updates == ROUNDS * IN_A_ROUND
        ):  # measured within the rounds, too
            self.ends = {end.after // IN_A_ROUND: {**self.start, **end.changed} for end in whole}
        self.final = first.after.state
        seen = [*self.ends.values(), self.final]
        self.moves = bool(first.updates)
        self.stage_moves = any(self._moved(state, self._others) for state in seen) or any(
            name in self._others for step in evidence.steps for name in step.moved
        )
        self.reference = expected["wanted" if self.stage_moves else "released"]
        super().__init__(evidence.steps, [Step.model_validate(step) for step in self.reference["steps"]])
        self.runs = [
            Choice(run, scores, self.start, self.head)
            for run, scores in zip(evidence.runs, expected["scores"], strict=False)
        ]
        self.conditions = [(run.before, run.after) for run in evidence.runs]
        self.changed_arguments = [name for run in evidence.runs for name in run.changed_arguments]
        self.changed_settings = list(evidence.changed_settings)
        self.problem = first.problem

    def can_be_seen(self, bugs: list[list[Mistake]]) -> list[list[Mistake]]:
        """Those tables, of stage, choice and weights, that an answer without movement, or without a third round, shows."""
        _stage, choice, weights = bugs
        if not self.moves:
            return [choice]
        return [choice, weights] if self.ends_before_the_stage else bugs

    @property
    def unseen_points(self) -> int:
        """Points of what cannot be seen: one for the stage, one for the weights that come back."""
        return 2 if not self.moves else int(self.ends_before_the_stage)

    @property
    def ends_before_the_stage(self) -> bool:
        """Whether the training ended before the third round."""
        return (
            not self.stage_moves
            and max([*self.ends, -(-len(self.steps) // IN_A_ROUND)], default=0) <= HEAD_ROUNDS
        )

    @property
    def _others(self) -> list[str]:
        """Names of all weights but the head's."""
        head = set(inside(self.start, self.head))
        return [name for name in self.start if is_weight(name) and name not in head]

    def _moved(self, state: State, names: list[str]) -> list[str]:
        return [name for name in moved(self.start, state, names) if name in state]

    @cached_property
    def wrong_end(self) -> tuple[int, str] | None:
        """The first round after which the weights are not the reference's, and the first such tensor."""
        for number, wanted in enumerate(self.reference["rounds"], start=1):
            if number in self.ends:
                for name in astray(self.ends[number], {**self.start, **wanted}, self.start):
                    return number, name
        return None

    @property
    def trains_wrongly(self) -> bool:
        """Whether a round's end is not the reference's, or the steps are others where an end was not measured."""
        if self.wrong_end or any(number > ROUNDS for number in self.ends):
            return True
        every_end = all(number in self.ends for number in range(1, ROUNDS + 1))
        return not every_end and bool(self.steps) and not self.in_order

    @property
    def rounds(self) -> float:
        """How many rounds over the batches the steps are; not a whole number if some were left out."""
        counts = [self.batches.count(name) for name in dict.fromkeys(self.wanted_batches)]
        return counts[0] if len(set(counts)) == 1 else 0.5

    @property
    def order_of_batches(self) -> str:
        """The batches of the steps, in words."""
        return ", ".join(name or "none" for name in self.batches[:15]) + (
            ", …" if len(self.batches) > 15 else ""
        )

    def strays(self, before: int) -> list[str]:
        """Weights that moved up to this round's end and belong to neither head nor last stage."""
        allowed = set(inside(self.start, self.last))
        names = [name for name in self._others if name not in allowed]
        return [
            n
            for number in sorted(self.ends)
            if number <= before
            for n in self._moved(self.ends[number], names)
        ]

    @property
    def too_early(self) -> str:
        """A weight of the last stage that moved in the head's rounds."""
        names = [name for name in inside(self.start, self.last) if is_weight(name)]
        early = [self.ends[number] for number in (1, HEAD_ROUNDS) if number in self.ends]
        return next((name for state in early for name in self._moved(state, names)), "")

    @property
    def too_late(self) -> bool:
        """Whether the last stage stood still in round 3 and moved later."""
        third = self.ends.get(HEAD_ROUNDS + 1)
        return third is not None and self.stage_moves and not self._moved(third, self._others)

    @property
    def head_stands_still(self) -> int:
        """The first round in which no weight of the head moved, though others were trained."""
        before = self.start
        names = [name for name in inside(self.start, self.head) if is_weight(name)]
        for number in range(1, ROUNDS + 1):
            state = self.ends.get(number)
            if state is None or number > self.updates_in_rounds:
                return 0
            if not moved(before, state, names):
                return number
            before = state
        return 0

    @property
    def updates_in_rounds(self) -> float:
        """Rounds that the steps fill."""
        return len(self.steps) / IN_A_ROUND

    @property
    def statistic(self) -> str:
        """A running statistic that moved."""
        names = [name for name in self.start if not is_weight(name)]
        return next((n for state in self.ends.values() for n in self._moved(state, names)), "")
