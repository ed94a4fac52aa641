"""The quiz as an exercise: the published quiz of lesson 0, and small ones in a temporary folder."""

import json

import pytest

from grader import course
from grader.course import SOLUTIONS
from grader.errors import CourseError
from grader.exercises.machine.checking import check, try_answer
from grader.exercises.machine.collecting import collect_evidence
from grader.exercises.machine.judging import judge_evidence
from grader.exercises.machine.quiz_exercise import QuizExercise
from grader.exercises.machine.verdict import Verdict
from grader.quiz import standing_letters
from grader.quiz.publish import keys, publish
from grader.quiz.quiz_file import load_quiz
from grader.quiz.sealing import seal

QUIZ = load_quiz(SOLUTIONS / "00_start_here" / "quiz.yaml")
KEYS = keys(QUIZ)
FIRST = next(iter(KEYS))


def wrong_letter(name):
    return next(letter for letter in "ABC" if letter != KEYS[name])


def everything_shown(answers):
    return json.dumps(check("start.quiz", answers)._repr_mimebundle_(), ensure_ascii=False)


@pytest.fixture
def published_as(tmp_path, monkeypatch):
    """``published_as(content)``: a course whose only quiz has this ``quiz.json``."""

    def lay_out(content):
        lesson = tmp_path / "notebooks" / "00_start_here"
        lesson.mkdir(parents=True)
        (lesson / "quiz.json").write_text(json.dumps(content), encoding="utf-8")
        monkeypatch.setattr(course, "RELEASES", tmp_path / "notebooks")
        monkeypatch.setattr(course, "SOLUTIONS", tmp_path / "solutions")
        monkeypatch.chdir(lesson)
        return QuizExercise("start", "00_start_here")

    return lay_out


# ---------------------------------------------------------------- letters


@pytest.mark.parametrize(
    "write", [lambda key: key, str.lower, lambda key: f" {key} ", lambda key: f"\t{key.lower()}\n"]
)
def test_the_keys_earn_everything_in_either_case_and_with_spaces(write, told):
    verdict = try_answer("start.quiz", {name: write(key) for name, key in KEYS.items()})
    assert verdict.passed
    assert told(verdict).strip() == f"{len(KEYS)} of {len(KEYS)} questions are right."


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_unanswered_questions_are_named_and_earn_nothing(nothing, told):
    verdict = try_answer("start.quiz", dict.fromkeys(KEYS, nothing))
    assert verdict.points == 0
    assert all(f"`{name}`: not answered yet." in told(verdict) for name in KEYS)


def test_no_answers_at_all_are_all_unanswered(told):
    assert told(try_answer("start.quiz", {})).count("not answered yet") == len(KEYS)


def test_a_wrong_answer_costs_its_points_and_is_named(told):
    verdict = try_answer("start.quiz", KEYS | {FIRST: wrong_letter(FIRST)})
    assert verdict.points == verdict.max_points - QUIZ.questions[0].points
    assert f"`{FIRST}`: {wrong_letter(FIRST)} is not right." in told(verdict)
    assert f"{len(KEYS) - 1} of {len(KEYS)} questions" in told(verdict)


def test_a_question_that_there_is_not_is_named_and_changes_nothing(told):
    verdict = try_answer("start.quiz", KEYS | {"what-else": "A", "x" * 500: "B"})
    assert verdict.passed
    assert "`what-else` is no question of this quiz." in told(verdict)
    assert "x" * 61 not in told(verdict)


@pytest.mark.parametrize("odd", [5, True, ["B"], {"B": 1}, "x" * 500, "Z", "AB", "\ud800", "<script>"])
def test_an_odd_letter_is_wrong_and_no_more(odd):
    shown = check("start.quiz", KEYS | {FIRST: odd})
    assert float(shown) == shown.verdict.max_points - QUIZ.questions[0].points
    html = shown._repr_mimebundle_()["text/html"]
    html.encode()
    assert "<script" not in html
    assert "x" * 21 not in html.lower()


