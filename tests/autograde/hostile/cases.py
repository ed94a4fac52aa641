"""What a hostile student hands in. Data: nothing here is run but inside ``tests/sandbox/contained.py``.

Each case changes an untouched release, so without an answer: whatever it earns, it did not earn by work.
Code that reaches what it must not reach prints ``BREACH``.
"""

import copy
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LESSON = "00_start_here"
ANSWER, CHECK = "start-majority_baseline-answer", "start-majority_baseline"
QUIZ_ANSWERS, QUIZ = "start-quiz-answers", "start-quiz"

Change = Callable[[dict[str, Any], Path], None]


@dataclass(frozen=True)
class Case:
    """One hostile submission.

    Attributes:
        change: gets the notebook's content and the folder that is handed in; what it leaves in the content
            is written to ``lesson.ipynb``, unless it wrote that itself and emptied the content.
        reason: stands in the summary's reasons, where one must.
        allowed: points that it may earn: for guessing, which a judge cannot tell from knowing.
    """

    name: str
    change: Change
    reason: str = ""
    allowed: float = 0.0


CASES: list[Case] = []


def case(reason: str = "", allowed: float = 0.0) -> Callable[[Change], Change]:
    def register(change: Change) -> Change:
        CASES.append(Case(change.__name__.replace("_", "-"), change, reason, allowed))
        return change

    return register


def cell(notebook: dict[str, Any], name: str) -> dict[str, Any]:
    return next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name)


def code(name: str, source: str, reason: str = "", allowed: float = 0.0) -> None:
    """A case that writes ``source`` in place of the answer."""
    # Without a function of that name the check's cell would already stop at its argument.
    defined = source if "majority_baseline" in source else f"majority_baseline = len\n{source}"

    def change(notebook: dict[str, Any], folder: Path) -> None:
        cell(notebook, ANSWER)["source"] = defined

    CASES.append(Case(name, change, reason, allowed))


# --- the verdict: forged, swallowed, read, guessed -----------------------------------------------------------

MIME = "application/vnd.finetuning-course.evidence"
FORGE = f"""
import json, hashlib, os
from IPython.display import display
CHALLENGES = json.load(open(os.environ["FINETUNING_COURSE_CHALLENGES"]))
ASKED = CHALLENGES["start.majority_baseline"]
DIGEST = hashlib.sha256(json.dumps(ASKED, sort_keys=True).encode()).hexdigest()
def bundle(**changes):
    return {{"format": 1, "exercise": "start.majority_baseline", "challenge": DIGEST, "outcome": "collected",
            "message": "", "evidence": {{"values": [1.0] * len(ASKED["labels"])}}}} | changes
def give(text):
    display({{"{MIME}": text if isinstance(text, str) else json.dumps(text), "text/plain": "e"}}, raw=True)
majority_baseline = lambda labels: 1.0
def at_check(action):
    import grader.exercises, builtins
    def check(*a, **k): return action()
    globals()["check"] = check
    grader.exercises.check = check
"""

