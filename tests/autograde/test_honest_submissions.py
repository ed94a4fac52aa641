"""Oddities of honest students: full marks for each."""

import copy
import json
import shutil

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from tests.autograde.conftest import ANSWER, LESSON, RIGHT, cell, grade, hand_in, solution

pytestmark = pytest.mark.slow

ODDITIES = {}


def oddity(change):
    ODDITIES[change.__name__.replace("_", "-")] = change
    return change


def answer(notebook, source):
    cell(notebook, ANSWER).source = source


@oddity
def nothing_odd(notebook):
    pass


@oddity
def warns_on_stderr(notebook):
    answer(
        notebook,
        "import sys, warnings\nwarnings.warn('careful')\nprint('to stderr', file=sys.stderr)\n" + RIGHT,
    )


@oddity
def warns_whenever_it_is_called(notebook):
    answer(notebook, RIGHT.replace("    return", "    import warnings; warnings.warn('careful')\n    return"))


@oddity
def prints_much(notebook):
    answer(notebook, "for i in range(2000): print('line', i)\n" + RIGHT)


@oddity
def prints_more_than_is_kept(notebook):
    answer(notebook, "print('x' * 5_000_000)\n" + RIGHT)


@oddity
def prints_full_marks_beside_the_answer(notebook):
    answer(notebook, RIGHT.replace("    return", "    print('0.0')\n    return"))


@oddity
def draws_figures(notebook):
    answer(notebook, "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()\n" + RIGHT)


@oddity
def takes_its_time(notebook):
    answer(notebook, "import time; time.sleep(3)\n" + RIGHT)


@oddity
def helper_functions_and_extra_cells(notebook):
    place = notebook.cells.index(cell(notebook, ANSWER))
    notebook.cells.insert(
        place,
        new_code_cell("def share(label, labels):\n    return labels.tolist().count(label) / len(labels)"),
    )
    notebook.cells.insert(place, new_markdown_cell("My notes."))
    notebook.cells.append(new_code_cell("1 / 0"))
    answer(
        notebook,
        "def majority_baseline(labels):\n    return max(share(one, labels) for one in set(labels.tolist()))",
    )


@oddity
def a_failing_cell_of_her_own(notebook):
    notebook.cells.insert(0, new_code_cell("this is not Python"))


@oddity
def other_names_and_another_way(notebook):
    answer(
        notebook,
        "from collections import Counter\ndef majority_baseline(y):\n    zähler = Counter(y.tolist())\n"
        "    (_, häufigste), = zähler.most_common(1)\n    return häufigste / zähler.total()",
    )


@oddity
def lambda_and_numpy(notebook):
    answer(
        notebook,
        "import numpy as np\nmajority_baseline = lambda y: float(np.bincount(y.numpy()).max() / len(y))",
    )


@oddity
def a_tensor_comes_back(notebook):
    answer(
        notebook,
        "def majority_baseline(labels):\n    return labels.unique(return_counts=True)[1].max() / len(labels)",
    )


@oddity
def threads_and_seeds_set(notebook):
    answer(
        notebook,
        "import torch, random\ntorch.manual_seed(1); torch.set_num_threads(1); random.seed(3)\n" + RIGHT,
    )


@oddity
def writes_files_of_her_own(notebook):
    answer(
        notebook,
        "import os\nos.mkdir('mine')\nopen('mine/x.txt', 'w').write('x')\n" + RIGHT,
    )


@oddity
def starts_a_subprocess(notebook):
    answer(notebook, "import subprocess\nsubprocess.run(['true'], check=True)\n!echo shell\n" + RIGHT)


@oddity
def magics(notebook):
    answer(notebook, "%matplotlib inline\n%time 1 + 1\n" + RIGHT)


@oddity
def lower_case_letters_in_the_quiz(notebook):
    quiz = cell(notebook, "start-quiz-answers")
    quiz.source = (
        quiz.source.replace('"A"', '"a"').replace('"B"', '" b "').replace('"C"', '"c"').replace('"D"', '"d"')
    )


@oddity
def quiz_lines_in_another_order(notebook):
    quiz = cell(notebook, "start-quiz-answers")
    first, *lines, last = quiz.source.splitlines()
    quiz.source = "\n".join([first, *reversed(lines), last])


@oddity
def checks_run_out_of_order_and_with_old_outputs(notebook):
    for number, one in enumerate(notebook.cells):
        if one.cell_type == "code":
            one.execution_count = 100 - number


AS_TEXT = {
    "windows-line-ends": lambda text: text.replace("\\n", "\\r\\n").replace("\n", "\r\n"),
    "byte-order-mark": lambda text: "\ufeff" + text,
    "one-line-of-json": lambda text: json.dumps(json.loads(text)),
    "sources-as-texts": lambda text: json.dumps(_joined(json.loads(text))),
    "saved-by-vs-code": lambda text: json.dumps(_by_vs_code(json.loads(text))),
    "saved-by-colab": lambda text: json.dumps(_by_colab(json.loads(text))),
    "format-4.0": lambda text: json.dumps(_of_format_4_0(json.loads(text))),
}


def _joined(content):
    for one in content["cells"]:
        one["source"] = "".join(one["source"])
    return content


def _by_vs_code(content):
    content["metadata"] = {
        "kernelspec": {"display_name": ".venv (3.11)", "language": "python", "name": "python3"}
    }
    for one in content["cells"]:
        one["metadata"]["vscode"] = {"languageId": "python"}
    return content


def _by_colab(content):
    """Colab writes format 4.0 with metadata of its own, ids in the metadata, and no cell ids."""
    content["nbformat_minor"] = 0
    content["metadata"] = {
        "colab": {"provenance": []},
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
    }
    for number, one in enumerate(content["cells"]):
        one.pop("id", None)
        one["metadata"] = {"id": f"x{number}", "colab": {"base_uri": "https://localhost:8080/"}}
    return content


def _of_format_4_0(content):
    content["nbformat_minor"] = 0
    for one in content["cells"]:
        one.pop("id", None)
    return content


@pytest.fixture(scope="module")
def summary(released_once, tmp_path_factory):
    root = shutil.copytree(released_once, tmp_path_factory.mktemp("honest") / "course")
    right = solution(root)
    for name, change in ODDITIES.items():
        notebook = copy.deepcopy(right)
        change(notebook)
        hand_in(root, name, notebook)
    text = (root / "solutions" / LESSON / "lesson.ipynb").read_text(encoding="utf-8")
    for name, change in AS_TEXT.items():
        hand_in(root, name, change(text).encode())
    hand_in(root, "Zoë Müller-日本", right)
    hand_in(root, "with-files-beside", right, data__csv="1,2", own_module__py="x = 1")
    renamed = hand_in(root, "named-otherwise", right)
    (renamed / "lesson.ipynb").rename(renamed / "lesson (1).ipynb")
    return {row.student: row for row in grade(root).rows}


@pytest.mark.parametrize(
    "student", [*ODDITIES, *AS_TEXT, "Zoë Müller-日本", "with-files-beside", "named-otherwise"]
)
def test_full_marks(summary, student):
    row = summary[student]
    assert (row.points, row.max_points, row.state) == (6, 6, "graded"), row.reasons
