"""Training as the lessons see it: seeds, the device, one loop, one measurement."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from grader.errors import CourseError
from grader.lab.batches import Batches, LabelledImages
from grader.lab.interruption import told_in_one_sentence
from grader.lab.moving import move_with_optimizer
from grader.lab.progress_bar import ProgressBar

TrainingStep = Callable[[nn.Module, torch.Tensor, torch.Tensor, torch.optim.Optimizer], float]


def device() -> torch.device:
    """The fastest device at hand: CUDA, then Apple's MPS, then the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def seed_everything(seed: int) -> None:
    """Start the random numbers of Python, NumPy and PyTorch (all devices) from ``seed``.

    Two runs then agree on one machine. Another processor, another number of threads or a GPU adds in
    another order and may differ in the last digits (PyTorch documentation, "Reproducibility").
    """
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


@dataclass(frozen=True)
class Score:
    """How well a model does on held-out images, as fractions between 0 and 1.

    ``balanced_accuracy`` is the mean of the accuracies on each class, so that a model which always
    gives the most frequent of two classes scores 0.5, however rare the other one is.
    """

    accuracy: float
    balanced_accuracy: float
    images: int

    def __str__(self) -> str:
        return f"accuracy {self.accuracy:.1%}, balanced accuracy {self.balanced_accuracy:.1%}"


@torch.inference_mode()
def predict(model: nn.Module, data: LabelledImages, indices: np.ndarray, batch_size: int = 128) -> np.ndarray:
    """Logits of ``model`` on the images at ``indices``, in eval mode: float32, ``(n, num_classes)``.

    The model comes back in the mode in which it was given.
    """
    was_training = model.training
    model.eval()
    where = next(model.parameters()).device
    parts = np.array_split(indices, max(1, -(-len(indices) // batch_size)))
    logits = torch.cat([model(data.batch(part).to(where)).float().cpu() for part in parts])
    model.train(was_training)
    return logits.numpy()


def evaluate(model: nn.Module, data: LabelledImages, indices: np.ndarray) -> Score:
    """Accuracy and balanced accuracy of ``model`` on the images at ``indices``."""
    from sklearn.metrics import accuracy_score, balanced_accuracy_score  # half a second: late

    labels = data.labels(indices).numpy()
    guesses = predict(model, data, indices).argmax(axis=1)
    return Score(
        float(accuracy_score(labels, guesses)), float(balanced_accuracy_score(labels, guesses)), len(labels)
    )


@dataclass
class History:
    """What happened during one training run.

    Attributes:
        loss: mean training loss of each step's batch, in nats.
        seconds: training time passed after each step, without measuring and drawing.
        scores: the step after which we measured, and what we measured.
        notes: further numbers that a lesson writes down, by name.
    """

    name: str
    loss: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    images_seen: int = 0
    scores: dict[int, Score] = field(default_factory=dict)
    notes: dict[str, float] = field(default_factory=dict)

    @property
    def final(self) -> Score | None:
        """The last measurement, or None before the first."""
        return self.scores[max(self.scores)] if self.scores else None

    def followed_by(self, later: "History") -> "History":
        """This run and ``later``, which went on with the same model, as one: steps and seconds add up."""
        steps, seconds = len(self.loss), self.seconds[-1] if self.seconds else 0.0
        return History(
            self.name,
            self.loss + later.loss,
            self.seconds + [seconds + passed for passed in later.seconds],
            self.images_seen + later.images_seen,
            self.scores | {steps + step: score for step, score in later.scores.items()},
            self.notes | later.notes,
        )

    def steps_to(self, accuracy: float) -> int | None:
        """Steps until a measurement first reached ``accuracy`` (a fraction); None if none did."""
        return next((step for step, score in sorted(self.scores.items()) if score.accuracy >= accuracy), None)

    def seconds_to(self, accuracy: float) -> float | None:
        """Training seconds until a measurement first reached ``accuracy``; None if none did."""
        step = self.steps_to(accuracy)
        return None if step is None else self.seconds[step - 1]


def train(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    batches: Batches,
    step: TrainingStep,
    schedule: torch.optim.lr_scheduler.LRScheduler | None = None,
    measure: Callable[[nn.Module], Score] | None = None,
    measure_every: int = 20,
    name: str = "training",
    plot: Callable[[History], None] | None = None,
) -> History:
    """Train ``model`` in place, one ``step`` a batch, and write down what happens.

    The model moves to ``device()`` and stays there. Move it before you make the optimizer: not every device
    keeps a model's parameters (``grader.lab.moving``).

    Args:
        step: does one update and returns the batch's mean loss: ``step(model, images, labels, optimizer)``.
        schedule: moves the learning rate after every step.
        measure: called every ``measure_every`` steps and after the last one.
        plot: called with the history after every step, for example a ``LivePlot``.

    Raises:
        CourseError: ``step`` did not return a number, or the optimizer does not hold the model's parameters.
        Interrupted: the user pressed the stop button; the model keeps the weights of the last step.
    """
    where = device()
    move_with_optimizer(model, optimizer, where)
    model.train()
    history = History(name)
    started, paused = time.perf_counter(), 0.0  # seconds; paused: spent on measuring and drawing
    with (
        ProgressBar(len(batches), name, "step") as progress,
        told_in_one_sentence(lambda: f"{name}: stopped after {len(history.loss)} of {len(batches)} steps."),
    ):
        for number, (images, labels) in enumerate(batches, start=1):
            try:
                loss = step(model, images.to(where), labels.to(where), optimizer)
            except NotImplementedError:
                print(f"{name}: the training step is not written yet, so nothing was trained.")
                break
            if not isinstance(loss, int | float):
                raise CourseError(
                    f"The training step must return the loss as a number, but it returned "
                    f"{type(loss).__name__}: end it with `return loss.item()`."
                )
            if schedule is not None:
                schedule.step()
            history.loss.append(float(loss))
            history.images_seen += len(labels)
            pause = time.perf_counter()
            history.seconds.append(pause - started - paused)
            progress.update()
            if measure is not None and (number % measure_every == 0 or number == len(batches)):
                history.scores[number] = measure(model)
            if plot is not None:
                plot(history)
            paused += time.perf_counter() - pause
    return history
