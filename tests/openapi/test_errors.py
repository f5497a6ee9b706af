"""Errors hold data, speak, and survive pickling."""

import copy
import pickle

import pytest

from mainspring.errors import MainspringError
from mainspring.openapi import (
    AnnotationError,
    DeclarationError,
    DocumentError,
    MalformedJsonError,
    SchemaViolation,
    UnknownLocationError,
    Violation,
)
from mainspring.openapi.readers import MissingParameterError


@pytest.mark.parametrize(
    "error",
    [
        AnnotationError("GET /x (f)", "the annotation is wrong"),
        DeclarationError("GET /x (f)", "two bodies"),
        DocumentError("schema", "no title"),
        MalformedJsonError("trailing comma", 3),
        MissingParameterError("limit"),
        SchemaViolation([Violation("/a", "type", "must be string", {"type": "string"})]),
        UnknownLocationError("GET /x (f)", "a", "body"),
    ],
)
def test_errors_survive_pickling_and_copying(error):
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert vars(again) == vars(error)
    assert isinstance(error, MainspringError)


def test_a_violation_is_seen_from_further_out():
    """REST-145"""
    found = Violation("/a", "type", "must be string").below("/list/1")
    assert (found.path, found.code) == ("/list/1/a", "type")


def test_many_violations_are_counted_in_words():
    text = str(SchemaViolation(Violation(f"/{number}", "type", "must be string") for number in range(8)))
    assert "/4 must be string; and 3 more" in text