@pytest.mark.parametrize("answer", [["A", "B"], "A", None, lambda: KEYS])
def test_something_else_than_a_dict_is_told(answer, told):
    verdict = try_answer("start.quiz", answer)
    assert verdict.points == 0
    assert "the dict of your answers" in told(verdict)


# ---------------------------------------------------------------- the answer cell was not run

NOT_RUN = "The answer cell was changed and not run: run it, then check again."


@pytest.fixture
def stands(monkeypatch):
    """``stands(letters)``: what the extension tells of the answer cell, through the kernel's own door."""
    doors = {}

    class Shell:
        class kernel:
            class comm_manager:
                register_target = doors.__setitem__

    class Comm:
        on_msg = staticmethod(lambda listen: doors.__setitem__("later", listen))

    monkeypatch.setattr("IPython.get_ipython", Shell)
    monkeypatch.setattr(standing_letters, "_standing", {})
    standing_letters.listen()

    def tell(letters):
        message = {"content": {"data": {"cell": "start-quiz-answers", "letters": letters}}}
        doors["later"](message) if "later" in doors else doors[standing_letters.TARGET](Comm, message)

    return tell


def test_a_check_says_that_the_answer_cell_was_not_run(stands, told):
    stands(dict.fromkeys(KEYS, ""))
    stands(KEYS | {FIRST: ""})
    verdict = check("start.quiz", dict.fromkeys(KEYS)).verdict
    assert verdict.points == 0
    assert verdict.findings[0].text == NOT_RUN
    unanswered = [finding for finding in verdict.findings if "not answered yet" in finding.text]
    assert [finding.text for finding in unanswered] == [f"`{FIRST}`: not answered yet."]


def test_a_check_says_it_of_a_letter_that_was_changed_or_taken_away(stands):
    for letter in (wrong_letter(FIRST), ""):
        stands(KEYS | {FIRST: letter})
        assert check("start.quiz", KEYS).verdict.findings[0].text == NOT_RUN


def test_what_was_run_is_judged_and_no_more(stands, told):
    stands(KEYS | {FIRST: None})  # something that the extension cannot read
    verdict = check("start.quiz", {name: key.lower() for name, key in KEYS.items()}).verdict
    assert verdict.passed
    assert told(verdict).strip() == f"{len(KEYS)} of {len(KEYS)} questions are right."


def test_without_the_extension_a_hint_says_what_may_be(monkeypatch):
    monkeypatch.setattr(standing_letters, "_standing", {})
    hint = "If there are letters in the answer cell, it was not run"
    assert check("start.quiz", {}).verdict.findings[0].hint.startswith(hint)
    assert check("start.quiz", dict.fromkeys(KEYS, "Z")).verdict.findings[0].hint == ""


# ---------------------------------------------------------------- keys stay sealed


def test_no_answer_makes_the_verdict_tell_a_key():
    """Two courses of students, wrong everywhere: what they see does not depend on the keys."""
    for answers in (dict.fromkeys(KEYS), dict.fromkeys(KEYS, "Z"), {}):
        verdict = try_answer("start.quiz", answers)
        other = seal(
            {
                "keys": {name: wrong_letter(name) for name in KEYS},
                "points": {question.id: question.points for question in QUIZ.questions},
            }
        )
        quiz = QuizExercise("start", "00_start_here")
        bundle = collect_evidence(quiz, answers, quiz.published()[0]).bundle
        assert judge_evidence(bundle, {"sealed": other}, "start.quiz") == verdict


def test_what_a_check_shows_and_stores_holds_no_key_and_no_feedback():
    shown = everything_shown({name: wrong_letter(name) for name in KEYS})
    for question in QUIZ.questions:
        assert question.options[0].feedback[:30] not in shown
        assert question.steps[0][:30] not in shown
    for letter in "ABC":
        for name in KEYS:
            tells = f"{name}`: {letter}" in shown or f'{name}\\": \\"{letter}' in shown
            assert not tells or letter == wrong_letter(name)


def test_expected_values_hold_the_keys_only_sealed():
    challenge, expected = QuizExercise("start", "00_start_here").published()
    assert challenge == {"questions": list(KEYS)}
    assert list(expected) == ["sealed"]
    assert all(name not in expected["sealed"] for name in KEYS)


