"""Messages of any form: what is kept is small, well formed, and belongs to the cell that runs."""

import asyncio
import atexit
import concurrent.futures
import json

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jupyter_client.manager import AsyncKernelManager
from nbclient.client import CellExecutionComplete

from grader.autograde.execute.bounded_client import MOST_BUNDLES, BoundedClient, with_outputs
from grader.autograde.execution import CellRun, Execution
from grader.exercises.machine.evidence import MIME
from grader.sandbox import Limits


def client(output_bytes=1000) -> BoundedClient:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x")])
    return BoundedClient(notebook, AsyncKernelManager(), Limits(output_bytes=output_bytes))


def send(to, kind, **content):
    to.process_message({"msg_type": kind, "content": content, "header": {}, "parent_header": {}}, None, 0)


def test_a_kernel_that_does_not_start_leaves_nothing_to_do_when_the_program_ends(monkeypatch):
    """nbclient's own clean-up would print a traceback below the sentence that says what is wrong."""
    one = client()

    async def gone():
        raise RuntimeError("The kernel died.")

    monkeypatch.setattr(AsyncKernelManager, "has_kernel", property(lambda self: True))
    monkeypatch.setattr(one, "async_start_new_kernel_client", gone)
    left = []
    monkeypatch.setattr(atexit, "register", left.append)
    monkeypatch.setattr(atexit, "unregister", lambda function: function in left and left.remove(function))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:  # browser tests leave a loop of their own running
        _, stopped = pool.submit(asyncio.run, one.run()).result()
    assert "kernel ended" in stopped
    assert left == []


def test_prints_are_joined_and_data_keeps_what_can_be_shown():
    one = client()
    for text in ("a", "b"):
        send(one, "stream", name="stdout", text=text)
    send(
        one,
        "display_data",
        data={"text/plain": "p", "application/x-own": "o", "text/html": 3},
        metadata={"a": 1},
    )
    assert one._current.outputs == [
        {"output_type": "stream", "name": "stdout", "text": "ab"},
        {"output_type": "display_data", "data": {"text/plain": "p"}, "metadata": {}},
    ]


def test_output_is_counted_in_bytes_of_the_stored_text():
    one = client(output_bytes=1000)
    send(one, "stream", name="stdout", text="😀" * 200)  # 200 characters, 12 bytes each in JSON
    send(one, "stream", name="stdout", text="after")
    (said,) = one._current.outputs
    assert "more than 1,000 bytes" in said["text"]


def test_evidence_is_set_apart_and_counts_even_where_there_is_no_room_for_output():
    one = client(output_bytes=10)
    send(one, "stream", name="stdout", text="x" * 100)
    for _ in range(MOST_BUNDLES + 3):
        send(one, "execute_result", data={MIME: "{}", "text/plain": "Evidence"}, metadata={})
    assert one._current.bundles == ["{}"] * MOST_BUNDLES
    assert not any(MIME in json.dumps(output) for output in one._current.outputs)


def test_evidence_that_is_no_text_or_too_large_stays_evidence_of_nothing():
    one = client()
    send(one, "display_data", data={MIME: [1, 2]})
    send(one, "display_data", data={MIME: "x" * 3_000_000})
    assert one._current.bundles == ["not a text", "too large"]


def test_clearing_the_output_does_not_clear_evidence():
    one = client()
    send(one, "display_data", data={MIME: "{}"})
    send(one, "clear_output", wait=False)
    assert one._current.bundles == ["{}"]


def test_an_update_of_a_display_changes_nothing():
    one = client()
    send(one, "display_data", data={"text/plain": "a"}, transient={"display_id": "x"})
    send(one, "update_display_data", data={"text/plain": "b"}, transient={"display_id": "x"})
    assert one._current.outputs[0]["data"] == {"text/plain": "a"}


def test_idle_ends_the_cell():
    with pytest.raises(CellExecutionComplete):
        send(client(), "status", execution_state="idle")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["data", "text", "name", "text/plain", MIME, "ename", "evalue", "traceback", "transient"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
kinds = st.sampled_from(
    ["stream", "display_data", "execute_result", "error", "clear_output", "comm_open", "x"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(kinds, anything), max_size=6))
def test_whatever_comes_what_is_kept_can_be_stored_and_shown(messages):
    one = client()
    for kind, content in messages:
        one.process_message({"msg_type": kind, "content": content}, None, 0)
    run = CellRun.model_validate(one._current.model_dump())
    execution = Execution(lesson="a", student="b", key="c", sandbox="d", seconds=0, cells=[run])
    assert Execution.model_validate_json(execution.model_dump_json()) == execution
    with_outputs(one.nb, [run])
    nbformat.validate(one.nb)