code("check-is-a-number", "check = lambda *a: 3.0", "evidence")
code("check-is-nan", "check = lambda *a: float('nan')", "evidence")
code("check-prints-full-marks", "def check(*a): print('3.0')", "evidence")
code("check-raises", "def check(*a): raise KeyboardInterrupt", "evidence")
code("check-warns", "import sys\ndef check(*a): sys.stderr.write('x')", "evidence")
code(
    "result-that-shows-full-marks",
    "class R:\n    def __repr__(self): return '3.0'\n    verdict = True\ncheck = lambda *a: R()",
    "evidence",
)
code(
    "judge-replaced",
    "import grader.exercises.machine.checking as c\nc.judge_evidence = lambda *a, **k: c.Verdict()",
)
code(
    "fake-package",
    "import sys, types\nm = types.ModuleType('grader.exercises'); m.check = lambda *a: 3.0\nsys.modules['grader.exercises'] = m; check = m.check",
)
code("builtins-patched", "import builtins\nbuiltins.float = builtins.isinstance = lambda *a: True")
code("json-patched", "import json\njson.dumps = lambda *a, **k: '3.0'")
code(
    "display-hook",
    "import sys\nsys.displayhook = lambda v: print('3.0')\nget_ipython().displayhook.__class__.__call__ = lambda s, v=None: print('3.0')",
)
code(
    "transformer-drops-checks",
    "import ast\nclass T(ast.NodeTransformer):\n    def visit_Call(self, n): return ast.Constant(3.0)\nget_ipython().ast_transformers.append(T())",
)
code("input-rewritten", "get_ipython().input_transformers_cleanup.append(lambda lines: ['3.0'])")
code(
    "hook-before-cells",
    "get_ipython().events.register('pre_run_cell', lambda i: setattr(i, 'raw_cell', '3.0'))",
)
code("run-cell-replaced", "ip = get_ipython()\ntype(ip).run_cell = lambda self, *a, **k: 3.0")
code(
    "mime-bundle-patched",
    "import grader.exercises.machine.checking as c\nc.EvidenceGiven._repr_mimebundle_ = lambda s, **k: {'text/plain': '3.0'}",
    "evidence",
)
code(
    "allclose-patched",
    "import numpy as np, torch\nnp.allclose = torch.allclose = lambda *a, **k: True\nmajority_baseline = lambda labels: 7.0",
)
code(
    "equal-to-everything",
    "class E(float):\n    def __eq__(s, o): return True\n    def __ne__(s, o): return False\n    def __sub__(s, o): return 0.0\n    __hash__ = float.__hash__\nmajority_baseline = lambda labels: E(9)",
)
code("infinite", "majority_baseline = lambda labels: float('inf')")
code("not-a-number", "majority_baseline = lambda labels: float('nan')")
code("guess-one-half", "majority_baseline = lambda labels: 0.5", allowed=2.4)
code(
    "public-values",
    "import json\nexpected = json.load(open('checks.json'))['exercises']['start.majority_baseline']['expected']['baselines']\nit = iter(expected * 9)\nmajority_baseline = lambda labels: next(it)",
    allowed=2.4,
)
code(
    "looks-for-answers",
    "import gc, sys\ndef majority_baseline(labels):\n    for m in list(sys.modules.values()):\n        for n in ('EXPECT', 'expect', 'expected'):\n            if n in getattr(m, '__dict__', ()): print('BREACH', m)\n    f = sys._getframe()\n    while f:\n        if 'expected' in f.f_locals: print('BREACH frame')\n        f = f.f_back\n    return 0.0",
)
code(
    "challenge-rewritten",
    FORGE
    + "json.dump({'start.majority_baseline': {'labels': [[0]]}}, open(os.environ['FINETUNING_COURSE_CHALLENGES'], 'w'))\nmajority_baseline = lambda labels: 1.0",
    "another question",
)
code("invented-evidence", FORGE + "at_check(lambda: give(bundle()))")
code("evidence-with-verdict", FORGE + "at_check(lambda: give(bundle(points=3.0)))", "malformed")
code("evidence-of-other-format", FORGE + "at_check(lambda: give(bundle(format=2)))", "malformed")
code(
    "evidence-twice",
    FORGE + "at_check(lambda: (give(bundle()), give(bundle())) and None)",
    "evidence 2 times",
)
code(
    "evidence-a-hundred-times",
    FORGE + "at_check(lambda: [give(bundle()) for _ in range(100)] and None)",
    "times",
)
code("evidence-in-the-wrong-cell", FORGE + "give(bundle())\ncheck = lambda *a: None", "evidence")
code("evidence-not-json", FORGE + "at_check(lambda: give('{'))", "malformed")
code(
    "evidence-nan", FORGE + "at_check(lambda: give(json.dumps(bundle(evidence={'values': [float('nan')]}))))"
)
code("evidence-too-large", FORGE + "at_check(lambda: give(bundle(evidence='x' * 3_000_000)))")
code(
    "evidence-nested",
    FORGE + "at_check(lambda: give(json.dumps(bundle()).replace('[1.0', '[' * 5000 + '1.0', 1)))",
    "malformed",
)
code("evidence-nested-497", FORGE + "at_check(lambda: give('[' * 497 + ']' * 497))", "malformed")
code(
    "evidence-double-keys",
    FORGE + 'at_check(lambda: give(json.dumps(bundle())[:-1] + \', "outcome": "collected"}\'))',
)
code("evidence-huge-number", FORGE + "at_check(lambda: give(bundle(evidence={'values': [10**400]})))")
code(
    "evidence-object-array",
    FORGE
    + "at_check(lambda: give(bundle(evidence={'values': {'__array__': {'dtype': 'object', 'shape': [1], 'data': 'AAAAAAAAAAA='}}})))",
)
code(
    "evidence-wrong-shape",
    FORGE
    + "at_check(lambda: give(bundle(evidence={'values': {'__array__': {'dtype': 'float64', 'shape': [10**9], 'data': 'AAAAAAAAAAA='}}})))",
)
code(
    "evidence-no-text",
    FORGE + "at_check(lambda: display({MIME: [1, 2]}, raw=True))".replace("MIME", repr(MIME)),
)
code(
    "evidence-of-other-exercise",
    FORGE + "at_check(lambda: give(bundle(exercise='start.quiz')))",
    "another exercise",
)
code(
    "evidence-of-other-student",
    FORGE + "at_check(lambda: give(bundle(challenge='0' * 64)))",
    "another question",
)
code(
    "evidence-of-public-challenge",
    FORGE
    + "from grader.exercises import find_exercise, collect_evidence\ne = find_exercise('start.majority_baseline')\nright = lambda l: max(l.tolist().count(x) for x in set(l.tolist())) / len(l)\nat_check(lambda: give(collect_evidence(e, right, e.published()[0]).bundle))",
    "another question",
)
code(
    "forged-messages",
    "import zmq\nk = get_ipython().kernel\nfor s in ('status', 'error', 'execute_result', 'clear_output', 'comm_open', 'nonsense'):\n    for c in ({}, [], None, {'execution_state': 'idle'}, {'data': 3}, {'data': {'text/plain': '3.0'}, 'metadata': {}, 'execution_count': 1}):\n        try: k.session.send(k.iopub_socket, s, content=c, parent=k.get_parent(), ident=b's')\n        except Exception: pass",
)
code(
    "display-updates-other-cells",
    "from IPython.display import display\nfor i in range(99): display({'text/plain': '3.0'}, raw=True, display_id='x', update=i > 0)",
)


