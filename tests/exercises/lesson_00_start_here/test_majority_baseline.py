"""Wrong and right answers to the exercise of lesson 0."""

from collections import Counter

import pytest
import torch

from grader.exercises import try_answer


def with_unique(labels):
    _, counts = labels.unique(return_counts=True)
    return counts.max().item() / len(labels)


def with_counter(labels):
    return Counter(labels.tolist()).most_common(1)[0][1] / labels.numel()


def with_bincount_as_tensor(labels):
    return torch.bincount(labels).max() / labels.numel()


def by_mode(labels):
    return (labels == labels.mode().values).float().mean().item()


@pytest.mark.parametrize("answer", [with_unique, with_counter, with_bincount_as_tensor, by_mode])
def test_right_answers_pass(answer):
    verdict = try_answer("start.majority_baseline", answer)
    assert verdict.passed, verdict


WRONG = {
    "share of class one": (lambda labels: labels.float().mean().item(), "mean of the labels"),
    "two classes only": (
        lambda labels: max(labels.float().mean().item(), 1 - labels.float().mean().item()),
        "classes 0 and 1 only",
    ),
    "count": (lambda labels: labels.unique(return_counts=True)[1].max().item(), "not their share"),
    "class": (lambda labels: labels.mode().values.item(), "class itself"),
    "percent": (lambda labels: 100 * with_unique(labels), "percentage"),
    "chance": (lambda labels: 1 / len(labels.unique()), "guessing at random"),
    "first class": (lambda labels: (labels == labels.min()).float().mean().item(), "smallest class number"),
    "nothing": (lambda labels: None, "NoneType"),
    "nan": (lambda labels: float("nan"), "the right fraction is"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_answers_are_named(name):
    answer, words = WRONG[name]
    verdict = try_answer("start.majority_baseline", answer)
    assert not verdict.passed
    assert any(words in finding.text for finding in verdict.findings), verdict


def test_a_partly_right_answer_earns_its_part_and_a_sentence():
    verdict = try_answer("start.majority_baseline", WRONG["two classes only"][0])
    assert 0 < verdict.points < verdict.max_points
    assert verdict.findings
