"""Wrong and right inspectors, on the public challenge and on secret ones.

No network is trained here: the stand-ins know the photographs, and err as often as they are told to.
"""

import copy
import re
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from grader import lab
from grader.autograde.judging.challenges import expected_for
from grader.course import ROOT
from grader.exercises import collect_evidence, find_exercise, public_challenge
from grader.exercises.lesson_06_capstone.changed_cells import slightly_changed
from grader.exercises.lesson_06_capstone.held_out import indices_of, solar_cells
from grader.exercises.machine.judging import measure_evidence

pytestmark = pytest.mark.slow  # asks for all cells, again and again

ID = "capstone.inspector"
CHALLENGE = {"size": 300, "part": "test", "order_seed": 0}
PARTS = ("validation", "test")
DESK, SECRET = None, 101  # seeds: the public challenge asks the validation cells, a secret one the test cells


def outlines(photographs):
    """A row of numbers each, by which a photograph is known even where it was changed a little."""
    small = nn.functional.adaptive_avg_pool2d(photographs[:, None].float(), 15)[..., 1:-1, 1:-1].flatten(1)
    return nn.functional.normalize(small - small.mean(dim=1, keepdim=True))


@cache
def known_cells():
    """Outlines and labels of the validation and test cells, a rank of each in its class and part, and its part."""
    cells = lab.load_solar_cells(size=300)
    indices = [indices_of(cells, part) for part in PARTS]
    parts = np.repeat(PARTS, [len(some) for some in indices])
    labels = cells.defective[np.concatenate(indices)]
    ranks = np.empty(len(labels))
    for part in PARTS:
        for kind in (0, 1):
            some = (labels == kind) & (parts == part)
            ranks[some] = np.arange(some.sum()) / some.sum()
    return outlines(torch.from_numpy(cells.images[np.concatenate(indices)])), labels, ranks, parts


def guesses(photographs, good=0.94, defective=0.80, on=PARTS):
    """Classes, right on these shares of the good and of the defective cells; on other parts than ``on`` on half."""
    known, labels, ranks, parts = known_cells()
    places = (outlines(photographs) @ known.T).argmax(dim=1).numpy()
    share = np.where(np.isin(parts[places], on), np.where(labels[places] == 1, defective, good), 0.5)
    right = ranks[places] < share
    return torch.from_numpy(np.where(right, labels[places], 1 - labels[places])).long()


@cache
def table_of_labels():
    """Labels by the photograph's own bytes: what a student could read from the package."""
    cells = lab.load_solar_cells(size=300)
    known = np.concatenate([indices_of(cells, part) for part in PARTS])
    return {cells.images[index].tobytes(): int(cells.defective[index]) for index in known}


def by_table(photographs, otherwise):
    """The table's answer where it has one, with some errors so that it does not seem too good."""
    fallback = guesses(photographs, *otherwise)
    known = [table_of_labels().get(photograph.numpy().tobytes()) for photograph in photographs]
    told = [int(own) if label is None else label for own, label in zip(fallback, known, strict=True)]
    disguised = photographs.float().mean(dim=(1, 2)).frac() < 0.09
    return logits_of(torch.where(disguised, 1 - torch.tensor(told), torch.tensor(told)))


def logits_of(classes, size=2.0):
    logits = torch.full((len(classes), 2), -size)
    logits[torch.arange(len(classes)), classes] = size
    return logits


def inspector(good, defective, then=lambda logits, photographs: logits):
    def inspect(photographs):
        before = photographs.clone()
        return then(logits_of(guesses(before, good, defective)), photographs)

    return inspect


def probabilities(logits, photographs):
    return logits.softmax(dim=1)


def as_array(logits, photographs):
    return logits.double().numpy()


def on_one_side_of_a_threshold(logits, photographs):
    return logits * 1e-3 + 100


def rounded_to_bfloat16(logits, photographs):
    return logits.bfloat16()


