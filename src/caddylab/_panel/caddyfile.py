"""The panel's editor: choose a Caddyfile, change it, load it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from caddylab._panel import html as panel_html
from caddylab._panel.calls import Call, on_lab
from caddylab._panel.desk import Desk
from caddylab._rig.site import caddyfiles

if TYPE_CHECKING:
    from caddylab._rig.rig import Rig

OWN = ""
LABEL = "What Caddy says of this Caddyfile"
PROMISE = "Apply loads the text above. Errors and warnings are told here."


class CaddyfilePart:
    """Controls for `lab.load`.

    Attributes:
        choose: the course's Caddyfiles; choosing one puts it into the editor.
        editor: the text.
        apply: loads the text.
        state: whether the text is in force.
        report: what came of the loading.
    """

    def __init__(self, desk: Desk, lab: Rig) -> None:
        self._desk = desk
        self._texts = {name: caddyfiles.read(name)[1] for name in lab.caddyfiles}
        self._seen, self._loading = lab.caddyfile, False
        self._asked, self._refusal, self._gone = "", "", False
        self._make_widgets()
        self.editor.observe(self._edited, "value")
        self.choose.observe(self._chosen, "value")
        self.apply.on_click(self._apply)
        self._edited()

    def _make_widgets(self) -> None:
        options = [("your own", OWN), *((name, name) for name in self._texts)]
        self.choose = ipywidgets.Dropdown(
            options=options, value=OWN, description="Start from", tooltip="The course's Caddyfiles"
        )
        self.editor = ipywidgets.Textarea(value=self._seen, description="Caddyfile")
        self.apply = ipywidgets.Button(
            description="Apply", tooltip="lab.load(...): Caddy begins afresh with this text"
        )
        self.state, self.report = ipywidgets.HTML(), ipywidgets.HTML()
        self.report.value = panel_html.promise(PROMISE, LABEL)
        panel_html.classed(self.editor, "editor")
        panel_html.classed(self.report, "report")
        panel_html.classed(self.state, "state")
        bar = ipywidgets.HBox([self.choose, self.apply, self.state])
        self.box = ipywidgets.VBox(
            [
                panel_html.heading("Caddyfile"),
                panel_html.classed(bar, "bar"),
                self.editor,
                self.report,
            ]
        )

    @property
    def call(self) -> Call:
        """The call that Apply makes now."""
        name = self.choose.value
        return on_lab("load", self.editor.value if name == OWN else name)

    @property
    def busy(self) -> bool:
        """Whether Caddy is being asked."""
        return self._loading

    def refresh(self, lab: Rig) -> None:
        """Show the present state; an unedited text follows the lab."""
        if (loaded := lab.caddyfile) != self._seen:
            follows = self.editor.value == self._seen
            self._seen = loaded
            if follows:
                self.editor.value = loaded
        self.apply.disabled = self._loading
        self.state.value = self._standing(loaded)

    def shut(self) -> None:
        """Disable everything: the lab has been closed."""
        for widget in (self.choose, self.editor, self.apply):
            widget.disabled = True

    def _standing(self, loaded: str) -> str:
        if self._loading:
            return panel_html.bar("Caddy is loading it")
        if self.editor.value == loaded:
            return panel_html.note("This is what Caddy runs.")
        if self.editor.value == self._refusal:
            return panel_html.note(f"Not loaded{self._instead(loaded)}.")
        return panel_html.note("Edited: Apply loads it.")

    def _instead(self, loaded: str) -> str:
        """What Caddy runs though the editor's text was refused."""
        if self._gone:
            return ": Caddy has ended"
        known = next((name for name, text in self._texts.items() if text == loaded), "")
        return f"; Caddy still runs {known or 'the one before'}"

    def _chosen(self, _: Any) -> None:
        if self.choose.value != OWN:
            self.editor.value = self._texts[self.choose.value]

    def _edited(self, _: Any = None) -> None:
        text = self.editor.value
        self.choose.value = next((n for n, known in self._texts.items() if known == text), OWN)
        self.state.value = self._standing(self._seen)

    def _apply(self, _: Any) -> None:
        if not self._loading:
            self._loading = self.apply.disabled = True
            self._asked = self.editor.value
            self._desk.do(self.call, self._loaded, self._refused)

    def _loaded(self, loaded: Any) -> None:
        self._loading, self._refusal = False, ""
        self._report(repr(loaded))

    def _refused(self, error: str) -> None:
        self._loading, self._refusal = False, self._asked
        self._gone = "Caddy has ended" in error
        self._report(error, alarm=True)

    def _report(self, text: str, alarm: bool = False) -> None:
        self.report.value = panel_html.report(text, LABEL, alarm)
