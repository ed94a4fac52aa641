"""``grader collect`` as an instructor types it."""

import pytest
from typer.testing import CliRunner

from grader import cli
from tests.submissions.conftest import everything, zipped

LESSON = "02_freezing"


@pytest.fixture
def run(tmp_path, monkeypatch, write):
    """In a course of one lesson, with an exchange beside it."""
    solution = tmp_path / "solutions" / LESSON
    solution.mkdir(parents=True)
    (solution / "lesson.ipynb").write_bytes(write("solution"))
    (tmp_path / "exchange" / "finetuning" / "inbound").mkdir(parents=True)
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        "c.CourseDirectory.course_id = 'finetuning'\n"
        f"c.Exchange.root = {str(tmp_path / 'exchange')!r}\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / ".jupyter"))
    return lambda *arguments: CliRunner().invoke(cli.app, ["collect", *arguments], env={"COLUMNS": "200"})


def test_a_download_is_collected_by_the_cells_of_the_solution(run, tmp_path, write):
    zipped(tmp_path / "d.zip", {"ada/z.ipynb": write("z", cells=("other",)), "ada/b.ipynb": write("b")})
    result = run(LESSON, "d.zip")
    assert result.exit_code == 0, result.output
    assert everything(tmp_path / "submitted") == {f"ada/{LESSON}/lesson.ipynb": write("b")}
    assert "not recognised: names are guessed" in result.output
    assert "it holds none" in result.output


def test_a_lesson_that_is_not_there_collects_nothing(run, tmp_path, write):
    zipped(tmp_path / "d.zip", {"ada.ipynb": write()})
    result = run("02_frezing", "d.zip")
    assert (result.exit_code, result.stderr) == (
        1,
        f"There is no lesson '02_frezing': did you mean '{LESSON}'?\n",
    )
    assert not (tmp_path / "submitted").exists()


def test_without_a_download_the_two_ways_are_named(run):
    result = run(LESSON)
    assert result.exit_code == 1
    assert result.stderr == "Name the zip or the folder that you downloaded, or collect with --exchange.\n"


@pytest.mark.parametrize("named", [(), ("exchange",)])
def test_the_exchange_is_that_of_the_configuration_or_the_one_named(named, run, tmp_path, write, monkeypatch):
    from grader.submissions import exchange

    monkeypatch.setattr(exchange, "account_of", lambda folder: "ada")
    folder = tmp_path / "exchange" / "finetuning" / "inbound" / f"ada+{LESSON}+2026-01-01 08:00:00.0 UTC"
    folder.mkdir()
    (folder / "lesson.ipynb").write_bytes(write())
    result = run(LESSON, "--exchange", *named)
    assert result.exit_code == 0, result.output
    assert everything(tmp_path / "submitted").keys() == {
        f"ada/{LESSON}/lesson.ipynb", f"ada/{LESSON}/timestamp.txt",
    }  # fmt: skip
    assert "whoever owns a folder is its student" in result.output


def test_an_exchange_that_is_not_there_is_one_sentence(run):
    result = run(LESSON, "--exchange", "nowhere")
    assert result.exit_code == 1
    assert result.stderr.startswith("nowhere/finetuning/inbound is no folder: name the exchange's folder")
    assert result.stderr.count("\n") == 1
