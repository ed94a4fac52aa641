"""The capstone's main exercise: logits for the held-out solar cells, from a network that the student trained."""

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.exercises.lesson_06_capstone.model_card import wilson
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.verdict import Finding, Verdict

HELD_OUT = 656  # cells of the stratified split


def held_out_cells(challenge: dict) -> tuple[Any, np.ndarray]:
    """The solar cells of a challenge, and the indices of the held-out ones in the order of asking."""
    from grader import lab

    cells = lab.load_solar_cells(size=challenge["size"])
    held_out = cells.split(challenge["split"])[1]
    return cells, np.random.default_rng(challenge["order_seed"]).permutation(held_out)


class Inspector(Exercise):
    """Name the defective ones among the photographs that were held out."""

    id = "capstone.inspector"
    lesson = "06_capstone"
    title = "An inspector for solar cells"
    signature = "inspect(photographs) -> logits"
    points = 10
    minutes = 25
    difficulty = 3
    section = "Exercise 1: the inspector"
    time_limit = 120.0

    # Fractions at which points begin and at which they are full, linear between. On these cells the
    # majority baseline has an accuracy of 0.688 and a balanced accuracy of 0.5; four minutes of
    # fine-tuning in lesson 1 reach 0.857, and the paper 0.884 on a split of its own.
    ACCURACY = (0.70, 0.87)
    BALANCED = (0.60, 0.82)
    EACH = 5.0  # points for each of the two
    SLIP = 1.0  # points that a fault costs which leaves the predictions as they are

    # Largest difference of one photograph's logits between two calls, relative to their range over all
    # photographs. Other batch sizes change float32 by about 2e-6 (measured on the CPU); TensorFloat-32, which
    # GPUs use for convolutions, and bfloat16 keep three digits at most. BatchNorm in training mode: above 0.1.
    TOLERANCE = 1e-2
    ROUNDING = 1e-5  # relative to the largest logit: of float32, where the range is small

    def challenge(self, rng: np.random.Generator) -> dict:
        """All held-out cells in a random order; some of them again, alone and among others."""
        chosen = rng.choice(HELD_OUT, size=32, replace=False).tolist()
        return {
            "size": 300,
            "split": "stratified",
            "order_seed": int(rng.integers(2**31)),
            "batch": 64,
            "together": chosen,
            "alone": chosen[:6],
        }

    def collect(self, answer, challenge: dict) -> dict:
        """Logits of all held-out photographs; of a few of them again, in other company and alone."""
        import torch

        cells, asked = held_out_cells(challenge)
        photographs = torch.from_numpy(cells.images[asked])
        if isinstance(answer, torch.nn.Module):
            try:
                answer(photographs[:2].clone())
            except (RuntimeError, TypeError, ValueError, IndexError) as error:
                return {"model_refuses": one_line(error)}
        inspector = _Asked(answer)
        parts = []
        for some in photographs.split(challenge["batch"]):
            parts.append(inspector(some))
            if parts[-1] is None:
                return {"form": inspector.form}
        again = inspector(photographs[: challenge["batch"]])
        together = inspector(photographs[challenge["together"]])
        alone, alone_error = [], ""
        try:
            alone = [inspector(photographs[place][None]) for place in challenge["alone"]]
        except (RuntimeError, ValueError, IndexError) as error:
            if isinstance(error, NotImplementedError):
                raise
            alone_error = one_line(error)
        return {
            "logits": np.concatenate(parts),
            "again": again,
            "together": together,
            "alone": np.concatenate(alone) if alone and all(one is not None for one in alone) else None,
            "alone_error": alone_error,
            "needs_gradient": inspector.needs_gradient,
            "changed_input": inspector.changed_input,
        }

    def judge(self, evidence: dict, expected: dict) -> Verdict:
        """Half of the points for accuracy, half for balanced accuracy; faults of the function cap them."""
        if "model_refuses" in evidence:
            return self.verdict(0, [_model_refuses(str(evidence["model_refuses"]))])
        if "form" in evidence:
            return self.verdict(0, [_form_finding(evidence["form"])])
        labels = np.asarray(expected["labels"])
        logits = np.asarray(evidence["logits"], dtype=float)
        if logits.shape != (len(labels), 2):
            return self.verdict(0, [Finding(text="A row of two logits for each photograph was expected.")])
        broken = int((~np.isfinite(logits)).any(axis=1).sum())
        if broken:
            return self.verdict(0, [_not_finite(broken, len(labels))])
        counted = _Counts(logits, labels)
        earned = [
            self._share(counted.accuracy, self.ACCURACY),
            self._share(counted.balanced, self.BALANCED),
        ]
        findings = [counted.told()]
        symptom = _one_class(counted, logits) or _swapped(counted) or _below_baseline(counted)
        findings += [symptom] if symptom else []
        fault = self._inconstant(evidence, logits, expected)
        points = min(sum(earned), self.points / 2) if fault else sum(earned)
        slips = _slips(evidence)
        findings += ([fault] if fault else []) + slips
        points = round(max(0.0, points - self.SLIP * len(slips)), 1)
        findings += _suspiciously_good(counted)
        if symptom is None:
            findings.append(self._what_is_next(counted, earned))
        return self.verdict(points, findings)

    def _share(self, reached: float, anchors: tuple[float, float]) -> float:
        begin, full = anchors
        return self.EACH * min(1.0, max(0.0, (reached - begin) / (full - begin)))

    def _inconstant(self, evidence: dict, logits: np.ndarray, expected: dict) -> Finding | None:
        """Whether a photograph's logits change from call to call, or with the other photographs."""
        again = evidence["again"]
        if not self._alike(again, logits[: expected["batch"]], logits):
            return Finding(
                text="The same photographs in the same batch get other logits the second time: something random is "
                "in the function, most likely dropout that is still on. At most half the points.",
                hint="Call `model.eval()` before predicting, and draw no random crops or flips.",
            )
        if evidence["alone_error"]:
            return Finding(
                text=f"One photograph by itself makes the function fail: {str(evidence['alone_error'])[:200]}. In "
                "training mode BatchNorm needs others to compare with. At most half the points.",
                hint="Call `model.eval()` before predicting, and squeeze no dimension of size one away.",
            )
        if evidence["alone"] is None or evidence["together"] is None:
            return Finding(
                text="For one photograph, or for fewer than a full batch, the logits have another shape than `(N, 2)`. "
                "At most half the points.",
                hint="`squeeze()` without a dimension also takes a batch of one away.",
            )
        if self._alike(evidence["together"], logits[expected["together"]], logits) and self._alike(
            evidence["alone"], logits[expected["alone"]], logits
        ):
            return None
        return Finding(
            text="A photograph's logits depend on the other photographs of its batch: BatchNorm is in training mode, or "
            "the photographs are normalised by their own batch. At most half the points.",
            hint="Call `model.eval()`, and normalise with fixed numbers: `(pixels / 255 - 0.5) / 0.5`.",
        )

    def _alike(self, left: object, right: np.ndarray, logits: np.ndarray) -> bool:
        left = np.asarray(left, dtype=float)
        if left.shape != right.shape or not np.isfinite(left).all():
            return False
        allowed = self.TOLERANCE * np.ptp(logits) + self.ROUNDING * np.abs(logits).max()
        return bool(np.abs(left - right).max() <= allowed)

    def _what_is_next(self, counted: "_Counts", earned: list[float]) -> Finding:
        if min(earned) >= self.EACH:
            return Finding(text="Accuracy and balanced accuracy both reach what full points need.")
        text = (
            f"Accuracy brings {earned[0]:.1f} of 5 points (all from {self.ACCURACY[1]:.0%}), balanced accuracy "
            f"{earned[1]:.1f} of 5 (all from {self.BALANCED[1]:.0%})."
        )
        good, defective = counted.by_class
        rates = f"It is right on {good:.0%} of the good cells and on {defective:.0%} of the defective ones"
        if defective < good - 0.1:
            hint = f"{rates}: weigh the defective ones more in the loss, or draw them more often."
        elif good < defective - 0.1:
            hint = f"{rates}: it raises the alarm too often, weigh the defective ones less."
        else:
            hint = (
                f"{rates}: try larger photographs, more steps, or the mean of the logits over flips, and prepare the "
                "photographs here exactly as in training."
            )
        return Finding(
            text=text, hint=f"{hint} Choose with training cells put aside, never with the held-out ones."
        )