@case("malformed")
def quiz_dict_that_agrees(notebook, folder):
    cell(notebook, QUIZ_ANSWERS)["source"] = (
        "class D(dict):\n    def get(self, *a): return 'A'\n    def items(self): return [('x', 'A')]\nanswers = D()"
    )


CASES[-1] = Case(CASES[-1].name, CASES[-1].change)


@case()
def quiz_all_letters(notebook, folder):
    source = cell(notebook, QUIZ_ANSWERS)
    source["source"] = "".join(source["source"]).replace("None", "'ABCD'")


@case()
def quiz_from_sealed_file_patched(notebook, folder):
    cell(notebook, QUIZ_ANSWERS)["source"] = (
        "answers = {}\nimport grader.exercises.machine.quiz_exercise as q\n"
        "q.QuizExercise.collect = lambda *a: {'letters': {'a': 'right'}, 'points': 99}"
    )


# --- cells ---------------------------------------------------------------------------------------------------


@case("There is no evidence")
def check_swallowed_by_exit(notebook, folder):
    cell(notebook, ANSWER)["source"] = "import os; os._exit(0)"


@case()
def checks_deleted(notebook, folder):
    notebook["cells"] = [c for c in notebook["cells"] if not c["metadata"].get("nbgrader", {}).get("grade")]


@case()
def all_cells_deleted(notebook, folder):
    notebook["cells"] = []


@case()
def check_doubled(notebook, folder):
    notebook["cells"] += [copy.deepcopy(cell(notebook, CHECK)) for _ in range(3)]


