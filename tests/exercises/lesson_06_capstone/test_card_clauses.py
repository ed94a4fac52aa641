"""How a model card's text is read: one spelling, tags, clauses, and what a negation turns round."""

import pytest

from grader.exercises.lesson_06_capstone.card_canonical import canonical
from grader.exercises.lesson_06_capstone.card_clauses import affirmed, clauses, denied

READ = {
    "It wasn't trained on six hundred and fifty-six pictures.": ["it was NOT TRAIN on 656 PHOTO"],
    "ELPV: 2,624 cells of forty-four panels.": ["elpv : 2624 CELL of 44 MODULE"],
    "Trainig cells and defectiv ones.": ["TRAIN CELL and DEFECT ones"],
    "Trained on? No, never!": ["NOT TRAIN on", "NOT"],
    "What has it never seen? Other cameras.": ["what has it NOT seen other CAMERA"],
    "None of them, which were drawn by lot, was used.": ["NOT of them was used", "which were drawn by lot"],
    "It is weak, because it misses some, and we know it.": [
        "it is weak ,",
        "because it misses some ,",
        "and we know it",
    ],
    "Neither training nor choosing saw them.": ["NOT TRAIN or CHOOSE saw them"],
}


@pytest.mark.parametrize("text", READ)
def test_a_text_is_read_clause_by_clause(text):
    assert [str(clause) for clause in clauses(canonical(text))] == READ[text]


@pytest.mark.parametrize(
    ("text", "claimed"),
    [
        ("it finds all", "finds all"),
        ("it never finds all", ""),
        ("it isn't so that it never finds all", "finds all"),
        ("finds all it does not", ""),
        ("it finds all, the doubtful ones not only once", "finds all"),
    ],
)
def test_an_odd_number_of_negations_turns_a_claim_round(text, claimed):
    assert affirmed(canonical(text), r"\bfinds all\b") == claimed


def test_what_is_quoted_are_the_students_words():
    text = canonical("The photographs aren't labelled by specialists.")
    assert denied(text)
    assert text.find(r"NOT LABELLED by EXPERT") == "not labelled by specialists"
    assert text.replaced(r"\bLABELLED by EXPERT\b", "JUDGED").find("JUDGED") == "labelled by specialists"
