"""What a control of the panel does: one call of the library, as a deed and as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caddylab._rig.rig import Rig
    from caddylab._traffic.traffic import Traffic


@dataclass(frozen=True)
class Call:
    """One call; its text is what a learner would write in a cell.

    Args:
        owner: how the object is written whose method is called, such as `lab.backend(2)`.
        find: that object of a lab.
        method: the name of the method.
        args: its arguments by position.
        options: its arguments by name.
        quietly: arguments that the text leaves out: a click returns at once, a cell need not.
    """

    owner: str
    find: Callable[[Rig], Any]
    method: str
    args: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    quietly: Mapping[str, Any] = field(default_factory=dict)

    def make(self, lab: Rig) -> Any:
        """Do it."""
        return getattr(self.find(lab), self.method)(*self.args, **self.options, **self.quietly)

    def __str__(self) -> str:
        named = [f"{name}={written(value)}" for name, value in self.options.items()]
        return f"{self.owner}.{self.method}({', '.join([*map(written, self.args), *named])})"


def on_lab(method: str, *args: Any, **options: Any) -> Call:
    """`lab.method(...)`."""
    return Call("lab", lambda lab: lab, method, args, options)


def on_backend(backend: int | str, method: str, *args: Any, **options: Any) -> Call:
    """`lab.backend(2).method(...)`, or by its upstream's address: `lab.backend("app:3000")`."""
    owner = f"lab.backend({written(backend)})"
    return Call(owner, lambda lab: lab.backend(backend), method, args, options)


def fire(*args: Any, **options: Any) -> Call:
    """`lab.fire(...)`, which does not wait for the end."""
    return Call("lab", lambda lab: lab, "fire", args, options, {"background": True})


def stop(traffic: Traffic, is_last: bool) -> Call:
    """`lab.last.stop()`; traffic of the panel's that is no longer the last is `panel.last`."""
    owner = "lab.last" if is_last else "lab.panel().last"
    return Call(owner, lambda lab: traffic, "stop")


def written(value: Any) -> str:
    """A value as people write it: whole numbers without ".0", long texts in triple quotes."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if not isinstance(value, str) or "\\" in value or '"' in value:
        return repr(value)
    return f'"""{value}"""' if "\n" in value else f'"{value}"'