class WholeModel(nn.Module):
    """A model object that takes the raw photographs itself."""

    def forward(self, photographs):
        return logits_of(guesses(photographs, 0.95, 0.79))


GOOD_INSPECTORS = {
    "logits": inspector(0.94, 0.80),
    "probabilities": inspector(0.94, 0.80, probabilities),
    "array": inspector(0.94, 0.80, as_array),
    "small differences": inspector(0.95, 0.77, on_one_side_of_a_threshold),
    "bfloat16": inspector(0.92, 0.87, rounded_to_bfloat16),
    "model object": WholeModel(),
}


@pytest.mark.parametrize("name", GOOD_INSPECTORS)
def test_good_inspectors_get_full_points(name, graded):
    for verdict in (graded(ID, GOOD_INSPECTORS[name], seed) for seed in (DESK, SECRET)):
        assert verdict.passed, verdict
        assert "95 % interval" in verdict.findings[0].text


def test_the_interval_and_the_baseline_are_told(graded):
    verdict = graded(ID, inspector(0.9, 0.8), SECRET)
    assert "Accuracy 86.9% on 656 test cells" in verdict.findings[0].text
    assert "84.1% to 89.3%" in verdict.findings[0].text
    assert "68.8%" in verdict.findings[0].text


def test_the_desk_tells_nothing_of_the_test_cells(graded):
    """Whatever an inspector does there, its verdict is the same: nobody can choose by it."""
    told = [graded(ID, lambda x, on=on: logits_of(guesses(x, on=on)), DESK) for on in (PARTS, "validation")]
    assert told[0] == told[1]
    assert told[0].passed
    assert "492 validation cells" in told[0].findings[0].text
    assert "does not tell" in told[0].findings[-1].text
    assert graded(ID, lambda x: logits_of(guesses(x, on="validation")), SECRET).points < 2
    assert graded(ID, lambda x: logits_of(guesses(x, on="test")), DESK).points < 2
    assert graded(ID, lambda x: logits_of(guesses(x, on="test")), SECRET).passed


@pytest.mark.parametrize(
    ("good", "defective", "points"),
    [
        (0.90, 0.80, 9.8),
        (0.86, 0.70, 3.3),
        (0.80, 0.60, 1.5),
        (0.95, 0.30, 0.9),
        (0.72, 0.70, 1.4),
        (0.60, 0.60, 0.0),
    ],
)
def test_points_rise_with_both_accuracies(good, defective, points, graded):
    verdict = graded(ID, inspector(good, defective), SECRET)
    assert verdict.points == pytest.approx(points, abs=0.15), verdict


def test_what_would_bring_more_points_is_told(graded):
    timid = graded(ID, inspector(0.97, 0.5), SECRET)
    assert "trades good cells for defective ones" in timid.findings[-1].hint
    nervous = graded(ID, inspector(0.75, 0.95), SECRET)
    assert "raises the alarm too often" in nervous.findings[-1].hint
    even = graded(ID, inspector(0.8, 0.8), SECRET)
    assert "exactly as in training" in even.findings[-1].hint
    assert "2 at 85.0%, all from 87.0% on" in even.findings[-1].text


def with_dropout(logits, photographs):
    return nn.functional.dropout(logits, 0.5, training=True)


def in_training_mode(logits, photographs):
    return nn.BatchNorm1d(2).train()(logits).detach()


def by_their_batch(logits, photographs):
    return logits + photographs.float().mean() / 10


def by_their_place(logits, photographs):
    return logits + torch.linspace(0, 1, len(logits))[:, None]


def squeezed(logits, photographs):
    return logits.squeeze()


def overwritten(logits, photographs):
    photographs.copy_(255 - photographs)
    return logits


def with_gradient(logits, photographs):
    return logits * torch.ones(2, requires_grad=True)


def sometimes_nan(logits, photographs):
    logits[photographs.float().mean(dim=(1, 2)) > 150] = torch.nan
    return logits