@case()
def answer_doubled(notebook, folder):
    notebook["cells"] += [copy.deepcopy(cell(notebook, ANSWER)) for _ in range(3)]


@case()
def skip_execution(notebook, folder):
    for one in notebook["cells"]:
        one["metadata"]["tags"] = ["skip-execution", "raises-exception"]


@case()
def check_is_text(notebook, folder):
    cell(notebook, CHECK)["cell_type"] = "markdown"


@case("code cell")
def answer_is_raw(notebook, folder):
    cell(notebook, ANSWER)["cell_type"] = "raw"


CASES[-1] = Case(CASES[-1].name, CASES[-1].change)


@case()
def points_edited(notebook, folder):
    for one in notebook["cells"]:
        if "nbgrader" in one["metadata"]:
            one["metadata"]["nbgrader"] |= {"points": 1e9, "locked": False, "solution": True}


@case()
def schema_version(notebook, folder):
    for one in notebook["cells"]:
        if "nbgrader" in one["metadata"]:
            one["metadata"]["nbgrader"]["schema_version"] = 99


@case()
def marks_of_strange_types(notebook, folder):
    for number, one in enumerate(notebook["cells"]):
        one["metadata"]["nbgrader"] = [None, 3, [], {"grade_id": {}}, {"grade_id": 5}][number % 5]


@case()
def ids_swapped(notebook, folder):
    cell(notebook, CHECK)["metadata"]["nbgrader"]["grade_id"] = "x"
    cell(notebook, ANSWER)["metadata"]["nbgrader"]["grade_id"] = CHECK


@case()
def check_replaced_by_number(notebook, folder):
    cell(notebook, CHECK)["source"] = "3.0"


@case()
def outputs_given(notebook, folder):
    for one in notebook["cells"]:
        if one["cell_type"] == "code":
            data = {"text/plain": "3.0"}
            one["outputs"] = [
                {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1}
            ]


@case()
def other_kernel(notebook, folder):
    notebook["metadata"]["kernelspec"] = {"name": "bash", "display_name": "x", "language": "bash"}


@case()
def extra_cells_everywhere(notebook, folder):
    extra = {
        "cell_type": "code",
        "metadata": {},
        "source": "check = lambda *a: 3.0",
        "outputs": [],
        "execution_count": None,
    }
    notebook["cells"] = [c for one in notebook["cells"] for c in (copy.deepcopy(extra), one)]


@case()
def ids_of_cells_doubled(notebook, folder):
    for one in notebook["cells"]:
        one["id"] = "same"


@case()
def cells_without_anything(notebook, folder):
    notebook["cells"] += [
        {},
        {"cell_type": "code"},
        3,
        None,
        {"cell_type": "code", "source": {"a": 1}, "metadata": []},
    ]


@case("cells, and")
def too_many_cells(notebook, folder):
    notebook["cells"] += [{"cell_type": "code", "metadata": {}, "source": "1"}] * 5000


@case()
def huge_cell(notebook, folder):
    cell(notebook, ANSWER)["source"] = "x = 1\n" * 200_000


@case("old format")
def old_format(notebook, folder):
    notebook["nbformat"], notebook["worksheets"] = 3, [{"cells": notebook.pop("cells")}]


# --- files ---------------------------------------------------------------------------------------------------


def _raw(notebook: dict[str, Any], folder: Path, content: bytes) -> None:
    notebook.clear()
    (folder / "lesson.ipynb").write_bytes(content)


@case("is a link")
def notebook_is_link_to_solution(notebook, folder):
    notebook.clear()
    target = f"../../../solutions/{LESSON}/lesson.ipynb"
    (folder / "lesson.ipynb").symlink_to(target)


@case("no plain file")
def notebook_is_pipe(notebook, folder):
    notebook.clear()
    os.mkfifo(folder / "lesson.ipynb")


@case("no lesson.ipynb")
def notebook_is_folder(notebook, folder):
    notebook.clear()
    (folder / "lesson.ipynb").mkdir()


@case("is empty")
def notebook_is_empty(notebook, folder):
    _raw(notebook, folder, b"")


