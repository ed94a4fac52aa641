"""An honest notebook finds in its kernel what it would find at home; and at the end nothing is left."""

import asyncio
import concurrent.futures
import os
import signal
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbclient import NotebookClient

from grader.errors import CourseError
from grader.sandbox import Limits, Sandbox, choose, kernel, open_kernel
from grader.sandbox.forking import ForkServer
from grader.sandbox.kernel import fork_server


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    try:
        return choose()
    except CourseError as problem:
        pytest.skip(str(problem))


def run(sandbox: Sandbox, scratch: Path, *sources: str, **options: object) -> list[str]:
    """What each cell showed."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])

    async def execute() -> None:
        async with open_kernel(sandbox, scratch, Limits(), **options) as manager:
            await NotebookClient(notebook, km=manager, timeout=120, allow_errors=True).async_execute()

    # In a thread: tests in a browser leave a loop of events running in the first one.
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, execute()).result()
    return [
        "".join(
            str(o.get("text", "")) + str(o.get("data", "")) + str(o.get("evalue", "")) for o in cell.outputs
        )
        for cell in notebook.cells
    ]


def test_it_starts_in_its_folder_with_its_files_and_variables(sandbox, tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "data.txt").write_text("data")
    (tmp_path / "own_module.py").write_text("VALUE = 7")
    shown = run(
        sandbox,
        tmp_path,
        "import os; print(os.getcwd(), open('below/data.txt').read(), os.environ['OF_OURS'])",
        "import own_module; print(own_module.VALUE); open('written', 'w').write('x')",
        environment={"OF_OURS": "ours"},
    )
    assert shown[0].split() == [str(tmp_path.resolve()), "data", "ours"]
    assert shown[1].startswith("7")


def test_no_file_of_the_students_stands_in_for_a_package(sandbox, tmp_path):
    """The lesson's own first cells would fail by it, and the machine be blamed."""
    for name in ("filelock.py", "pi_heif.py"):
        (tmp_path / name).write_text("raise SystemExit('a file of the student')")
    (tmp_path / "own_module.py").write_text("VALUE = 7")
    shown = run(
        sandbox,
        tmp_path,
        "from filelock import FileLock; import pi_heif; print('the package')",
        "import own_module; print(own_module.VALUE)",
    )
    assert shown[0].startswith("the package")
    assert shown[1].startswith("7")


def test_libraries_and_figures_work_as_at_home(sandbox, tmp_path):
    shown = run(
        sandbox,
        tmp_path,
        "import torch; print(torch.ones(2).sum().item(), torch.get_num_threads())",
        "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()",
        "import subprocess; print(subprocess.run(['echo', 'shell'], capture_output=True, text=True).stdout)",
    )
    assert shown[0].split() == ["2.0", "1"]
    assert "image/png" in shown[1]
    assert "shell" in shown[2]


def test_two_kernels_draw_different_random_numbers(sandbox, tmp_path):
    source = "import torch, numpy, random; print(torch.rand(1).item(), numpy.random.rand(), random.random())"
    drawn = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        drawn += run(sandbox, tmp_path / name, source)[0].split()
    assert len(set(drawn)) == 6


def test_nothing_of_our_environment_goes_along(sandbox, tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hidden")
    shown = run(sandbox, tmp_path, "import os; print('SECRET_TOKEN' in os.environ, os.environ['HOME'])")
    assert shown[0].startswith("False")


def test_what_is_readable_is_read_and_not_written(sandbox, tmp_path):
    shared, scratch = tmp_path / "shared", tmp_path / "scratch"
    shared.mkdir()
    scratch.mkdir()
    (shared / "data").write_text("shared")
    shared.chmod(0o755)
    shown = run(
        sandbox,
        scratch,
        f"print(open({str(shared / 'data')!r}).read())",
        f"open({str(shared / 'data')!r}, 'w')",
        readable=[shared],
    )
    assert "shared" in shown[0]
    assert (shared / "data").read_text() == "shared"
    assert shown[1]


def test_what_is_made_beside_the_sockets_does_not_reach_this_machine(sandbox, tmp_path, monkeypatch):
    """It could fill the machine's ``/run``, or be nested too deep to be removed."""
    if sandbox is not Sandbox.NAMESPACES:
        pytest.skip("the kernel shares a folder with us there")
    removed = []
    monkeypatch.setattr(kernel, "remove_tree", lambda folder: removed.extend(folder.rglob("*")))
    go = "import os, ipykernel.connect as c; os.chdir(os.path.dirname(c.get_connection_file()))"
    shown = run(
        sandbox,
        tmp_path,
        go,
        "open('f', 'wb').write(b'x' * 2_000_000)",
        "for number in range(100): os.mkdir(str(number))",
        "print('alive')",
    )
    assert "No space" in shown[1]
    assert "No space" in shown[2]
    assert "alive" in shown[3]
    assert [path.name for path in removed] == ["c.json"]


@pytest.mark.slow
def test_the_graders_umask_is_not_the_kernels(sandbox, tmp_path):
    """Root's may be 077, and a group of instructors has 007: the kernel is another user then."""
    fork_server().stop()
    before = os.umask(0o077)
    try:
        shown = run(sandbox, tmp_path, "import os; print(oct(os.umask(0)))")
    finally:
        os.umask(before)
    assert "0o22" in shown[0]


def test_at_the_end_no_process_is_left(sandbox, tmp_path):
    run(sandbox, tmp_path, "import subprocess; subprocess.Popen(['sleep', '1000'])")
    server = psutil.Process(fork_server().pid)
    _, alive = psutil.wait_procs(server.children(recursive=True), timeout=10)
    assert not alive


def test_a_fork_server_that_was_killed_is_started_anew(sandbox, tmp_path):
    (tmp_path / "a").mkdir()
    run(sandbox, tmp_path / "a", "1")
    old = fork_server().pid
    os.kill(old, 9)
    psutil.Process(old).wait(10)
    (tmp_path / "b").mkdir()
    assert "2" in run(sandbox, tmp_path / "b", "print(2)")[0]
    assert fork_server().pid != old


def test_a_fork_server_that_is_killed_before_it_reads_a_request_loses_that_kernel_only():
    """The system then says "connection reset", not end of file."""
    with ForkServer(preload=()) as server:
        first = server.fork({"log": "", "confinement": "refused: the fork ends at once"})
        assert first.wait(20) != 0
        os.kill(server.pid, signal.SIGSTOP)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            second = pool.submit(server.fork, {"log": "", "confinement": "never read"})
            time.sleep(0.5)  # the request lies there, unread
            os.kill(server.pid, signal.SIGKILL)
            kernel = second.result(20)
        assert kernel.poll() is not None
        assert kernel.lost_its_server


def test_a_fork_server_ends_with_its_owner(tmp_path):
    with ForkServer(preload=()) as server:
        process = psutil.Process(server.pid)
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
