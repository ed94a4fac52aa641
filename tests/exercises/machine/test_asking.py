"""What is raised inside a student's code is told apart from what a check raises itself."""

import pytest
import torch

from grader.exercises.machine.asking import AnswerRaised, ask
from grader.exercises.machine.time_limit import TimedOut


def test_what_an_answer_gives_comes_back():
    assert ask(lambda x, *, y: x + y, 1, y=2) == 3


@pytest.mark.parametrize("kind", [ValueError, NotImplementedError, SystemExit, GeneratorExit, RecursionError])
def test_what_an_answer_raises_is_the_students(kind):
    error = kind("hers")

    def answer():
        raise error

    with pytest.raises(AnswerRaised) as caught:
        ask(answer)
    assert caught.value.error is error


def test_a_compiled_function_that_raises_is_the_students_too():
    with pytest.raises(AnswerRaised) as caught:
        ask(torch.matmul, 3)
    assert isinstance(caught.value.error, TypeError)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, TimedOut])
def test_an_interrupt_goes_through(kind):
    def answer():
        raise kind

    with pytest.raises(kind):
        ask(answer)
