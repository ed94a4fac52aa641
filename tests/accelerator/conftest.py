"""Tests that use the fixture ``soft`` run in a process of their own, all those of a file in one.

The soft device must be registered before a process first goes backward, and stays for its rest: no other test
shall meet it. What pytest reports there, it reports here.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_REPORTS = "COURSE_TEST_REPORTS"  # set in such a process: the file that takes its reports, one a line
_done: dict[Path, dict[str, list[pytest.TestReport]]] = {}  # by file and test


@pytest.fixture(scope="session")
def soft():
    """The soft device, ``torch.device("soft", 0)``."""
    from tests.accelerator.soft_device import DEVICE

    return DEVICE


@pytest.fixture
def on_the_device(soft, monkeypatch) -> Iterator[None]:
    """``lab.device()`` answers the soft device."""
    from grader.lab import features, training

    for module in (training, features):
        monkeypatch.setattr(module, "device", lambda: soft)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    if _REPORTS in os.environ or "soft" not in getattr(item, "fixturenames", ()):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in _reports(item):
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    report = yield
    if path := os.environ.get(_REPORTS):
        data = item.config.hook.pytest_report_to_serializable(config=item.config, report=report)
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(data) + "\n")
    return report


def _reports(item: pytest.Item) -> list[pytest.TestReport]:
    if item.path not in _done:
        _done[item.path] = _run_file(item)
    reports = _done[item.path].get(item.nodeid, [])
    if not any(report.when == "teardown" for report in reports):  # the last one of each test
        what = f"The process of {item.path.name} ended before this test did."
        reports.append(pytest.TestReport(item.nodeid, item.location, {}, "failed", what, "call"))
    return reports


def _run_file(item: pytest.Item) -> dict[str, list[pytest.TestReport]]:
    """Run what is selected of the item's file in another process; its reports by test."""
    config, together = item.config, [one for one in item.session.items if one.path == item.path]
    reports = config._tmp_path_factory.mktemp("reports") / "reports.jsonl"
    reports.touch()
    subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:nbval", "-p", "no:cacheprovider"),
            *("-o", "addopts=--import-mode=importlib", *(one.nodeid for one in together)),
        ],
        cwd=config.rootpath,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        | {_REPORTS: str(reports)},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    found: dict[str, list[pytest.TestReport]] = {}
    for line in reports.read_text(encoding="utf-8").splitlines():
        report = config.hook.pytest_report_from_serializable(config=config, data=json.loads(line))
        if isinstance(report.longrepr, list):  # why a test was skipped: JSON has no tuples
            report.longrepr = tuple(report.longrepr)
        found.setdefault(report.nodeid, []).append(report)
    return found