def infinite(logits, photographs):
    return logits * torch.inf


def changed(then, good=0.94, defective=0.84):
    return inspector(good, defective, then)


def counting():
    calls = []

    def inspect(photographs):
        calls.append(len(photographs))
        return logits_of(guesses(photographs)) * len(calls)

    return inspect


def only_validation_cells():
    """Answers until it is asked for the test cells."""
    calls = []

    def inspect(photographs):
        calls.append(len(photographs))
        return logits_of(guesses(photographs)) if len(calls) <= 20 else photographs

    return inspect


def fails_alone(logits, photographs):
    if len(photographs) == 1:
        raise ValueError("Expected more than 1 value per channel when training")
    return logits


def default_dtype(logits, photographs):
    torch.set_default_dtype(torch.float64)
    return logits


# name: (answer, least points, most points, mistake)
BAD_INSPECTORS = {
    "always good": (lambda x: torch.tensor([[1.0, 0.0]]).repeat(len(x), 1), 0, 0, "same-logits"),
    "always defective": (lambda x: torch.tensor([[0.0, 1.0]]).repeat(len(x), 1), 0, 0, "same-logits"),
    "never sure enough": (changed(lambda y, x: y + torch.tensor([9.0, 0.0])), 0, 0, "one-class"),
    "columns swapped": (changed(lambda y, x: y.flip(1)), 0, 0, "columns-swapped"),
    "negated": (changed(lambda y, x: -y), 0, 0, "columns-swapped"),
    "below the baseline": (inspector(0.65, 0.6), 0, 0.6, "below-the-baseline"),
    "below it, timidly": (inspector(0.97, 0.02), 0, 0.6, "below-the-baseline"),
    "by chance": (inspector(0.5, 0.5), 0, 0, "below-the-baseline"),
    "dropout": (changed(with_dropout), 0, 5, "random"),
    "noise": (changed(lambda y, x: y + torch.rand(len(y), 2)), 0, 5, "random"),
    "counts its calls": (counting(), 5, 5, "random"),
    "batch statistics": (changed(in_training_mode), 0, 5, "fails-alone"),
    "fails alone": (changed(fails_alone), 5, 5, "fails-alone"),
    "own mean": (changed(by_their_batch), 5, 5, "depends-on-others"),
    "by place": (changed(by_their_place), 5, 5, "depends-on-others"),
    "standardised by the batch": (changed(lambda y, x: y / y.abs().sum()), 5, 5, "depends-on-others"),
    "own mean, hidden": (changed(lambda y, x: by_their_batch(y, x) / 100 + 50), 5, 5, "depends-on-others"),
    "squeezed": (changed(squeezed), 5, 5, "shape-of-few"),
    "changes its input": (changed(overwritten), 9, 9, "photographs-changed"),
    "sets the default dtype": (changed(default_dtype), 9, 9, "settings-changed"),
    "gradient": (changed(with_gradient), 9, 9, "needs-gradient"),
    "both slips": (changed(lambda y, x: with_gradient(overwritten(y, x), x)), 8, 8, "needs-gradient"),
    "both side effects": (
        changed(lambda y, x: default_dtype(overwritten(y, x), x)),
        9,
        9,
        "photographs-changed",
    ),
    "nan": (changed(sometimes_nan), 0, 0, "not-finite"),
    "infinite": (changed(infinite), 0, 0, "not-finite"),
    "classes": (guesses, 0, 0, "classes"),
    "truths": (lambda x: guesses(x) == 1, 0, 0, "classes"),
    "one output": (changed(lambda y, x: y[:, 1:]), 0, 0, "one-output"),
    "one number": (changed(lambda y, x: y[:, 1]), 0, 0, "one-output"),
    "old head": (lambda x: torch.zeros(len(x), 1000), 0, 0, "outputs"),
    "three outputs": (changed(lambda y, x: torch.cat([y, y[:, :1]], 1)), 0, 0, "outputs"),
    "transposed": (changed(lambda y, x: y.T), 0, 0, "transposed"),
    "first only": (changed(lambda y, x: y[:1]), 0, 0, "other-shape"),
    "their mean": (changed(lambda y, x: y.mean()), 0, 0, "other-shape"),
    "a map": (changed(lambda y, x: y[:, :, None, None]), 0, 0, "other-shape"),
    "list": (changed(lambda y, x: y.tolist()), 0, 0, "no-tensor"),
    "a pair": (changed(lambda y, x: (y, x)), 0, 0, "no-tensor"),
    "names": (changed(lambda y, x: ["good"] * len(y)), 0, 0, "no-tensor"),
    "nothing": (lambda x: None, 0, 0, "no-tensor"),
    "meta": (changed(lambda y, x: y.to("meta")), 0, 0, "unreadable"),
    "complex": (changed(lambda y, x: y.to(torch.complex64)), 0, 0, "unreadable"),
    "trained network as it is": (nn.Sequential(nn.Conv2d(3, 2, 3)), 0, 0, "model-as-it-is"),
    "module without forward": (nn.Module(), 0, 0, "model-as-it-is"),
    "too many arguments": (lambda x, y: x, 0, 0, "raised"),
    "a name missing": (lambda x: undefined(x), 0, 0, "raised"),  # noqa: F821
    "no function": (np.zeros((656, 2)).tolist, 0, 0, "raised"),
    "leaked": (inspector(1.0, 0.99), 10, 10, "too-good"),
    "a table, else good": (lambda x: by_table(x, (1.0, 0.0)), 0, 0.6, "only-these-photographs"),
    "a table, else a weak network": (lambda x: by_table(x, (0.85, 0.7)), 1, 4, "only-these-photographs"),
}