class _Asked:
    """Calls a student's function with copies, and notes what it does beside answering."""

    def __init__(self, answer: Callable) -> None:
        self._answer = answer
        self.needs_gradient = self.changed_input = False
        self.form: dict[str, Any] = {}

    def __call__(self, photographs: Any) -> np.ndarray | None:
        """Logits as float64 ``(N, 2)``; None if the result has another form, which is then noted."""
        import torch

        given = photographs.clone()
        result = self._answer(given)
        unchanged = given.dtype == photographs.dtype and given.shape == photographs.shape
        self.changed_input |= not (unchanged and torch.equal(given, photographs))
        if isinstance(result, np.ndarray) and result.dtype.kind in "fiub":
            result = torch.from_numpy(np.ascontiguousarray(result))
        self.form = {"type": type(result).__name__[:60], "photographs": len(photographs)}
        if not isinstance(result, torch.Tensor):
            return None
        self.form |= {
            "shape": [int(side) for side in result.shape][:6],
            "whole_numbers": not result.is_floating_point(),
            "device": result.device.type,
        }
        if list(result.shape) != [len(photographs), 2] or result.device.type == "meta" or result.is_complex():
            return None
        self.needs_gradient |= result.requires_grad
        return result.detach().cpu().double().numpy()


class _Counts:
    """What the inspector got right, all in all and by class."""

    def __init__(self, logits: np.ndarray, labels: np.ndarray) -> None:
        guesses = logits.argmax(axis=1)
        self.guessed = sorted(set(guesses.tolist()))
        self.total = len(labels)
        self.correct = int((guesses == labels).sum())
        self.accuracy = self.correct / self.total
        self.by_class = tuple(float((guesses == labels)[labels == kind].mean()) for kind in (0, 1))
        self.balanced = sum(self.by_class) / 2
        self.baseline = max(float(labels.mean()), 1 - float(labels.mean()))
        flipped = logits[:, ::-1].argmax(axis=1)
        self.flipped_accuracy = float((flipped == labels).mean())

    def told(self) -> Finding:
        low, high = wilson(self.correct, self.total)
        return Finding(
            text=f"Accuracy {self.accuracy:.1%} on {self.total} held-out cells (95 % interval {low:.1%} to {high:.1%}), "
            f"balanced accuracy {self.balanced:.1%}. Calling every cell good gives {self.baseline:.1%} and 50.0%."
        )


