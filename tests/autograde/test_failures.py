"""Why somebody could not be graded: a sentence, and the traceback in a file that only its owner reads."""

import pytest

from grader.autograde.failures import forget_failure, keep_failure, kept_failure
from grader.autograde.grading_folder import GradingFolder
from grader.errors import CheckBroken, CourseError

WHO = ("00_start_here", "ada/../é")


class Unshowable(Exception):
    def __str__(self):
        raise RuntimeError


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (CheckBroken("start.x", "KeyError: 'a'"), "The check of start.x is broken"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
        (Unshowable(), "Unshowable"),
        (ValueError("half a \ud800 pair\nand a second line"), "ValueError: half a ? pair and a second line"),
        (SystemExit(3), "SystemExit: 3"),
    ],
)
def test_the_sentence_names_the_file_with_the_traceback(tmp_path, error, told):
    sentence = keep_failure(tmp_path, *WHO, raised(error))
    assert sentence.startswith(told)
    path = tmp_path / sentence.partition("(traceback: ")[2].rstrip(")")
    assert "raise error" in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o600
    assert kept_failure(tmp_path, *WHO) == sentence
    assert kept_failure(tmp_path, WHO[0], "alan") is None
    forget_failure(tmp_path, *WHO)
    forget_failure(tmp_path, *WHO)
    assert kept_failure(tmp_path, *WHO) is None


def test_a_sentence_for_the_user_stands_alone(tmp_path):
    assert keep_failure(tmp_path, *WHO, raised(CourseError("Make room."))) == "Make room."


def test_a_full_disk_does_not_hide_the_reason(tmp_path, monkeypatch):
    def full(path, text):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("grader.autograde.failures.write_privately", full)
    assert keep_failure(tmp_path, *WHO, raised(KeyError("x"))).startswith("KeyError: 'x'")
    assert GradingFolder(tmp_path).failure(*WHO).exists() is False
