"""Evidence on its way through JSON: what comes back, and what is refused."""

import base64
import json
import math

import numpy as np
import pytest
import torch

from grader.exercises.machine.evidence import (
    DTYPES,
    MAX_BYTES,
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_TEXT,
    EvidenceError,
    decode,
    digest,
    encode,
    printable,
    read_bundle,
)


def round_trip(value):
    return decode(json.loads(json.dumps(encode(value), allow_nan=False)))


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


# ---------------------------------------------------------------- round trips


@pytest.mark.parametrize(
    "value",
    [
        *[0, -3, 2**63 - 1, -(2**63) + 1, 2.5, -0.0, 1e-300, True, False, None, "", "né 💡"],
        [],
        {},
        [1, [2.0, [None]]],
        {"a": {"b": [True, {}]}},
        nested(MAX_DEPTH),
    ],
)
def test_plain_values_come_back(value):
    assert round_trip(value) == value
    assert type(round_trip(value)) is type(value)


def test_a_tuple_comes_back_as_a_list_and_names_as_text():
    assert round_trip({1: (2, 3)}) == {"1": [2, 3]}


@pytest.mark.parametrize("number", [math.inf, -math.inf])
def test_infinities_come_back(number):
    assert round_trip(number) == number
    assert round_trip([np.float32(number)]) == [number]


def test_nan_comes_back():
    assert math.isnan(round_trip(math.nan))
    assert math.isnan(round_trip(np.array([1.0, math.nan]))[1])


@pytest.mark.parametrize("dtype", sorted(DTYPES))
@pytest.mark.parametrize("shape", [(6,), (2, 3), (1, 6, 1), (0, 4), ()])
def test_arrays_come_back(dtype, shape):
    array = np.arange(math.prod(shape)).reshape(shape).astype(dtype)
    again = round_trip(array)
    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    assert np.array_equal(again, array)
    assert again.flags.writeable


def test_numpy_scalars_become_plain_numbers():
    for value, kind in [(np.float32(0.5), float), (np.int8(3), int), (np.bool_(True), bool)]:
        assert type(round_trip(value)) is kind
        assert round_trip(value) == value


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3).T,
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(10)[::-2],
        np.arange(4, dtype=">i4"),
        np.array([1.5, -2.0], dtype=">f8"),
    ],
    ids=["transposed", "column order", "strided", "big-endian integers", "big-endian floats"],
)
def test_arrays_of_another_layout_in_memory_come_back(array):
    assert np.array_equal(round_trip(array), array)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(6.0, requires_grad=True).reshape(2, 3) * 2,
        torch.nn.Parameter(torch.ones(3)),
        torch.arange(6).reshape(2, 3).t(),
        torch.ones(2, 2).expand(3, 2, 2),
        torch.tensor([True, False]),
        torch.tensor(4.0, requires_grad=True),
    ],
    ids=["with a graph", "parameter", "transposed", "expanded", "bool", "scalar with gradient"],
)
def test_tensors_come_back(tensor):
    assert np.array_equal(round_trip({"t": tensor})["t"], tensor.detach().numpy())


def test_long_text_is_cut():
    assert round_trip("x" * 10_000) == "x" * MAX_TEXT


def test_halves_of_surrogate_pairs_are_replaced():
    assert round_trip({"\ud800": "a\udfffb"}) == {"?": "a?b"}
    assert printable("é 💡 \ud800") == "é 💡 ?"


# ---------------------------------------------------------------- what cannot be evidence


class EqualsEverything:
    def __eq__(self, other):
        return True

    __hash__ = None


