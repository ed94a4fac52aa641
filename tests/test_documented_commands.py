"""The commands of the two pages for instructors, as they are written, in order, in a course just fetched."""

import csv
import json
import os
import re
import shutil
import subprocess
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from grader.course import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

LESSON = "02_freezing"
PAGES = ("README.md", "solutions/README.md")
INSTALLS = re.compile(r"pip install (-r requirements.txt|-e (\.|'\.\[grading\]'))( && .+)?")
PRODUCES = {
    "grader doctor": "sandbox",
    f"grader collect {LESSON} downloads.zip": f"submitted/ada/{LESSON}/lesson.ipynb",
    f"grader autograde {LESSON}": f"feedback/ada/{LESSON}/lesson.html",
}

# A lesson's commands within sentences, too. Not those of a student, nor a build, which takes minutes.
INLINE = re.compile(rf"`((?:nbgrader|grader) \w+ {LESSON}[^`…]*|nbgrader export)`")
OF_STUDENTS = re.compile(r"nbgrader (fetch|submit)")
PRODUCES_INLINE = {
    f"nbgrader release_assignment {LESSON}": f"../exchange/finetuning/outbound/{LESSON}/lesson.ipynb",
    f"grader collect {LESSON} --exchange": "",
    f"nbgrader autograde {LESSON}": "",
    f"grader recheck {LESSON}": "2 graded",
    f"nbgrader generate_assignment {LESSON} --force": f"notebooks/{LESSON}/lesson.ipynb",
    f"nbgrader generate_feedback {LESSON} --force": f"feedback/bob/{LESSON}/lesson.html",
    f"nbgrader release_feedback {LESSON}": "ada, bob",  # neither handed in through the exchange
    "nbgrader export": "grades.csv",
}


def commands(page: str) -> list[str]:
    """Each line of the page's shell blocks."""
    text = (ROOT / page).read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```sh\n(.*?)```", text, re.S) for line in block.splitlines()]
    return [line.partition("  #")[0].partition(" # ")[0].strip() for line in lines if line.strip()]


@pytest.fixture(scope="module")
def fetched(tmp_path_factory) -> Path:
    """The files that git has, and nothing else: no gradebook, no cache of an earlier run."""
    root = tmp_path_factory.mktemp("fetched") / "course"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
    with open(root / "class.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "first_name", "last_name", "email", "lms_user_id"])
        writer.writerows(
            [["ada", "Ada", "A", "ada@example.org", "1"], ["bob", "Bob", "B", "bob@example.org", "2"]]
        )
    with zipfile.ZipFile(root / "downloads.zip", "w") as archive:
        archive.write(root / "solutions" / LESSON / "lesson.ipynb", "ada.ipynb")
        archive.write(root / "notebooks" / LESSON / "lesson.ipynb", "bob.ipynb")
    install(root)
    return root


def inline_commands(page: str) -> list[str]:
    """Each command of an instructor's about the lesson that stands within a sentence, once, in order."""
    found = dict.fromkeys(INLINE.findall((ROOT / page).read_text(encoding="utf-8")))
    return [command for command in found if not OF_STUDENTS.match(command)]


def run(root: Path, command: str) -> str:
    path = os.pathsep.join([str(root.parent / "environment" / "bin"), os.environ["PATH"]])
    templates = str(Path(sysconfig.get_path("data")) / "share" / "jupyter")  # installed with the packages
    own = {"JUPYTER_CONFIG_DIR": str(root / ".jupyter"), "PATH": path, "JUPYTER_PATH": templates}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=root,
        env=os.environ | own,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout + done.stderr


def install(root: Path) -> None:
    """As ``pip install -e`` would from there, with this environment's packages: nothing is fetched."""
    environment = root.parent / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    ours = sysconfig.get_path("purelib")
    (packages / "course.pth").write_text(f"{root}\nimport site; site.addsitedir({ours!r})\n")
    for name in ("grader", "nbgrader"):
        script = (Path(sysconfig.get_path("scripts")) / name).read_text(encoding="utf-8")
        target = environment / "bin" / name
        target.write_text(f"#!{environment}/bin/python\n{script.partition(chr(10))[2]}", encoding="utf-8")
        target.chmod(0o755)


def test_each_command_does_what_the_pages_say(fetched):
    """In the order in which somebody reads: README first, then the page for instructors."""
    ran = []
    for command in [command for page in PAGES for command in commands(page)]:
        if INSTALLS.fullmatch(command):  # .ci/run runs those, in an environment that they make
            continue
        said = run(fetched, command)
        ran.append(command)
        if produced := PRODUCES.get(command):
            assert produced in said or (fetched / produced).exists(), command
    assert set(PRODUCES) <= set(ran), "a command of the pages is gone: look whether what it did is still told"
    points = marks(fetched)
    assert points["ada"] == points["max"] > 0
    assert points["bob"] == 0


def test_so_does_each_command_within_the_sentences(fetched):
    """Afterwards, in the same course, with an exchange."""
    if not (fetched / "feedback").is_dir():
        pytest.skip("the test before this one grades the class")
    (fetched.parent / "exchange").mkdir()
    (fetched / ".jupyter").mkdir(exist_ok=True)
    settings = f"c = get_config()\nc.Exchange.root = {str(fetched.parent / 'exchange')!r}\n"
    (fetched / ".jupyter" / "nbgrader_config.py").write_text(settings)
    before = marks(fetched)
    assert set(inline_commands("solutions/README.md")) == set(PRODUCES_INLINE)
    for command in inline_commands("solutions/README.md"):
        said = run(fetched, command)
        produced = PRODUCES_INLINE[command]
        assert produced in said or (fetched / produced).exists(), command
    assert marks(fetched) == before
    with open(fetched / "grades.csv", newline="") as file:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert exported == {student: before[student] for student in ("ada", "bob")}


def marks(root: Path) -> dict[str, float]:
    """As ``grader autograde --json`` says, which executes nothing a second time."""
    summary = json.loads(run(root, f"grader autograde {LESSON} --json --no-feedback 2>/dev/null"))
    assert not any(row["executed"] for row in summary["rows"])
    return {row["student"]: row["points"] for row in summary["rows"]} | {
        "max": summary["rows"][0]["max_points"]
    }