def _one_class(counted: _Counts, logits: np.ndarray) -> Finding | None:
    if len(counted.guessed) > 1:
        return None
    name = ("good", "defective")[counted.guessed[0]]
    if float(np.ptp(logits, axis=0).max()) <= 1e-6 * max(1.0, float(np.abs(logits).max())):
        return Finding(
            text=f"Every photograph gets the same logits, so that every cell is called {name}: the photographs do not "
            "reach the network, or only as pixels that are all nearly the same.",
            hint="Print the smallest and the largest pixel just before `model(...)`: they should be near -1 and 1.",
        )
    return Finding(
        text=f"Every cell is called {name}: the inspector gives one class only, like the majority baseline.",
        hint="Are the photographs prepared here as in training, in size and in range? Did the head train at all?",
    )


def _swapped(counted: _Counts) -> Finding | None:
    if counted.balanced > 0.4 or counted.flipped_accuracy <= counted.accuracy:
        return None
    return Finding(
        text=f"With its two columns swapped the inspector would reach {counted.flipped_accuracy:.1%}: it knows the classes, "
        "but names them the wrong way round.",
        hint="Column 1 belongs to class 1, defective; column 0 to the good cells.",
    )


def _below_baseline(counted: _Counts) -> Finding | None:
    if counted.accuracy > counted.baseline:
        return None
    return Finding(
        text="This accuracy is not above the majority baseline: a program that never looks at a photograph does as well.",
        hint="Is the network that you trained the one that `inspect` uses, with photographs prepared as in training?",
    )