def holding_itself():
    value = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (EqualsEverything(), "type EqualsEverything"),
        (lambda: 1, "type function"),
        (torch.nn.Linear(1, 1), "type Linear"),
        (3j, "type complex"),
        ({1, 2}, "type set"),
        (b"bytes", "type bytes"),
        (np.array([EqualsEverything()]), "array of object"),
        (np.array([1j]), "array of complex128"),
        (np.array(["text"]), "array of str"),
        (np.array([2**63], dtype="uint64"), "array of uint64"),
        (np.zeros(2, dtype=[("a", "f4")]), "array of void"),
        (torch.zeros(2, dtype=torch.bfloat16), r"tensor of torch\.bfloat16"),
        (torch.eye(2).to_sparse(), "tensor of"),
        (torch.zeros(2, device="meta"), "on meta"),
        (np.zeros((1,) * 7), "7 dimensions"),
        (2**63, "63 bits"),
        (-(10**5_000), "63 bits"),
        (nested(MAX_DEPTH + 1), "nested too deeply"),
        (holding_itself(), "nested too deeply"),
        (np.zeros(MAX_BYTES // 8 + 1), "more data"),
        (torch.zeros(1).expand(10**7, 10**7), "more data"),  # 400 TB, were it copied
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_other_things_are_refused_with_their_kind(value, words):
    with pytest.raises(EvidenceError, match=words):
        encode({"y": value})


@pytest.mark.parametrize("kind", [float, int, str])
def test_a_value_that_claims_to_equal_everything_is_stripped_to_its_plain_type(kind):
    def claim(self, *_):
        return EqualsEverything()

    liar = type("Liar", (kind,), {"__eq__": lambda *_: True, "__hash__": kind.__hash__, "__getitem__": claim})
    assert type(encode(liar(3))) is kind
    assert encode(liar(3)) == kind(3)
    assert encode(liar(3)) != kind(4)


# ---------------------------------------------------------------- hostile JSON


def array(**changes):
    return {"__array__": {"dtype": "float32", "shape": [1], "data": "AAAAAA=="} | changes}


def test_the_record_that_the_refused_ones_start_from_is_good():
    assert decode(array()).tolist() == [0.0]


@pytest.mark.parametrize(
    ("hostile", "words"),
    [
        *(
            (array(dtype=name), "not numbers")
            for name in ["object", "O", "complex64", "uint64", "U1", "f4", ">f4"]
        ),
        *((array(shape=shape), "does not fit") for shape in [[2], [0], [-1], [-1, -1], [2**40, 2**40]]),
        *((array(shape=shape), "malformed") for shape in ["1", [1.0], ["1"], [True], None, [1] * 7]),
        *((array(data=data), "malformed") for data in ["no base64!", "AAAAAA=", 5, None, "é"]),
        (array(data=""), "does not fit"),
        (array(data=base64.b64encode(bytes(5)).decode()), "does not fit"),
        (array(data="A" * (MAX_BYTES + 4)), "malformed"),
        (array(extra=1), "malformed"),
        (array() | {"beside": 1}, "something beside"),
        ({"__array__": [1, 2]}, "malformed"),
        ({"__array__": None}, "malformed"),
        *(({"__number__": text}, "malformed number") for text in ["1e999", "NaN", "0", 5, None, ["nan"]]),
        ({"__number__": "nan", "beside": 1}, "malformed number"),
        (2**63, "too large"),
        (-(2**70), "too large"),
        ("x" * (MAX_TEXT + 1), "too long"),
        (nested(MAX_DEPTH + 1), "larger than"),
        ({"a": {"b": nested(MAX_DEPTH)}}, "larger than"),
        ([0] * MAX_ITEMS, "larger than"),  # and the list itself
        ([[0] * 200] * 100, "larger than"),
        ({1, 2}, "type set"),
        (np.zeros(1), "type ndarray"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_hostile_evidence_is_refused(hostile, words):
    with pytest.raises(EvidenceError, match=words):
        decode({"y": hostile} if not isinstance(hostile, list) else hostile)


def test_special_numbers_and_text_at_their_limits_pass():
    assert decode([2**63 - 1, "x" * MAX_TEXT, {"__number__": "-inf"}]) == [
        2**63 - 1,
        "x" * MAX_TEXT,
        -math.inf,
    ]
    assert len(decode([0] * (MAX_ITEMS - 1))) == MAX_ITEMS - 1


# ---------------------------------------------------------------- bundles


def bundle(**changes):
    return {
        "format": 1,
        "exercise": "toy.double",
        "challenge": digest({"x": 1}),
        "outcome": "collected",
        "message": "",
        "evidence": {"y": 2},
    } | changes


def test_a_bundle_is_read_from_text_and_from_its_content():
    assert read_bundle(bundle()) == read_bundle(json.dumps(bundle()))
    assert read_bundle(bundle()).evidence == {"y": 2}


@pytest.mark.parametrize("nothing", [None, "", {}])
def test_missing_evidence_is_said_to_be_missing(nothing):
    with pytest.raises(EvidenceError, match="no evidence"):
        read_bundle(nothing)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "true",
        "[1]",
        [1, 2],
        7,
        b"{}",
        "[" * 100_000,
        json.dumps(bundle())[:-1],
        json.dumps(bundle()) + "{}",
        bundle(format=2),
        bundle(format="1"),
        bundle(exercise=None),
        bundle(exercise="x" * 101),
        bundle(challenge="0" * 63),
        bundle(challenge="g" * 64),
        bundle(challenge="0" * 64 + "\n"),
        bundle(outcome="perfect"),
        bundle(message="x" * (MAX_TEXT + 1)),
        bundle(message=5),
        bundle(points=2),
        pytest.param(bundle(evidence=object()), id="object"),
        {name: value for name, value in bundle().items() if name != "challenge"},
        json.dumps(bundle(evidence=0)).replace(": 0", ": " + "9" * 5_000),
    ],
    ids=lambda value: str(value)[-60:],
)
def test_a_malformed_bundle_is_refused(content):
    with pytest.raises(EvidenceError, match="malformed"):
        read_bundle(content)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(bundle())[:-1] + ', "evidence": {"y": 3}}',
        json.dumps(bundle()).replace('{"y": 2}', '{"y": 2, "y": 3}'),
    ],
    ids=["outside", "inside"],
)
def test_a_name_that_stands_twice_is_refused(text):
    with pytest.raises(EvidenceError, match="one thing twice"):
        read_bundle(text)


@pytest.mark.parametrize("as_content", [lambda content: content, json.dumps], ids=["content", "text"])
def test_an_oversized_bundle_is_refused(as_content):
    with pytest.raises(EvidenceError, match="larger than"):
        read_bundle(as_content(bundle(evidence={"y": "x" * MAX_BYTES})))


def test_the_digest_of_a_challenge_does_not_depend_on_order_or_on_a_way_through_json():
    challenge = {"seed": 3, "rate": 0.1 + 0.2, "sizes": [1, 2]}
    assert digest(challenge) == digest(json.loads(json.dumps(dict(reversed(challenge.items())))))
    assert digest(challenge) != digest(challenge | {"seed": 4})
