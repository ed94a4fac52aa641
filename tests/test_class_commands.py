"""What the commands for a class say when they are interrupted."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from grader.class_commands import INTERRUPTED
from grader.cli import app


def interrupted(*arguments: object, **options: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def _ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C as soon as the work begins."""
    monkeypatch.setattr("grader.autograde.run.class_run.ClassRun.grade", interrupted)
    monkeypatch.setattr("grader.autograde.run.recheck.recheck", interrupted)
    monkeypatch.setattr("grader.submissions.collect.collect", interrupted)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["autograde", "02_a"], "What was executed is kept"),
        (["recheck", "02_a"], "all of the new marks or none"),
        (["collect", "02_a", "downloads.zip"], "nothing is lost"),
    ],
)
def test_ctrl_c_says_what_is_kept_and_how_to_go_on(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, words)
    assert done.exit_code == INTERRUPTED
    assert done.stderr.startswith("Interrupted. ")
    assert said in done.stderr
    assert "same command" in done.stderr
    assert len(done.stderr.splitlines()) == 1
