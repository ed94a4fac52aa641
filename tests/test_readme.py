"""README says what is so: its links lead somewhere, its tables are those of the code."""

import re

import pytest

from grader.authoring.readme import readme_is_stale
from grader.course import ROOT, lesson_ids

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_two_commands_stand_in_it_once():
    commands = re.findall(r"^pip install.*$", TEXT, flags=re.MULTILINE)
    assert commands == [
        # A file as argument would make its folder the root, with the other lessons out of reach.
        "pip install -e . && jupyter lab --LabApp.default_url=/lab/tree/notebooks/00_start_here/lesson.ipynb",
        "pip install -r requirements.txt && pytest",
    ]


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#]+)\)", TEXT))
def test_links_lead_somewhere(target):
    assert (ROOT / target).exists()


def test_every_lesson_is_listed():
    assert re.findall(r"^\| \[(\d\d_\w+)\]", TEXT, flags=re.MULTILINE) == lesson_ids()


@pytest.mark.parametrize("lesson", lesson_ids())
def test_a_lesson_takes_as_many_minutes_as_it_says_itself(lesson):
    source = (ROOT / "solutions" / lesson / "lesson.py").read_text(encoding="utf-8")
    (told,) = re.findall(r"\*\*Time\*\* \| about (\d+) minutes", source)
    assert re.search(rf"^\| \[{lesson}\].* \| {told} \| \d+ s \|$", TEXT, flags=re.MULTILINE)


def test_the_table_of_exercises_is_the_registrys():
    assert not readme_is_stale()


def test_no_placeholder_is_left():
    assert "@@" not in TEXT
