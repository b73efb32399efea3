"""What an `expression` of `lb_retry_match` says, as far as that can be told without a request.

Caddy's expressions are CEL: an operand that cannot be judged is an error, unless the other one
decides. Measured with Caddy 2.11.7: where there was no answer, `{rp.status_code} >= 500` is such an
error, and `{rp.status_code} == 503` is just untrue.
"""

from __future__ import annotations

import re
from enum import Enum
from itertools import product

Outcomes = frozenset["Truth"]


class Truth(Enum):
    """What may come of an expression."""

    YES = "yes"
    NO = "no"
    ERROR = "error"


_YES, _NO, _ERROR = (frozenset({outcome}) for outcome in Truth)
_OPEN = _YES | _NO
_RESPONSE = re.compile(r"\{(?:http\.reverse_proxy|rp)\.(?:status_|header\.)")
_FAILED = re.compile(r"\{(?:http\.reverse_proxy|rp)\.is_transport_error\}")
_METHOD = re.compile(r"\{(?:http\.request\.)?method\}|\bmethod\(")
_TOKEN = re.compile(r"'[^']*'|\"[^\"]*\"|\|\||&&|[()\[\]{}?]|.", re.DOTALL)


def reads_response(text: str) -> bool:
    """Whether an expression asks for what a backend answered."""
    return bool(_RESPONSE.search(text))


def outcomes(text: str, method: str, *, answered: bool) -> Outcomes:
    """What may come of an expression for a request with this method.

    Args:
        text: the expression, as Caddy's JSON has it.
        method: the request's, such as `GET`.
        answered: whether a backend answered it; else the attempt ended with an error.
    """
    text = text.strip()
    for operator, decides in (("||", Truth.YES), ("&&", Truth.NO)):
        if len(parts := _split(text, operator)) > 1:
            found = [outcomes(part, method, answered=answered) for part in parts]
            return frozenset(_joined(combination, decides) for combination in product(*found))
    if "?" in _outermost(text):
        return _OPEN | _ERROR
    if text.startswith("!"):
        return _negated(outcomes(text[1:], method, answered=answered))
    if text.startswith("(") and text.endswith(")") and not _outermost(text):
        return outcomes(text[1:-1], method, answered=answered)
    return _atom(text, method, answered)


def _joined(values: tuple[Truth, ...], decides: Truth) -> Truth:
    if decides in values:
        return decides
    if Truth.ERROR in values:
        return Truth.ERROR
    return Truth.NO if decides is Truth.YES else Truth.YES


def _negated(found: Outcomes) -> Outcomes:
    turned = {Truth.YES: Truth.NO, Truth.NO: Truth.YES}
    return frozenset(turned.get(outcome, outcome) for outcome in found)


def _atom(text: str, method: str, answered: bool) -> Outcomes:
    if _FAILED.search(text):
        wanted = not re.search(r"==\s*false|!=\s*true", text)
        return _YES if wanted is not answered else _NO
    if reads_response(text) and not answered:
        if "!=" in text:
            return _YES
        return _NO if "==" in text or re.search(r"\bin\b", text) else _ERROR
    if _METHOD.search(text) and (names := re.findall(r"['\"]([A-Z]+)['\"]", text)):
        return _YES if (method in names) is not ("!=" in text) else _NO
    return _OPEN


def _split(text: str, operator: str) -> list[str]:
    """The operands of `operator` outside of all brackets and quotes."""
    parts, depth = [""], 0
    for token in _TOKEN.findall(text):
        depth += (token in "([{") - (token in ")]}")
        if token == operator and depth == 0:
            parts.append("")
        else:
            parts[-1] += token
    return parts


def _outermost(text: str) -> str:
    """What stands outside of all brackets and quotes."""
    kept, depth = "", 0
    for token in _TOKEN.findall(text):
        depth -= token in ")]}"
        kept += token if depth == 0 and len(token) == 1 and token not in "()[]{}" else ""
        depth += token in "([{"
    return kept.strip()
