"""Tables of mistakes: one slip has one price and one sentence."""

from types import SimpleNamespace

from grader.exercises.machine.mistakes import EVERYTHING, Mistake, first_mistake, judge_by_tables

LOW = Mistake("low", lambda f: f.x < 5, "{0.x} is low.", "Higher.", "Add {1}.", costs=1)
LOWER = Mistake("lower", lambda f: f.x < 3, "{0.x} is lower than 3.", costs=2)
ODD = Mistake("odd", lambda f: f.x % 2, "{0.x} is odd, by {1}.", costs=1.5)
NEGATIVE = Mistake("negative", lambda f: f.x < 0, "Below zero.", costs=EVERYTHING)


def judged(x, *tables):
    return judge_by_tables(4, SimpleNamespace(x=x), tables, "Right.")


def test_no_mistake_earns_everything():
    points, [finding] = judged(6, [LOWER, LOW], [ODD])
    assert (points, finding.text, finding.id) == (4, "Right.", "")


def test_of_a_table_the_first_row_that_shows_is_told_and_paid():
    points, [finding] = judged(2, [LOWER, LOW], [ODD])
    assert (points, finding.id) == (2, "lower")


def test_tables_are_independent_and_their_prices_add_up():
    points, findings = judged(3, [LOWER, LOW], [ODD])
    assert points == 1.5
    assert [finding.text for finding in findings] == ["3 is low.", "3 is odd, by 1."]


def test_what_costs_everything_is_told_alone():
    points, [finding] = judged(-1, [LOW], [ODD], [NEGATIVE])
    assert (points, finding.id) == (0, "negative")


def test_points_never_fall_below_zero():
    dear = Mistake("dear", lambda f: True, "Dear.", costs=3)
    points, findings = judged(1, [dear], [LOWER])
    assert points == 0
    assert [finding.id for finding in findings] == ["dear", "lower"]


def test_what_shows_can_be_told():
    finding = LOW.finding(SimpleNamespace(x=4))
    assert (finding.text, finding.hint, finding.fix) == ("4 is low.", "Higher.", "Add True.")


def test_text_of_the_facts_is_no_format():
    mistake = Mistake("name", lambda f: f.name, "It is called {1}.")
    assert mistake.finding(SimpleNamespace(name="{0.__class__}")).text == "It is called {0.__class__}."
    assert first_mistake(SimpleNamespace(name=""), [mistake]) is None
