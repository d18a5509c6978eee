"""A vocabulary by bisection: the rows that a dictionary gives, on values of every kind."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from tfelc.core.errors import SchemaError
from tfelc.features import vocabulary_lookup
from tfelc.features.vocabulary_lookup import VocabularyLookup


def rows(values, missing, asked):
    places = {value: place + 2 for place, value in enumerate(values)}
    return [0 if value == missing else places.get(value, 1) for value in asked]


# Of what a vocabulary file would spoil: ends of lines, a byte order mark, a NUL; and words that differ by case alone.
WORDS = st.text(alphabet="abA\n\r\0\ufeff\u00e9 ", max_size=3)


@given(st.lists(WORDS.filter(bool), unique=True, min_size=1, max_size=30), st.lists(WORDS, max_size=30))
def test_strings(values, asked):
    found = VocabularyLookup("item", values, "")(tf.constant([*asked, *values], tf.string))
    assert found.numpy().tolist() == rows(values, "", [*asked, *values])


INTEGERS = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)


@given(st.lists(INTEGERS.filter(lambda value: value != -1), unique=True, min_size=1, max_size=30), st.lists(INTEGERS))
def test_integers(values, asked):
    found = VocabularyLookup("item", values, -1)(tf.constant([*asked, *values], tf.int64))
    assert found.numpy().tolist() == rows(values, -1, [*asked, *values])


def test_any_shape():
    lookup = VocabularyLookup("item", ["b", "a"], "")
    assert lookup(tf.constant([["a", "c"], ["", "b"]])).numpy().tolist() == [[3, 1], [0, 2]]
    assert lookup(tf.constant("a")).numpy() == 3
    assert lookup(tf.zeros([0, 4], tf.string)).shape == (0, 4)


def test_chunks_make_one_vocabulary(monkeypatch):
    monkeypatch.setattr(vocabulary_lookup, "_CHUNK", 3)
    values = [f"item {number}" for number in range(10)]
    assert VocabularyLookup("item", values, "")(tf.constant(values)).numpy().tolist() == list(range(2, 12))


def test_two_strings_of_one_fingerprint_are_refused(monkeypatch):
    monkeypatch.setattr(vocabulary_lookup, "_fingerprints", lambda values: np.array([7, 3, 7], np.int64))
    with pytest.raises(SchemaError, match="table `item`: the values 'one' and 'three' have the same fingerprint"):
        VocabularyLookup("item", ["one", "two", "three"], "")


def test_a_string_s_fingerprint_is_the_one_of_every_version_so_far():
    # FarmHash promises it; exports are read by other releases of TensorFlow than the one that wrote them.
    # Of an empty string it is the hash's own constant k2.
    golden = [0x9AE16A3B2F90404F % (2**63 - 1), 7119667438702317272]
    assert vocabulary_lookup._fingerprints(["", "item 1"]).tolist() == golden