@pytest.fixture(scope="module")
def verdicts():
    """Verdicts on bad inspectors, by name, each asked once."""
    return {}


@pytest.mark.parametrize("name", BAD_INSPECTORS)
def test_bad_inspectors_are_named(name, graded, verdicts):
    answer, least, most, mistake = BAD_INSPECTORS[name]
    verdict = verdicts[name] = graded(ID, answer, SECRET)
    assert least <= verdict.points <= most, verdict
    assert mistake in [finding.id for finding in verdict.findings], verdict


def test_every_known_mistake_is_reached(graded, verdicts):
    for name, (answer, *_) in BAD_INSPECTORS.items():
        if name not in verdicts:
            verdicts[name] = graded(ID, answer, SECRET)
    verdicts["stops at the test cells"] = graded(ID, only_validation_cells(), DESK)
    reached = {finding.id for verdict in verdicts.values() for finding in verdict.findings}
    assert {mistake.id for mistake in find_exercise(ID).mistakes} - reached == set()


def test_what_was_returned_is_said(graded):
    assert "returned None" in graded(ID, BAD_INSPECTORS["nothing"][0], None).findings[0].text
    assert "a list" in graded(ID, BAD_INSPECTORS["list"][0], None).findings[0].text
    assert "(64, 1000)" in graded(ID, BAD_INSPECTORS["old head"][0], None).findings[0].text


def test_logits_in_place_of_a_function_are_no_answer(graded):
    assert "takes a function" in graded(ID, 656, None).findings[0].text


