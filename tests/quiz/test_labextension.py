import filecmp
from pathlib import Path

from jupyter_core.paths import jupyter_path

import grader.quiz

SOURCE = Path(grader.quiz.__file__).parent / "labextension"


def test_the_installed_extension_is_the_one_in_the_repository() -> None:
    places = [Path(place) / "finetuning-course-quiz" for place in jupyter_path("labextensions")]
    installed = next((place for place in places if place.is_dir()), None)
    assert installed is not None, "not installed: run pip install -e ."
    files = [path.relative_to(SOURCE) for path in SOURCE.rglob("*") if path.is_file()]
    same, _, _ = filecmp.cmpfiles(SOURCE, installed, [str(path) for path in files], shallow=False)
    assert sorted(same) == sorted(map(str, files)), "out of date: run pip install -e . again"


def test_nothing_is_ever_parsed_as_html() -> None:
    scripts = list(SOURCE.rglob("*.js"))
    assert scripts
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "DOMParser", "document.write"]:
            assert way not in text