def test_the_challenge_is_the_same_for_everybody():
    import numpy as np

    quiz = QuizExercise("start", "00_start_here")
    assert quiz.challenge(np.random.default_rng(1)) == quiz.challenge(np.random.default_rng(2))
    assert quiz.challenge(np.random.default_rng(1)) == quiz.published()[0]


# ---------------------------------------------------------------- withheld keys


def test_a_withheld_quiz_records_and_gives_no_points(published_as, told):
    published_as(publish(QUIZ, [], withhold_feedback=True))
    result = check("start.quiz", KEYS | {FIRST: None})
    assert float(result) == 0
    assert result.verdict.max_points == sum(question.points for question in QUIZ.questions)
    assert told(result.verdict).startswith(f"Recorded: {len(KEYS) - 1} of {len(KEYS)} answered.")


def test_a_withheld_quiz_says_the_same_of_right_and_of_wrong_answers(published_as):
    published_as(publish(QUIZ, [], withhold_feedback=True))
    wrong = {name: wrong_letter(name) for name in KEYS}
    assert check("start.quiz", KEYS).verdict == check("start.quiz", wrong).verdict


def test_a_withheld_quiz_is_judged_later_with_the_instructors_keys(published_as):
    quiz = published_as(publish(QUIZ, [], withhold_feedback=True))
    challenge, expected = quiz.published()
    assert expected == {}
    bundle = json.dumps(collect_evidence(quiz, KEYS | {FIRST: None}, challenge).bundle)
    sealed = seal({"keys": KEYS, "points": {question.id: question.points for question in QUIZ.questions}})
    verdict = judge_evidence(bundle, {"sealed": sealed}, "start.quiz")
    assert verdict.points == verdict.max_points - QUIZ.questions[0].points


# ---------------------------------------------------------------- points, and damaged files


def test_fractions_of_points_add_up_to_a_pass_in_any_order(published_as):
    """0.7 + 0.1 + 0.2 is not 0.1 + 0.2 + 0.7 in floating point, but all right is all right."""
    fractions = [0.7, 0.1, 0.2, 0.3, 1.1] + [1.0] * (len(KEYS) - 5)
    points = dict(zip(sorted(KEYS, reverse=True), fractions, strict=True))
    questions = [question.model_copy(update={"points": points[question.id]}) for question in QUIZ.questions]
    published_as(publish(QUIZ.model_copy(update={"questions": questions}), []))
    verdict = try_answer("start.quiz", KEYS)
    assert isinstance(verdict, Verdict)
    assert verdict.points == verdict.max_points == round(2.4 + len(KEYS) - 5, 1)
    assert verdict.passed


def without(name):
    return lambda content: {key: value for key, value in content.items() if key != name}


@pytest.mark.parametrize(
    "spoil",
    [
        without("points"),
        without("withheld"),
        lambda content: content | {"points": [1]},
        lambda content: content | {"points": {FIRST: "one"}},
        lambda content: content | {"points": {"another": 1}},
        lambda content: content | {"parts": {}},
        lambda content: content | {"parts": {"quiz": None}},
        lambda content: content | {"parts": {"quiz": {"sealed": "no seal"}}},
        lambda content: content | {"parts": {"quiz": {"sealed": seal([1, 2])}}},
        lambda content: content | {"parts": {"quiz": {"sealed": seal({FIRST: {}})}}},
        lambda content: content | {"format": 9},
    ],
)
def test_a_damaged_file_is_a_sentence_in_the_box(published_as, spoil, told):
    published_as(spoil(publish(QUIZ, [])))
    result = check("start.quiz", KEYS)
    assert float(result) == 0
    assert "damaged" in told(result.verdict)
    assert "The check itself stopped" not in told(result.verdict)


def test_a_damaged_file_is_a_course_error_for_builders(published_as):
    quiz = published_as(without("points")(publish(QUIZ, [])))
    with pytest.raises(CourseError, match=r"quiz\.json of lesson 00_start_here is damaged"):
        _ = quiz.points