@case("not valid JSON")
def notebook_is_no_json(notebook, folder):
    _raw(notebook, folder, b"{'cells': []}")


@case("not UTF-8")
def notebook_is_utf16(notebook, folder):
    _raw(notebook, folder, json.dumps(notebook).encode("utf-16"))


@case("nested too deeply")
def notebook_is_nested(notebook, folder):
    _raw(notebook, folder, b"[" * 200_000)


@case("no notebook")
def notebook_is_a_list(notebook, folder):
    _raw(notebook, folder, b"[1, 2]")


@case("no notebook")
def cells_are_null(notebook, folder):
    _raw(notebook, folder, b'{"nbformat": 4, "cells": null}')


@case("larger than")
def notebook_is_huge(notebook, folder):
    _raw(notebook, folder, b'{"cells": [' + b" " * 31_000_000 + b"]}")


@case()
def lone_surrogates(notebook, folder):
    cell(notebook, ANSWER)["source"] = "x = '\ud800'\nprint('\\ud800')"


@case("no lesson.ipynb")
def nothing_handed_in(notebook, folder):
    notebook.clear()


@case("2 notebooks")
def two_notebooks(notebook, folder):
    for name in ("a.ipynb", "b.ipynb"):
        (folder / name).write_text(json.dumps(notebook))
    notebook.clear()


@case("is a link")
def links_beside(notebook, folder):
    (folder / "passwd").symlink_to("/etc/passwd")
    (folder / "keys").symlink_to(f"../../../solutions/{LESSON}/quiz.yaml")
    (folder / "all").symlink_to("../../..")
    cell(notebook, ANSWER)["source"] = (
        "import pathlib\nfor p in ('passwd', 'keys', 'all/solutions'):\n"
        "    if pathlib.Path(p).exists(): print('BREACH', p)"
    )


@case()
def timestamp_is_nonsense(notebook, folder):
    (folder / "timestamp.txt").write_bytes(b"\xff\xfe yesterday " * 1000)


@case()
def timestamp_of_year_one(notebook, folder):
    (folder / "timestamp.txt").write_text("0001-01-01 00:00:00 UTC")


@case()
def own_checks_and_keys(notebook, folder):
    (folder / "checks.json").write_text('{"format": 1, "lesson": "00_start_here", "exercises": {}}')
    (folder / "quiz.json").write_text('{"format": 1}')
    (folder / "answers.py").write_text("EXPECT = {}")
    (folder / "quiz.yaml").write_text("questions: []")


@case()
def modules_that_shadow(notebook, folder):
    for name in ("json", "torch", "grader", "sitecustomize", "usercustomize", "numpy", "IPython"):
        (folder / f"{name}.py").write_text("print('shadow')\ncheck = lambda *a: 3.0")


@case()
def names_with_control_signs(notebook, folder):
    (folder / "a\x1b[31m\nb.txt").write_text("x")
    (folder / ("n" * 200)).write_text("x")
    os.close(os.open(os.fsencode(folder) + b"/\xff\xfe", os.O_CREAT | os.O_WRONLY))


@case("more than 200 files")
def thousand_files(notebook, folder):
    for number in range(1000):
        (folder / f"f{number}").write_text("x")


@case("quiz.json/x is not taken")
def folders_in_the_place_of_files(notebook, folder):
    for name in ("quiz.json", "checks.json", "timestamp.txt"):
        if (folder / name).is_file():
            (folder / name).unlink()
        (folder / name).mkdir()
        (folder / name / "x").write_text("x")


@case()
def check_with_the_id_of_a_placeholder(notebook, folder):
    cell(notebook, CHECK)["id"] = "placeholder"


@case()
def text_with_the_id_of_a_placeholder(notebook, folder):
    script = "<script>document.title = 'BREACH'</script>"
    notebook["cells"].insert(
        0, {"cell_type": "markdown", "id": "placeholder", "metadata": {}, "source": script}
    )


@case("cannot be read")
def name_of_a_file_with_markup(notebook, folder):
    (folder / "<svg onload=alert(1)>.ipynb").write_text("no notebook")
    notebook.clear()


