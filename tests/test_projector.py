"""One switch makes everything large, and nothing in a picture moves against anything else."""

from __future__ import annotations

import io
import subprocess
import sys

import chart_scenes as scenes
import pytest
import vl_convert
from PIL import Image, ImageChops, ImageFilter, ImageStat

from caddylab import Lab, _charts, projector
from caddylab._charts.parts import enlarge, renderer, theme
from caddylab._look.projector import ENLARGED, VARIABLE

SCENES = [scenes.killed(), scenes.sticky()]


@pytest.fixture
def large():
    projector()
    yield
    projector(False)


def pictures():
    for scene in SCENES:
        for kind in _charts.PICTURES:
            yield _charts.draw(kind, *vars(scene).values())
    happy, hung = scenes.happy(), scenes.hung()
    sides = [_charts.Side(name, s.requests, s.spans) for name, s in (("a", happy), ("b", hung))]
    yield _charts.compare(*sides)


def image(spec, scale=1):
    return Image.open(io.BytesIO(vl_convert.vegalite_to_png(spec, scale=scale))).convert("L")


def apart(one, other):
    """How far two pictures are apart, on a scale to 255; what moved by a pixel is no difference."""
    blurred = [picture.filter(ImageFilter.GaussianBlur(6)) for picture in (one, other)]
    return ImageStat.Stat(ImageChops.difference(*blurred)).mean[0]


def test_a_large_picture_is_the_same_picture_seen_from_nearer():
    for picture in pictures():
        near = image(picture.to_dict(), ENLARGED)
        projector()
        large = image(picture.to_dict())
        projector(False)
        growth = [a / b for a, b in zip(large.size, near.size, strict=True)]
        assert growth == pytest.approx([1, 1], abs=0.02)
        assert apart(large, near.resize(large.size)) < 4.5, renderer.sentence(picture.to_dict())


def test_places_in_pixels_grow_as_well():
    """Else a bar that reaches to the foot of a picture ends above the foot of a large one."""
    bar = {"y": {"field": "top", "scale": None}, "y2": {"field": "bottom"}, "x": {"field": "at"}}
    grown = enlarge.enlarged({"mark": "rect", "encoding": bar}, 2)
    assert grown["transform"] == [
        {"calculate": "datum['bottom'] * 2", "as": "bottom"},
        {"calculate": "datum['top'] * 2", "as": "top"},
    ]


def test_it_keeps_the_ink_of_the_page(large):
    spec = _charts.draw("routing", *vars(SCENES[0]).values()).to_dict()
    assert spec["width"] == pytest.approx(theme.WIDTH * ENLARGED)
    assert renderer.live(spec)["config"]["text"]["color"] == "currentColor"


def test_a_pair_grows_once(large):
    *_, pair = pictures()
    widths = [side["width"] for side in pair.to_dict()["hconcat"]]
    assert widths == pytest.approx([400 * ENLARGED] * 2)


def test_one_switch_for_panel_view_and_replay():
    with Lab(runtime="process") as lab:
        run = lab.fire(2)
        projector()
        assert "caddylab-panel-projector" in lab.panel()._dom_classes
        assert lab.view().scene["projector"] is True
        assert lab.view(projector=False).scene["projector"] is False
        assert '"projector":true' in run.replay().html()
        projector(False)
        assert "caddylab-panel-projector" not in lab.panel()._dom_classes
        assert lab.view().scene["projector"] is False
        assert '"projector":false' in run.replay().html()


@pytest.mark.parametrize(("value", "expected"), [("1", "True"), ("0", "False"), ("", "False")])
def test_the_environment_can_say_it(monkeypatch, value, expected):
    monkeypatch.setenv(VARIABLE, value)
    code = "from caddylab._look import projector; print(projector.wanted())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == expected
