"""What student code must not reach, tried in each sandbox, and in none: there the same probes get through."""

import json
import sys
from pathlib import Path

import pytest

from grader.sandbox import Sandbox
from tests.sandbox.contained import contained
from tests.sandbox.probing import PROBES

pytestmark = pytest.mark.slow

# What a kernel without a sandbox does not get either: it has limits and a clean environment too.
NOT_IN_THE_CONTROL = {
    "has the grader's environment",
    "takes more memory",
    "writes a larger file",
    "starts many processes",
}
# Landlock has no file system of its own, and does not stop a socket that is a file: we leave none about.
NOT_BY = {
    Sandbox.LANDLOCK: {"fills the disk", "connects to a socket file"},
    Sandbox.BUBBLEWRAP: {"fills the disk", "starts many processes", "unshares a user namespace"},
}


def probed(sandbox: Sandbox, folder: Path) -> dict[str, bool]:
    program = Path(__file__).with_name("probing.py")
    words = [sys.executable, "-P", program, sandbox, folder]
    done = contained(words, writable=[folder], timeout=240, environment={"MARK_OF_THE_GRADER": "x"})
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def works_inside(sandbox: Sandbox, folder: Path) -> str | None:
    code = f"from grader.sandbox import Sandbox, available; print(available()[Sandbox({str(sandbox)!r})])"
    said = contained([sys.executable, "-P", "-c", code], writable=[folder], timeout=120).stdout.strip()
    return None if said == "None" else said


@pytest.fixture(scope="module")
def control(tmp_path_factory) -> dict[str, bool]:
    return probed(Sandbox.NONE, tmp_path_factory.mktemp("control"))


@pytest.mark.parametrize("probe", sorted(set(PROBES) - NOT_IN_THE_CONTROL))
def test_without_a_sandbox_the_probe_gets_through(control, probe):
    assert control[probe]


@pytest.mark.parametrize("sandbox", [Sandbox.NAMESPACES, Sandbox.LANDLOCK, Sandbox.BUBBLEWRAP])
def test_in_a_sandbox_none_does(sandbox, tmp_path):
    if problem := works_inside(sandbox, tmp_path):
        pytest.skip(f"{sandbox} does not work here: {problem}")
    through = {probe for probe, reached in probed(sandbox, tmp_path).items() if reached}
    assert sorted(through - NOT_BY.get(sandbox, set())) == []