RESOURCES = len(CASES)  # cases from here on act on the machine, not on the notebook

# --- resources -----------------------------------------------------------------------------------------------

code("endless-loop", "while True: pass", "evidence")
# The folder of the kernel's sockets is no place of its working folder.
_SOCKETS = "import os, ipykernel.connect as c\nos.chdir(os.path.dirname(c.get_connection_file()))\n"
code("nested-beside-the-sockets", _SOCKETS + "for _ in range(3000): os.mkdir('d'); os.chdir('d')")
code("filled-beside-the-sockets", _SOCKETS + "open('f', 'wb').write(b'x' * 100_000_000)")
code(
    "endless-loop-that-catches",
    "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "evidence",
)
code(
    "endless-answer",
    "def majority_baseline(labels):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass",
    "did not come back",
)
code("sleeps", "import time; time.sleep(10_000)")
code(
    "sleeps-in-c",
    "import ctypes, signal; signal.signal(signal.SIGINT, signal.SIG_IGN); ctypes.CDLL(None).sleep(10_000)",
    "could not be interrupted",
)
code("memory", "x = bytearray(1 << 40)")
code("memory-slowly", "x = []\nwhile True: x.append(bytearray(50_000_000))", "the function gives")
code("processes", "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", "evidence")
code(
    "threads",
    "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()",
)
code("output", "while True: print('x' * 10_000)")
code("output-of-emoji", "print('😀' * 8_000_000)")
code("output-in-one-message", "print('x' * 100_000_000)")
code(
    "output-as-html",
    "from IPython.display import display, HTML\nfor _ in range(200): display(HTML('<script>alert(1)</script>' * 10_000))",
)
code("file-too-large", "f = open('big', 'wb')\nwhile True: f.write(bytes(10_000_000))")
code("many-files", "i = 0\nwhile True:\n    open(f'f{i}', 'wb').write(bytes(50_000_000)); i += 1")
code("segmentation-fault", "import ctypes; ctypes.string_at(0)", "evidence")
code("stack", "import sys; sys.setrecursionlimit(10**9)\ndef f(): f()\nf()")
code("quit", "quit()")
code("system-exit", "raise SystemExit(0)")
code("closes-everything", "import os; os.closerange(0, 1024)", "evidence")
code("stops-itself", "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", "evidence")
code("kills-itself", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "evidence")
code(
    "kills-everybody",
    "import os, signal\nfor s in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):\n    for p in (-1, 0, 1, os.getppid(), *range(2, 3000)):\n        try: os.kill(p, s)\n        except OSError: pass",
)
code(
    "daemon",
    "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        while True: time.sleep(1)\n    os._exit(0)",
)
code("atexit", "import atexit, time; atexit.register(lambda: time.sleep(1000))")

# --- what is not hers ----------------------------------------------------------------------------------------

LOOK = """
import glob, os, pathlib
def seen(*patterns):
    for pattern in patterns:
        for path in glob.glob(pattern, recursive=True):
            try:
                if os.path.isfile(path): open(path, 'rb').read(1); print('BREACH', path)
            except OSError: pass
def anywhere(name):
    seen(*('/*' * depth + '/' + name for depth in range(1, 6)))
ROOT = {root!r}
"""


def reach(name: str, source: str) -> None:
    def change(notebook: dict[str, Any], folder: Path) -> None:
        root = str(folder.parents[2])
        cell(notebook, ANSWER)["source"] = LOOK.format(root=root) + source

    CASES.append(Case(name, change))


