"""What a spreadsheet opens holds texts and numbers, and nothing that it would run."""

import csv

from nbgrader.api import Gradebook

from grader.autograde.steps.grades_csv import COLUMNS, GradesCsv

EVIL = ("=cmd|' /C calc'!A0", "+1", "-2+3", "@SUM(1)", "\t=1", 'a,"b"\nc')


def test_names_stay_texts_and_columns(tmp_path):
    with Gradebook(f"sqlite:///{tmp_path}/g.db") as gradebook:
        gradebook.add_assignment("lesson")
        for number, name in enumerate(EVIL):
            gradebook.add_student(f"s{number}", first_name=name, last_name=name)
        GradesCsv(to=str(tmp_path / "grades.csv")).export(gradebook)
    with open(tmp_path / "grades.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    names = [row["first_name"] for row in sorted(rows, key=lambda row: row["student_id"])]
    assert names == [f"'{name}" for name in EVIL[:-1]] + [EVIL[-1]]
    assert {row["score"] for row in rows} == {"0.0"}


def test_only_who_and_what_is_asked_for(tmp_path):
    with Gradebook(f"sqlite:///{tmp_path}/g.db") as gradebook:
        for lesson in ("a", "b"):
            gradebook.add_assignment(lesson)
        for student in ("x", "y"):
            gradebook.add_student(student)
        exporter = GradesCsv(to=str(tmp_path / "grades.csv"), student=["x"], assignment=["b"])
        exporter.export(gradebook)
    with open(tmp_path / "grades.csv", newline="", encoding="utf-8") as file:
        assert [(r["assignment"], r["student_id"]) for r in csv.DictReader(file)] == [("b", "x")]
