"""Whatever a notebook left switched on, answers run under the same settings; afterwards it is on again."""

import subprocess
import sys

import pytest
import torch

from grader.exercises.machine.clean_settings import clean_settings


@pytest.fixture(autouse=True)
def as_it_was():
    yield
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)


def inside():
    with clean_settings():
        weight = torch.ones(2, 2, requires_grad=True)
        product = weight @ torch.ones(2, 2)
        product.sum().backward()  # not possible in inference mode
        return product.dtype, torch.is_grad_enabled(), torch.rand(1).item()


EXPECTED = (torch.float32, True)


def test_autocast_that_was_left_on():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert inside()[:2] == EXPECTED
        assert torch.is_autocast_enabled("cpu")


def test_inference_mode_that_was_left_on():
    mode = torch.inference_mode()
    mode.__enter__()
    try:
        assert inside()[:2] == EXPECTED
        assert torch.is_inference_mode_enabled()
    finally:
        mode.__exit__(None, None, None)


def test_gradients_that_were_switched_off_and_another_dtype():
    torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float64)
    assert inside()[:2] == EXPECTED
    assert not torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float64


def test_settings_that_an_answer_leaves_on_end_with_it():
    with clean_settings():
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
        torch.use_deterministic_algorithms(True)
        torch.autograd.set_detect_anomaly(True)
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32
    assert not torch.are_deterministic_algorithms_enabled()
    assert not torch.is_anomaly_enabled()


def test_random_numbers_are_the_same_each_time_and_the_callers_go_on():
    torch.manual_seed(7)
    first = inside()[2]
    after = torch.rand(1).item()
    torch.manual_seed(7)
    assert torch.rand(1).item() == after
    assert inside()[2] == first


def test_a_compiled_model_runs_as_it_is_written():
    seen = []
    model = torch.nn.Linear(2, 2)
    model.register_forward_pre_hook(lambda module, inputs: seen.append(torch.is_grad_enabled()))
    with clean_settings(eager=True):
        torch.compile(model, fullgraph=True)(torch.ones(1, 2))
    assert seen == [True]


def test_small_networks_run_on_one_thread_and_the_number_comes_back():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with clean_settings():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
        with clean_settings(one_thread=False):
            assert torch.get_num_threads() == 2
            torch.set_num_threads(1)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


def test_whoever_judges_does_not_import_pytorchs_compiler():
    """A second for each ``grader autograde``; whatever the answer changed comes back all the same."""
    code = (
        "import sys\nfrom grader.exercises.machine.clean_settings import clean_settings\n"
        "with clean_settings(): pass\nassert 'torch' in sys.modules and 'torch._dynamo' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