reach("reads-solutions", "seen(ROOT + '/solutions/**'); anywhere('answers.py'); anywhere('quiz.yaml')")
reach("reads-gradebook", "seen(ROOT + '/gradebook.db*'); anywhere('gradebook.db')")
reach(
    "reads-secret-and-spool", "seen(ROOT + '/.grading/**', ROOT + '/.grading/secret'); anywhere('.grading/*')"
)
reach("reads-other-students", "seen(ROOT + '/submitted/**', ROOT + '/autograded/**')")
reach(
    "reads-users-files",
    "seen('/home/**', '/etc/passwd', '/etc/shadow', os.path.expanduser('~root/.ssh/*'), '/proc/1/environ', '/proc/*/maps' * 0)",
)
reach(
    "reads-environments",
    "for p in glob.glob('/proc/[0-9]*/environ'):\n    try:\n        if b'HOSTILE_TEST_MARK' in open(p, 'rb').read(): print('BREACH', p)\n    except OSError: pass\nif 'HOSTILE_TEST_MARK' in os.environ: print('BREACH own')",
)
reach(
    "writes-gradebook",
    "import sqlite3\ntry:\n    c = sqlite3.connect(ROOT + '/gradebook.db'); c.execute('update grade set auto_score = 99'); c.commit(); print('BREACH')\nexcept Exception: pass",
)
reach(
    "writes-solutions",
    "for p in (ROOT + '/solutions/00_start_here/answers.py', ROOT + '/nbgrader_config.py'):\n    try: open(p, 'a').write('#'); print('BREACH', p)\n    except OSError: pass",
)
reach(
    "writes-package",
    "import grader\nfor p in (grader.__file__, os.__file__, json.__file__ if 'json' in globals() else os.__file__):\n    try: open(p, 'a').write('#'); print('BREACH', p)\n    except OSError: pass",
)
reach(
    "writes-startup-files",
    "for p in ('~/.ipython/profile_default/startup/a.py', '~/.bashrc', '/etc/ipython/ipython_config.py'):\n    try:\n        p = os.path.expanduser(p); os.makedirs(os.path.dirname(p), exist_ok=True); open(p, 'w').write('check = lambda *a: 3.0')\n    except OSError: pass",
)
reach(
    "writes-cache",
    "c = os.environ['FINETUNING_COURSE_CACHE']\nfor p in glob.glob(c + '/*'):\n    q = os.path.realpath(p)\n    try: open(q, 'r+b').write(b'x'); print('BREACH', q) if not q.startswith(os.getcwd()) else None\n    except OSError: pass",
)
reach(
    "network-tcp",
    "import socket\nfor a in (('127.0.0.1', 61235), ('192.0.2.1', 80)):\n    try: socket.create_connection(a, timeout=1); print('BREACH', a)\n    except OSError: pass",
)
reach(
    "network-udp",
    "import socket\ntry:\n    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b'x', ('127.0.0.1', 61235)); print('sent')\nexcept OSError: pass",
)
reach(
    "sockets-of-others",
    "import socket\nfor line in open('/proc/net/unix').read().splitlines()[1:] if os.path.exists('/proc/net/unix') else []:\n    n = line.split()[-1]\n    if n.startswith('@'):\n        try: socket.socket(socket.AF_UNIX).connect('\\0' + n[1:]); print('BREACH', n)\n        except OSError: pass",
)
reach(
    "open-descriptors",
    "import stat\nfor n in range(3, 500):\n    try: m = os.fstat(n).st_mode\n    except OSError: continue\n    if stat.S_ISREG(m) and os.readlink(f'/proc/self/fd/{n}').startswith(ROOT): print('BREACH', n)",
)
reach(
    "traces-parent",
    "import ctypes\nfor p in range(1, 200):\n    if p != os.getpid() and ctypes.CDLL(None).ptrace(16, p, 0, 0) == 0: print('BREACH', p)",
)
reach(
    "mounts",
    "import ctypes\nl = ctypes.CDLL(None)\nif l.mount(b'tmpfs', b'/tmp', b'tmpfs', 0, None) == 0: print('BREACH mount')\nif l.unshare(0x10000000) == 0: print('BREACH unshare')",
)
reach(
    "set-user-id",
    "import subprocess\nr = subprocess.run(['su', '-c', 'id'], capture_output=True, timeout=5, stdin=subprocess.DEVNULL) if os.path.exists('/bin/su') else None\nif r and b'uid=0' in r.stdout: print('BREACH')",
)
reach("devices", "seen('/dev/sd*', '/dev/mem', '/dev/kmsg', '/dev/vd*', '/dev/nvme*')")
