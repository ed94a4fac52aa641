"""Wrong and right answers to the exercise of lesson 0, on the public challenge and on secret ones."""

from collections import Counter

import numpy as np
import pytest
import torch

ID = "start.majority_baseline"


def with_unique(labels):
    _, counts = labels.unique(return_counts=True)
    return counts.max().item() / len(labels)


def with_counter(labels):
    return Counter(labels.tolist()).most_common(1)[0][1] / labels.numel()


def with_bincount_as_tensor(labels):
    return torch.bincount(labels).max() / labels.numel()


def by_mode(labels):
    return (labels == labels.mode().values).float().mean().item()


def with_numpy(labels):
    return np.unique(labels.numpy(), return_counts=True)[1].max() / np.float32(len(labels))


RIGHT = [with_unique, with_counter, with_bincount_as_tensor, by_mode, with_numpy]


@pytest.mark.parametrize("answer", RIGHT)
def test_right_answers_pass(answer, everywhere):
    for verdict in everywhere(ID, answer):
        assert verdict.passed, verdict


def share(labels, label):
    return (labels == label).float().mean().item()


def counts(labels):
    return labels.unique(return_counts=True)[1]


def larger_than_the_one_before(labels, descending=False, by_number=True):
    """The count that was larger than the one before it, last of all."""
    counted = Counter(labels.tolist())
    best = before = 0
    for label in sorted(counted, reverse=descending) if by_number else counted:
        if counted[label] > before:
            best = counted[label]
        before = counted[label]
    return best / len(labels)


def sorts_in_place(labels):
    labels.copy_(labels.sort().values)
    return with_unique(labels)


def shifts_in_place(labels):
    labels -= labels.min()
    return with_unique(labels)


def of_hundred_classes(labels):
    return max((labels == label).sum().item() for label in range(100)) / len(labels)


WRONG = {
    "each with the one before": (larger_than_the_one_before, 0, "other-share"),
    "each with the one before, downwards": (lambda x: larger_than_the_one_before(x, True), 0, "other-share"),
    "each with the one before, as they come": (
        lambda x: larger_than_the_one_before(x, by_number=False),
        0,
        "other-share",
    ),
    "a hundred classes": (of_hundred_classes, 0, "other-share"),
    "sorts in place": (sorts_in_place, 2, "arguments-changed"),
    "shifts in place": (shifts_in_place, 2, "arguments-changed"),
    "share of class one": (lambda labels: share(labels, 1), 0, "share-of-one"),
    "share of class zero": (lambda labels: share(labels, 0), 0, "share-of-zero"),
    "mean": (lambda labels: labels.float().mean().item(), 0, "mean"),
    "two classes only": (
        lambda labels: max(labels.float().mean().item(), 1 - labels.float().mean().item()),
        1,
        "larger-of-two",
    ),
    "count": (lambda labels: counts(labels).max().item(), 1, "count"),
    "label": (lambda labels: labels.mode().values.item(), 0, "label"),
    "percent": (lambda labels: 100 * with_unique(labels), 2, "percent"),
    "chance": (lambda labels: 1 / len(labels.unique()), 0, "one-over-classes"),
    "first label": (lambda labels: share(labels, labels[0]), 0, "first"),
    "smallest label": (lambda labels: share(labels, labels.min()), 0, "smallest-label"),
    "rarest": (lambda labels: counts(labels).min().item() / len(labels), 0, "minority"),
    "error": (lambda labels: 1 - with_unique(labels), 0, "others"),
    "constant": (lambda labels: 1.0, 0, "other-share"),
    "last label": (lambda labels: share(labels, labels[-1]), 0, "other-share"),
    "rounded": (lambda labels: round(with_unique(labels), 1), 0, "other-share"),
    "nothing": (lambda labels: None, 0, "no-number"),
    "nan": (lambda labels: float("nan"), 0, "other-share"),
    "a bool": (lambda labels: True, 0, "no-number"),
    "a tensor of several": (lambda labels: counts(labels) / len(labels), 0, "no-number"),
    "the sum": (lambda labels: labels.sum().item(), 0, "other-share"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_answers_are_named_and_cost_the_same_everywhere(name, costs_the_same):
    costs_the_same(ID, *WRONG[name])


def test_every_known_mistake_is_reached(unreached):
    assert unreached(ID, [answer for answer, _, _ in WRONG.values()]) == []


def test_the_list_that_went_wrong_is_shown(graded):
    [finding] = graded(ID, WRONG["constant"][0], 7).findings
    assert "For the labels [" in finding.text
    assert "the function gives 1; right is 0." in finding.text
