"""The same picture, larger: every length in it grows, so nothing moves against anything else."""

from __future__ import annotations

from typing import Any

LENGTHS = (
    "ontSize", "ineHeight", "adding", "imit", "width", "height", "dx", "dy", "offset",
    "trokeWidth", "strokeDash", "spacing",
)  # fmt: skip
"""Endings of the names of properties that are lengths in pixels."""
AREAS = ("size", "symbolSize")
LONG_MARKS = ("bar", "tick", "rect")
"""The `size` of these marks is a length; that of all others is an area."""
PLACES = ("x", "y", "x2", "y2", "xOffset", "yOffset")
"""The scales of these channels range over pixels."""
CONTENT = ("data", "datasets")


def enlarged(spec: dict[str, Any], factor: float) -> dict[str, Any]:
    """A Vega-Lite specification (or its `config`) in which every length is `factor` as long."""
    grown = {name: _grown(spec, name, value, factor) for name, value in spec.items()}
    if steps := _pixels(spec, factor):
        grown["transform"] = [*grown.get("transform", []), *steps]
    return grown


def _pixels(spec: dict[str, Any], factor: float) -> list[dict[str, str]]:
    """The fields that give a place in pixels, enlarged: those of a channel without a scale."""
    encoding = spec.get("encoding")
    if not isinstance(encoding, dict):
        return []
    bare = {axis for axis in "xy" if encoding.get(axis, {}).get("scale", axis) is None}
    places = [encoding[name] for name in PLACES if name in encoding and name[0] in bare]
    fields = sorted({place["field"] for place in places if "field" in place})
    return [{"calculate": f"datum['{name}'] * {factor}", "as": name} for name in fields]


def _grown(owner: dict[str, Any], name: str, value: Any, factor: float) -> Any:
    if name in CONTENT:
        return value
    if name in PLACES and isinstance(value, dict):
        return _place(value, factor)
    if name in AREAS and _is_number(value):
        long = owner.get("type") in LONG_MARKS
        return value * (factor if long else factor * factor)
    if name.endswith(LENGTHS):
        value = _times(value, factor)
    return _inside(value, factor)


def _inside(value: Any, factor: float) -> Any:
    if isinstance(value, dict):
        return enlarged(value, factor)
    if isinstance(value, list):
        return [_inside(part, factor) for part in value]
    return value


def _place(channel: dict[str, Any], factor: float) -> dict[str, Any]:
    """A positional channel, enlarged: its own pixels, and the range of its scale."""
    grown = enlarged(channel, factor)
    if "value" in grown:
        grown["value"] = _times(grown["value"], factor)
    if isinstance(scale := grown.get("scale"), dict) and "range" in scale:
        scale["range"] = _times(scale["range"], factor)
    return grown


def _times(value: Any, factor: float) -> Any:
    if isinstance(value, list):
        return [_times(part, factor) for part in value]
    return value * factor if _is_number(value) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
