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


def commands(page: str) -> list[str]:
    """Each line of the page's shell blocks, and each inline command of its grading sections."""
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


def marks(root: Path) -> dict[str, float]:
    """As ``grader autograde --json`` says, which executes nothing a second time."""
    summary = json.loads(run(root, f"grader autograde {LESSON} --json --no-feedback 2>/dev/null"))
    assert not any(row["executed"] for row in summary["rows"])
    return {row["student"]: row["points"] for row in summary["rows"]} | {
        "max": summary["rows"][0]["max_points"]
    }
