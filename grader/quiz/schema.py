"""What an author may write in ``quiz.yaml``: questions, their options, and the rules that they keep."""

from collections import Counter
from collections.abc import Collection
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from grader.nearest_name import nearest_name

LETTERS = "ABCDE"

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
# Ids are written into Python source and into file names: nothing in them may need quoting.
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Prefix = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Option(_Strict):
    """One possible answer; ``misconception`` names what somebody believes who chooses it wrongly."""

    text: Text
    feedback: Text
    misconception: Text | None = None


class Question(_Strict):
    """A single-choice question; all texts are Markdown, and the options' keys are A, B, C… in order."""

    id: Slug
    objective: Slug
    points: float = Field(default=1, gt=0, allow_inf_nan=False)
    stem: Text
    options: list[Option] = Field(min_length=3, max_length=len(LETTERS))
    answer: str
    steps: list[Text] = Field(min_length=1)
    quick_check: Text
    common_mistakes: list[Text] = Field(min_length=1)

    @property
    def letters(self) -> str:
        """The keys of the options, such as ``"ABCD"``."""
        return LETTERS[: len(self.options)]

    @model_validator(mode="after")
    def _options_fit_the_answer(self) -> "Question":
        if len(self.answer) != 1 or self.answer not in self.letters:
            raise _broken(f"the answer {self.answer!r} is no option, write one of {', '.join(self.letters)}")
        texts = Counter(option.text for option in self.options)
        if repeated := [text for text, count in texts.items() if count > 1]:
            raise _broken(f"two options read {repeated[0]!r}, change or remove one")
        for letter, option in zip(self.letters, self.options, strict=True):
            if letter == self.answer and option.misconception is not None:
                raise _broken(f"option {letter} is the right one, remove its misconception")
            if letter != self.answer and option.misconception is None:
                raise _broken(f"option {letter} is wrong but names no misconception, add one")
        return self


class Recall(_Strict):
    """A question of an earlier lesson, asked again."""

    lesson: Text
    question: Slug


class Quiz(_Strict):
    """The content of one ``quiz.yaml``."""

    lesson: Text
    prefix: Prefix
    objectives: dict[Slug, Text]
    recall: list[Recall] = []
    questions: list[Question] = Field(min_length=1)

    @model_validator(mode="after")
    def _questions_fit_together(self) -> "Quiz":
        ids = Counter(question.id for question in self.questions)
        if repeated := [question_id for question_id, count in ids.items() if count > 1]:
            raise _broken(f"{ids[repeated[0]]} questions have the id {repeated[0]!r}, give each its own")
        for question in self.questions:
            if question.objective not in self.objectives:
                hint = nearest_known(question.objective, self.objectives)
                raise _broken(
                    f"question {question.id!r}: the objective {question.objective!r} is not listed{hint}"
                )
        covered = {question.objective for question in self.questions}
        if uncovered := [objective for objective in self.objectives if objective not in covered]:
            raise _broken(
                f"no question covers the objective {uncovered[0]!r}, ask one or remove the objective"
            )
        answers = {question.answer for question in self.questions}
        if len(self.questions) > 1 and len(answers) == 1:
            raise _broken(f"the answer of every question is {answers.pop()}, reorder the options of some")
        for reference in self.recall:
            if reference.lesson >= self.lesson:
                raise _broken(f"recall names {reference.lesson!r}, which is not an earlier lesson")
        recalled = Counter(reference.question for reference in self.recall)
        if repeated := [question_id for question_id, count in recalled.items() if count > 1]:
            raise _broken(f"recall names the question id {repeated[0]!r} twice, keep one of them")
        return self


def _broken(message: str) -> PydanticCustomError:
    # Braces would be read as a template by pydantic.
    return PydanticCustomError("quiz", "{message}", {"message": message})


def nearest_known(word: str, known: Collection[str]) -> str:
    """The end of a sentence about an unknown ``word``: which is perhaps meant, or else which there are."""
    close = nearest_name(word, known, cutoff=0.6)
    if close is not None:
        return f", perhaps {close!r} is meant"
    return f", known are {', '.join(map(repr, known))}" if known else ""
