"""The secret is made once, for its owner alone; it decides what is asked and nothing else."""

import pytest

from grader.autograde.grading_folder import GradingFolder, write_privately
from grader.autograde.judging.challenges import challenges_for
from grader.autograde.judging.course_secret import course_secret
from grader.errors import CourseError


def test_it_is_made_once_with_mode_600(tmp_path):
    folder = GradingFolder(tmp_path)
    first = course_secret(folder)
    assert len(first) == 32
    assert course_secret(folder) == first
    assert (folder.root / "secret").stat().st_mode & 0o777 == 0o600
    assert folder.root.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("fault", ["readable", "short", "link"])
def test_a_secret_that_is_none_is_refused_in_one_sentence(tmp_path, fault):
    folder = GradingFolder(tmp_path)
    course_secret(folder)
    path = folder.root / "secret"
    if fault == "readable":
        path.chmod(0o644)
    elif fault == "short":
        path.write_bytes(b"x")
    else:
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CourseError):
        course_secret(folder)


def test_a_folder_that_others_can_read_is_closed(tmp_path):
    (tmp_path / ".grading").mkdir(mode=0o755)
    assert GradingFolder(tmp_path).root.stat().st_mode & 0o777 == 0o700


def test_a_group_of_instructors_shares_what_one_of_them_made(tmp_path, monkeypatch):
    """As nbgrader's ``groupshared`` lays a course out; the second has an account of her own."""
    tmp_path.chmod(0o2770)
    folder = GradingFolder(tmp_path)
    first = course_secret(folder)
    write_privately(folder.report("00_a", "ada"), "{}")
    assert {path.stat().st_mode & 0o777 for path in folder.root.rglob("*") if path.is_file()} == {0o660}
    assert {path.stat().st_mode & 0o7777 for path in folder.root.rglob("*") if path.is_dir()} == {0o2770}
    monkeypatch.setattr("os.geteuid", lambda: 4711)
    assert course_secret(GradingFolder(tmp_path)) == first
    (folder.root / "secret").chmod(0o664)
    with pytest.raises(CourseError, match="Others can read"):
        course_secret(GradingFolder(tmp_path))


def test_somebody_elses_folder_is_refused_where_no_group_shares_it(tmp_path, monkeypatch):
    GradingFolder(tmp_path).root.stat()
    monkeypatch.setattr("os.geteuid", lambda: 4711)
    with pytest.raises(CourseError, match="groupshared"):
        GradingFolder(tmp_path).root.stat()


def test_names_of_students_make_names_of_files(tmp_path):
    folder = GradingFolder(tmp_path)
    paths = {folder.report("00_a", name) for name in ("a", "../a", "a/b", "ä", "", "x" * 500)}
    assert len(paths) == 6
    assert all(path.parent == folder.root / "reports" / "00_a" for path in paths)


def test_what_is_asked_depends_on_secret_student_and_text_alone(built_once):
    def asked(secret=b"s" * 32, student="ada", sources="0"):
        return challenges_for(secret, built_once, "00_start_here", student, sources)[
            "start.majority_baseline"
        ]

    assert asked() == asked()
    assert asked() != asked(secret=b"t" * 32)
    assert asked() != asked(student="alan")
    assert asked() != asked(sources="1")
