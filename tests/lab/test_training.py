import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from grader.errors import CourseError
from grader.lab.batches import Batches
from grader.lab.interruption import Interrupted
from grader.lab.training import History, Score, evaluate, predict, seed_everything, train


class Points:
    """Sixty-four 1 × 2 "images" of two classes that a line divides."""

    def __init__(self):
        generator = torch.Generator().manual_seed(0)
        self.images = torch.randn(64, 3, 4, 4, generator=generator)
        self.kinds = (self.images.mean(dim=(1, 2, 3)) > 0).long()

    def batch(self, indices):
        return self.images[indices]

    def labels(self, indices):
        return self.kinds[indices]


BATCHES = Batches(Points(), np.arange(8), steps=3)


def network():
    seed_everything(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(48, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))


def step(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def test_training_learns_and_writes_down_what_happened():
    data, model, everything = Points(), network(), np.arange(64)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    history = train(
        model,
        optimizer,
        Batches(data, everything, steps=45, batch_size=16),
        step,
        measure=lambda model: evaluate(model, data, everything),
        measure_every=20,
    )
    assert len(history.loss) == len(history.seconds) == 45
    assert history.images_seen == 45 * 16
    assert sorted(history.scores) == [20, 40, 45]
    assert history.final.accuracy > 0.9
    assert history.seconds == sorted(history.seconds)
    assert history.steps_to(0.0) == 20
    assert history.steps_to(1.1) is None
    assert history.seconds_to(1.1) is None


def test_an_unwritten_step_trains_nothing_and_says_so(capsys):
    def unwritten(model, images, labels, optimizer):
        raise NotImplementedError

    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = train(model, optimizer, Batches(Points(), np.arange(8), steps=3), unwritten)
    assert history.loss == []
    assert history.final is None
    assert "not written yet" in capsys.readouterr().out


def test_a_step_without_a_number_is_one_sentence():
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(CourseError, match=r"loss\.item"):
        train(model, optimizer, Batches(Points(), np.arange(8), steps=3), lambda *given: None)


def test_an_optimizer_of_another_model_is_one_sentence():
    model, twin = network(), network()
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.1)
    with pytest.raises(CourseError, match="does not hold the parameters of this model") as told:
        train(model, optimizer, Batches(Points(), np.arange(8), steps=3), step)
    assert ". " not in str(told.value)


def test_an_optimizer_may_hold_more_than_the_model():
    """The head trains alone, with an optimizer that the whole network's parameters were given to."""
    model = network()
    before = model[1].weight.detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = train(nn.Sequential(nn.Flatten(), nn.Linear(48, 8), *model[3:]), optimizer, BATCHES, step)
    assert len(history.loss) == 3
    assert torch.equal(model[1].weight, before)


def test_measuring_leaves_the_model_as_it_was():
    data, model = Points(), network()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    logits = predict(model, data, np.arange(10), batch_size=3)
    assert logits.shape == (10, 2)
    assert model.training
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_balanced_accuracy_of_always_one_answer_is_a_half():
    class Always(nn.Linear):
        def forward(self, images):
            return torch.tensor([[1.0, 0.0]]).expand(len(images), 2)

    data = Points()
    data.kinds = torch.tensor([0] * 48 + [1] * 16)
    score = evaluate(Always(1, 1), data, np.arange(64))
    assert score == Score(accuracy=0.75, balanced_accuracy=0.5, images=64)


def test_two_phases_of_one_model_become_one_history():
    first = History("staged", [0.7, 0.6], [1.0, 2.0], 64, {2: Score(0.7, 0.6, 10)}, {"moved": 0.0})
    second = History("stages", [0.5], [0.5], 32, {1: Score(0.8, 0.7, 10)}, {"moved": 0.1})
    whole = first.followed_by(second)
    assert whole.name == "staged"
    assert whole.loss == [0.7, 0.6, 0.5]
    assert whole.seconds == [1.0, 2.0, 2.5]
    assert whole.images_seen == 96
    assert list(whole.scores) == [2, 3]
    assert whole.final.accuracy == 0.8
    assert whole.notes == {"moved": 0.1}
    assert first.loss == [0.7, 0.6]


def test_a_history_can_follow_an_empty_one():
    later = History("later", [0.5], [0.5], 32, {1: Score(0.8, 0.7, 10)})
    assert History("empty").followed_by(later).seconds == [0.5]


def test_the_stop_button_ends_a_training_in_one_sentence_that_says_what_holds_now():
    model, steps = network(), []

    def stopped_in_the_third(*given):
        steps.append(step(*given))
        if len(steps) == 3:
            raise KeyboardInterrupt
        return steps[-1]

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(KeyboardInterrupt) as stopped:
        train(model, optimizer, BATCHES, stopped_in_the_third, name="small")
    (shown,) = stopped.value._render_traceback_()
    assert shown.startswith("small: stopped after 2 of 3 steps. ")
    assert "keeps its old value" in shown
    assert "\n" not in shown
    assert isinstance(stopped.value, Interrupted)
    assert stopped.value.__suppress_context__  # nor does a terminal show where it was