def _suspiciously_good(counted: _Counts) -> list[Finding]:
    if counted.accuracy < 0.97:
        return []
    return [
        Finding(
            text="This is far above the paper's 88.4 %, and the experts' labels are themselves uncertain: most likely "
            "held-out cells were among those that you trained on.",
            hint='Train on `cells.split("stratified")[0]` alone, and say in the model card what you did.',
        )
    ]


def _slips(evidence: dict) -> list[Finding]:
    found = []
    if evidence["needs_gradient"]:
        found.append(
            Finding(
                text="The logits need a gradient: each call keeps the whole computation graph in memory.",
                hint="Predict under `with torch.inference_mode():`.",
            )
        )
    if evidence["changed_input"]:
        found.append(
            Finding(
                text="The function changed the photographs that it was given, in place: whoever uses them next gets others.",
                hint="`photographs.float()` makes a copy; after it, nothing touches the original.",
            )
        )
    return found


def _model_refuses(message: str) -> Finding:
    return Finding(
        text=f"This is a model, not a function, and it does not take uint8 photographs of shape (N, 300, 300): {message[:200]}",
        hint="Write a function that prepares the photographs as in training, and then calls the model.",
    )


def _not_finite(broken: int, total: int) -> Finding:
    return Finding(
        text=f"The logits of {broken} of {total} photographs are not finite numbers (NaN or infinite).",
        hint="Did the training diverge (look at its last loss), or does the preparation divide by a spread of zero?",
    )


def _form_finding(form: dict) -> Finding:
    """What the function returned instead of logits ``(N, 2)``."""
    count = form["photographs"]
    if "shape" not in form:
        what = "nothing" if form["type"] == "NoneType" else f"a value of type {form['type']}"
        return Finding(
            text=f"The function returned {what}, not a tensor of logits.", hint="End it with `return logits`."
        )
    shape = list(form["shape"])
    told = f"For {count} photographs the function returned the shape {tuple(shape)}"
    if shape == [count, 2]:
        return Finding(
            text="The logits hold no values that can be read: they are complex, or on the device `meta`.",
            hint="Return plain float logits: `logits.float().cpu()`.",
        )
    if shape in ([count], [count, 1]) and form["whole_numbers"]:
        return Finding(
            text=f"{told}, whole numbers: these are classes, and the logits are wanted.",
            hint="Leave out `argmax` and return what the network gives.",
        )
    if shape in ([count], [count, 1]):
        return Finding(
            text=f"{told}: one output a photograph, and two are wanted, one a class.",
            hint="From one logit z, `torch.stack([-z, z], dim=1)` makes two columns.",
        )
    if len(shape) == 2 and shape[0] == count:
        return Finding(
            text=f"{told}: {shape[1]} outputs a photograph, and two are wanted.",
            hint="Is the new head with two outputs in its place, and did you load the right file?",
        )
    if shape == [2, count]:
        return Finding(text=f"{told}: rows and columns are exchanged.", hint="Return `logits.T`.")
    return Finding(
        text=f"{told}, where ({count}, 2) is wanted: a row of two logits for each photograph, in their order.",
        hint="Print `logits.shape` for a batch of three photographs.",
    )


def one_line(error: BaseException) -> str:
    """What an exception says, as evidence."""
    return " ".join(str(error).split())[:300] or type(error).__name__
