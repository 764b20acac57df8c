"""Canonical JSON is RFC 8785 by whichever way it is made."""

from __future__ import annotations

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from countenance.primitives.canonical import Json, canonical_json

_KEYS = st.text(st.characters(codec="ascii"), max_size=4) | st.text(max_size=3)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(_VALUES)
def test_every_value_becomes_the_bytes_of_rfc_8785(value: Json) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


def test_characters_that_are_escaped() -> None:
    value = {"a": "".join(map(chr, range(0x20))) + '"\\/\x7f\u2028\u20ac\U0001f600'}
    assert canonical_json(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("bad", [2**53, -(2**53), float("nan"), "\ud800", {"a": [2**60]}, {"\ud800": 1}])
def test_what_json_cannot_hold(bad: Json) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical_json(bad)