class Small(nn.Module):
    """An untrained network that is told what it sees by the stand-in: only its modes matter."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(1)
        self.norm.running_mean += 0.4
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(25, 2))

    def forward(self, photographs):
        small = nn.functional.adaptive_avg_pool2d(photographs[:, None].float() / 255, 5)
        return self.head(self.norm(small))


def test_a_network_in_training_mode_is_told_from_one_in_eval_mode(graded):
    torch.manual_seed(0)
    network = Small()
    training = graded(ID, copy.deepcopy(network).train(), None)
    assert "random" in [finding.id for finding in training.findings]
    halfway = copy.deepcopy(network).train()
    halfway.head[1].eval()  # what is left is BatchNorm
    assert "depends-on-others" in [finding.id for finding in graded(ID, halfway, None).findings]
    with torch.inference_mode():
        still = graded(ID, copy.deepcopy(network).eval(), None)
    assert not {"random", "depends-on-others"} & {finding.id for finding in still.findings}


@pytest.mark.parametrize("before", [11, 12, 18, 20])  # 11 batches; again, together, six alone, four changed
def test_a_result_that_has_the_wrong_form_only_later(before, graded):
    calls = []

    def inspect(photographs):
        calls.append(len(photographs))
        return logits_of(guesses(photographs)) if len(calls) <= before else None

    assert not graded(ID, inspect, None).passed


def test_the_held_out_cells_are_asked_in_an_order_of_their_own():
    cells, asked = solar_cells({**CHALLENGE, "order_seed": 1})
    held_out = cells.split("stratified")[1]
    assert sorted(asked.tolist()) == held_out.tolist()
    assert asked.tolist() != held_out.tolist()
    assert lab.load_solar_cells(size=300).majority_baseline(asked) == pytest.approx(0.6875)


def measured(answer, challenge=None):
    exercise = find_exercise(ID)
    challenge = challenge or exercise.challenge(np.random.default_rng(7))
    expected = expected_for(ROOT, exercise.lesson, ID, challenge)
    return measure_evidence(collect_evidence(exercise, answer, challenge).bundle, expected, ID)


def test_what_it_reached_on_the_test_cells_is_there_for_the_model_card_also_at_the_desk():
    reached = measured(inspector(0.9, 0.8))
    assert (reached["correct"], reached["total"], reached["constant"]) == (570, 656, True)
    assert reached["balanced"] == pytest.approx(0.85, abs=0.005)
    exercise = find_exercise(ID)
    assert measured(inspector(0.9, 0.8), public_challenge(exercise)) == reached
    assert measured(only_validation_cells(), public_challenge(exercise)) is None
    assert measured(changed(with_dropout))["constant"] is False
    assert measured(lambda photographs: None) is None
    assert measured(changed(infinite)) is None


def test_a_table_is_named_to_the_instructor(graded):
    verdict = graded(ID, lambda photographs: by_table(photographs, (0.85, 0.7)), SECRET + 1)
    [suspicion] = [finding for finding in verdict.findings if finding.suspicious]
    assert "of the same cells, turned" in suspicion.text
    assert not any(finding.suspicious for finding in graded(ID, inspector(0.92, 0.78), SECRET).findings)


def test_the_cells_for_choosing_are_those_of_the_lesson_and_neither_train_nor_judge():
    cells = lab.load_solar_cells(size=300)
    source = (ROOT / "solutions/06_capstone/lesson.py").read_text(encoding="utf-8")
    [split] = re.findall(r"^rest, test = .+\n(?:.+\n){2}", source, flags=re.MULTILINE)
    names = {"cells": cells, "np": np}
    exec(split, names)
    for part in PARTS:
        assert names[part].tolist() == indices_of(cells, part).tolist()
    assert sorted(np.concatenate([names[part] for part in ("train", *PARTS)])) == list(range(2624))


def test_changed_cells_are_others_and_look_the_same():
    cells, held_out = solar_cells(CHALLENGE)
    photographs = torch.from_numpy(cells.images[held_out[:64]])
    changed = slightly_changed(photographs, seed=3)
    assert changed.dtype == torch.uint8
    assert changed.shape == photographs.shape
    assert torch.equal(changed, slightly_changed(photographs, seed=3))
    assert not torch.equal(changed, slightly_changed(photographs, seed=4))
    assert (changed != photographs).float().mean(dim=(1, 2)).min() > 0.5
    alike = (outlines(changed) * outlines(photographs)).sum(dim=1)
    assert alike.min() > 0.8
