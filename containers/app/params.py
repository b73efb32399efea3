"""Checking the values that come with a request.

They are read by hand instead of declared to FastAPI, since a single declared parameter makes it
import `pydantic.v1`, which takes a tenth of a backend's start.
"""

from __future__ import annotations

from pydantic import ValidationError
from starlette.exceptions import HTTPException


def whole_number(name: str, text: str, low: int, high: int) -> int:
    """The number that `text` stands for.

    Raises:
        HTTPException: 422, since it is not a whole number from `low` to `high`.
    """
    try:
        number = int(text)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise HTTPException(422, f"{name} is {text!r}: use a whole number from {low} to {high}")
    return number


def explained(error: ValidationError) -> HTTPException:
    """Everything that is wrong with a JSON body, as a 422."""
    problems = [
        f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['msg']}"
        for problem in error.errors()
    ]
    return HTTPException(422, "; ".join(problems))
