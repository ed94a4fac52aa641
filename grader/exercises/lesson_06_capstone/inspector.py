"""The capstone's main exercise: logits for solar cells that did not train the student's network."""

from typing import Any

import numpy as np

from grader.exercises.kit.global_settings import reset_settings
from grader.exercises.kit.numbers import described
from grader.exercises.lesson_06_capstone.changed_cells import slightly_changed
from grader.exercises.lesson_06_capstone.held_out import TEST, VALIDATION, indices_of, solar_cells
from grader.exercises.lesson_06_capstone.inspector_mistakes import (
    FAULTS,
    FORMS,
    NOTES,
    ONLY_THESE,
    SIDE_EFFECTS,
    SLIPS,
    SYMPTOMS,
    WHEN_GRADED,
    Answers,
    Inspected,
)
from grader.exercises.machine.asking import AnswerRaised, ask
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import first_mistake
from grader.exercises.machine.verdict import Finding, Verdict

_REFUSALS = (RuntimeError, TypeError, ValueError, IndexError)  # of a model that was given as it is


class Inspector(Exercise):
    """Name the defective ones among photographs that did not train.

    At the desk the validation cells are asked and earn the points shown: whoever repeats the check chooses on
    them, which is what they are for. When graded the test cells are asked. They are asked at the desk too, for
    the model card alone, and no verdict on the inspector tells what it reaches there.
    """

    id = "capstone.inspector"
    one_thread = False  # real photographs through a real network
    title = "An inspector for solar cells"
    signature = "inspect(photographs) -> logits"
    points = 10
    minutes = 25
    difficulty = 3
    section = "Exercise 1: the inspector"
    time_limit = 120.0
    evidence = Answers
    mistakes = [*FORMS, *SYMPTOMS, *FAULTS, *SLIPS, *SIDE_EFFECTS, *ONLY_THESE, *NOTES]

    # Fractions at which each half of the points begins, at which it reaches ``LOWER`` and at which it is full,
    # linear between. The majority baseline has 0.688 and 0.5; the middle ones are about what the plain recipe
    # reaches, the last ones a little below what the reference does (``recorded.json``, both sets of cells).
    ACCURACY = (0.70, 0.85, 0.87)
    BALANCED = (0.60, 0.795, 0.83)
    EACH = 5.0  # points for each of the two
    LOWER = 2.0  # of them up to the middle fraction
    CHANGED = 256  # cells that are asked again as no table holds them

    def challenge(self, rng: np.random.Generator) -> dict:
        """All test cells in a random order; some again, alone and among others, and some changed a little."""
        return self._asking("test", TEST, rng)

    def desk_challenge(self, rng: np.random.Generator) -> dict:
        """The same of the validation cells, and then the test cells for the model card."""
        return self._asking("validation", VALIDATION, rng)

    def _asking(self, part: str, count: int, rng: np.random.Generator) -> dict:
        chosen = rng.choice(count, size=32, replace=False).tolist()
        return {
            "size": 300,
            "part": part,
            "order_seed": int(rng.integers(2**31)),
            "batch": 64,
            "together": chosen,
            "alone": chosen[:6],
            "changed": rng.choice(count, size=self.CHANGED, replace=False).tolist(),
            "changed_seed": int(rng.integers(2**31)),
        }

    def collect(self, answer: Any, challenge: dict) -> dict:
        """Logits of all photographs; of some again, in other company, alone, or changed a little."""
        import torch

        cells, asked = solar_cells(challenge)
        photographs = torch.from_numpy(cells.images[asked])
        given = _Asked(answer)
        if isinstance(answer, torch.nn.Module) and (problem := given.refuses(photographs[:2])):
            return given.evidence(refuses=problem)
        if (logits := given.in_batches(photographs, challenge["batch"])) is None:
            return given.evidence()
        again = given(photographs[: challenge["batch"]])
        together = given(photographs[challenge["together"]])
        alone: list[Any] = []
        alone_error = ""
        try:
            alone = [given(photographs[place][None]) for place in challenge["alone"]]
        except AnswerRaised as raised:
            expected_kinds = (RuntimeError, ValueError, IndexError)
            if not isinstance(raised.error, expected_kinds) or isinstance(raised.error, NotImplementedError):
                raise
            alone_error = _one_line(raised.error)
        others = slightly_changed(photographs[challenge["changed"]], challenge["changed_seed"])
        changed, test_logits = given.in_batches(others, challenge["batch"]), None
        if challenge["part"] != "test":
            test_photographs = torch.from_numpy(cells.images[indices_of(cells, "test")])
            test_logits = given.in_batches(test_photographs, challenge["batch"])
        return given.evidence(
            logits=logits,
            again=again,
            together=together,
            alone=np.concatenate(alone) if alone and all(one is not None for one in alone) else None,
            alone_error=alone_error,
            changed=changed,
            test_logits=test_logits,
        )

    def judge(self, evidence: Answers, expected: dict) -> Verdict:
        """Half of the points for accuracy, half for balanced accuracy; faults of the function cap them."""
        facts = Inspected(evidence, expected)
        if form := first_mistake(facts, FORMS):
            return self.verdict(0, [form.finding(facts)])
        facts.earned = (
            self.share(facts.counted[0], self.ACCURACY),
            self.share(facts.counted[1], self.BALANCED),
        )
        symptom, fault = first_mistake(facts, SYMPTOMS), first_mistake(facts, FAULTS)
        slips = [first_mistake(facts, [slip]) for slip in SLIPS] + [first_mistake(facts, SIDE_EFFECTS)]
        points = min(sum(facts.earned), self.points / 2) if fault else sum(facts.earned)
        points -= sum(slip.costs for slip in slips if slip)
        only_these, note = first_mistake(facts, ONLY_THESE), None if symptom else first_mistake(facts, NOTES)
        shown = [row for row in (symptom, fault, *slips, only_these, note) if row]
        findings = [Finding(text=facts.told), *[row.finding(facts) for row in shown]]
        findings += [self._what_is_next(facts)] if symptom is None and only_these is None else []
        findings += [Finding(text=WHEN_GRADED)] if facts.at_the_desk else []
        return self.verdict(round(max(0.0, points), 1), findings)

    def measured(self, evidence: Answers, expected: dict) -> dict | None:
        """Of the test cells: how many are right, balanced accuracy; whether another call may give others."""
        facts = Inspected(evidence, expected)
        if first_mistake(facts, FORMS) or facts.test is None:
            return None
        return {
            "correct": facts.test.correct,
            "total": facts.test.total,
            "balanced": facts.test.balanced,
            "constant": first_mistake(facts, FAULTS) is None,
        }

    def share(self, reached: float, anchors: tuple[float, float, float]) -> float:
        """Points for what was ``reached``, a fraction; ``anchors`` are ``ACCURACY`` or ``BALANCED``."""
        return float(np.interp(reached, anchors, (0.0, self.LOWER, self.EACH)))

    def _what_is_next(self, facts: Inspected) -> Finding:
        if min(facts.earned) >= self.EACH:
            return Finding(text="Accuracy and balanced accuracy both reach what full points need.")
        (_, some, full), (_, some_balanced, full_balanced) = self.ACCURACY, self.BALANCED
        text = (
            f"Accuracy brings {facts.earned[0]:.1f} of 5 points (2 at {some:.1%}, all from {full:.1%} on), balanced "
            f"accuracy {facts.earned[1]:.1f} of 5 (2 at {some_balanced:.1%}, all from {full_balanced:.1%} on)."
        )
        good, defective = facts.by_class
        rates = f"It is right on {good:.0%} of the good cells and on {defective:.0%} of the defective ones"
        if defective < good - 0.1:
            hint = (
                f"{rates}: larger photographs, fewer frozen stages and more steps find more of them. To weigh them "
                "more in the loss, or a lower threshold, trades good cells for defective ones."
            )
        elif good < defective - 0.1:
            hint = f"{rates}: it raises the alarm too often, weigh the defective ones less."
        else:
            hint = (
                f"{rates}: try larger photographs, more steps, or the mean of the logits over flips, and prepare the "
                "photographs here exactly as in training."
            )
        return Finding(text=text, hint=f"{hint} Compare recipes with `trial`, on the validation cells.")


