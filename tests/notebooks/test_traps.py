"""Each trap that published courses fell into is met in ours: shown, asked in a quiz, or a bug to find."""

import re

import pytest

from grader.course import SOLUTIONS

# The trap, and what shows it: a file of a lesson, and words that stand there.
TRAPS = {
    "everything frozen after the head was replaced": ("02_freezing/lesson.py", r"head frozen, too"),
    "out_features set instead of a new layer": (
        "03_counting_parameters/lesson.py",
        r"out_features = num_classes",
    ),
    "requires_grad set on a module": ("02_freezing/lesson.py", r"model\.backbone\.requires_grad = False"),
    "statistics move with every parameter frozen": ("02_freezing/lesson.py", r"BatchNorm moves with every"),
    "eval() and no_grad() taken for freezing": ("02_freezing/lesson.py", r"no_grad\(\) around"),
    "an optimizer made before the unfreezing": ("05_staged_unfreezing/quiz.yaml", r"id: stale-optimizer"),
    "momentum and zeroed gradients": ("02_freezing/lesson.py", r"set_to_none=False"),
    "flags counted for parameters": ("03_counting_parameters/lesson.py", r"sum\(p\.requires_grad for p in"),
    "the new data set's own normalisation": (
        "01_scratch_vs_finetuning/lesson.py",
        r"images\.mean\(\)\) / images\.std",
    ),
    "a rate copied from a summed loss": ("04_learning_rates/lesson.py", r'reduction="sum"'),
    "a rule that is said to hold always": ("05_staged_unfreezing/quiz.yaml", r"id: always"),
    "the test set chooses": ("05_staged_unfreezing/lesson.py", r"score := measure\(model, test\)"),
    "a split that leaks": ("06_capstone/lesson.py", r"(?i)modules? (?:can |may )?.{0,40}both sides|leak"),
    "an accuracy below the majority baseline": ("04_learning_rates/lesson.py", r"baseline"),
    "no control for the same extra epochs": (
        "05_staged_unfreezing/lesson.py",
        r"A \*control\* is an arm without",
    ),
    "an axis cut to make a gain look large": ("05_staged_unfreezing/quiz.yaml", r"axis runs from 83"),
    "a verdict within the noise of the seeds": ("01_scratch_vs_finetuning/quiz.yaml", r"id: noise"),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_the_trap_is_met(trap):
    file, words = TRAPS[trap]
    assert re.search(words, (SOLUTIONS / file).read_text(encoding="utf-8"))
