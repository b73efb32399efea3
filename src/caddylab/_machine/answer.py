"""What came back from one request: an answer of our own, whatever library asked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from caddylab._errors import LabError


class Headers(Mapping[str, str]):
    """The headers of an answer; names are case-insensitive.

    Args:
        pairs: names and values, in the order in which they came. A header that came several
            times has its values in one text, with commas.
    """

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    def __getitem__(self, name: str) -> str:
        if values := self.get_list(name):
            return ", ".join(values)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name, _ in self._pairs))

    def __len__(self) -> int:
        return len(set(self))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in set(self)

    def get_list(self, name: str) -> list[str]:
        """Each value of a header that may come several times, such as `Set-Cookie`."""
        return [value for other, value in self._pairs if other.lower() == name.lower()]

    def telling_of(self, word: str) -> list[str]:
        """The names of the headers whose value contains a word."""
        return [name for name, value in self.items() if word in value]

    def __repr__(self) -> str:
        return f"Headers({dict(self)})"


@dataclass(frozen=True)
class Answer:
    """One answer.

    Attributes:
        status_code: such as 200.
        headers: by their names; case does not matter.
        content: the body.
        text: the body as text, in the encoding that its headers name.
        url: what was asked for, after redirects that were followed.
        elapsed: how many seconds the answer took.
        cookies: the cookies that came with it.
    """

    status_code: int
    headers: Headers
    content: bytes = field(repr=False)
    text: str = field(repr=False)
    url: str
    elapsed: float
    cookies: dict[str, str] = field(default_factory=dict, repr=False)

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            LabError: it is not JSON.
        """
        try:
            return json.loads(self.content)
        except ValueError as error:
            raise LabError(f"The answer of {self.url} is no JSON, but: {self.text[:200]!r}") from (
                error
            )

    @property
    def is_success(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status_code < 300

    def raise_for_status(self) -> Answer:
        """Return the answer itself, if it is a success.

        Raises:
            LabError: the status is not 200 to 299.
        """
        if not self.is_success:
            raise LabError(f"{self.url} answered {self.status_code}: {self.text[:200]!r}")
        return self