class _Asked:
    """Calls a student's function with copies, and notes what it does beside answering."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self._needs_gradient = self._changed_input = False
        self._form: dict[str, Any] | None = None
        self._switched: list[str] = []

    def refuses(self, photographs: Any) -> str:
        """What a model says that cannot take photographs as they are, "" if it can."""
        try:
            ask(self._answer, photographs.clone())
        except AnswerRaised as raised:
            if not isinstance(raised.error, _REFUSALS):
                raise
            return _one_line(raised.error)
        return ""

    def __call__(self, photographs: Any) -> np.ndarray | None:
        """Logits as float64 ``(N, 2)``; None if the result has another form, which is then noted."""
        import torch

        given = photographs.clone()
        result = ask(self._answer, given)
        self._switched += reset_settings()
        unchanged = given.dtype == photographs.dtype and given.shape == photographs.shape
        self._changed_input |= not (unchanged and torch.equal(given, photographs))
        if isinstance(result, np.ndarray) and result.dtype.kind in "fiub":
            result = torch.from_numpy(np.ascontiguousarray(result))
        form: dict[str, Any] = {"type": described(result)[:60], "photographs": len(photographs)}
        if not isinstance(result, torch.Tensor):
            self._form = {**form, "shape": None, "whole_numbers": False}
            return None
        if list(result.shape) != [len(photographs), 2] or result.device.type == "meta" or result.is_complex():
            shape = [int(side) for side in result.shape][:6]
            self._form = {**form, "shape": shape, "whole_numbers": not result.is_floating_point()}
            return None
        self._needs_gradient |= result.requires_grad
        return result.detach().cpu().double().numpy()

    def in_batches(self, photographs: Any, size: int) -> np.ndarray | None:
        """Logits ``(N, 2)`` of photographs that are asked so many at a time; None at the first other form."""
        parts: list[np.ndarray] = []
        for some in photographs.split(size):
            if (part := self(some)) is None:
                return None
            parts.append(part)
        return np.concatenate(parts)

    def evidence(self, **found: Any) -> dict[str, Any]:
        """Evidence of ``Answers``: what was ``found``, and what was noted on the way."""
        nothing = dict.fromkeys(("logits", "again", "together", "alone", "changed", "test_logits"))
        return {
            **nothing,
            "refuses": "",
            "alone_error": "",
            "form": self._form,
            "needs_gradient": self._needs_gradient,
            "changed_input": self._changed_input,
            "changed_settings": sorted(set(self._switched)),
            **found,
        }


def _one_line(error: BaseException) -> str:
    """What an exception says, as evidence."""
    return " ".join(str(error).split())[:300] or type(error).__name__
