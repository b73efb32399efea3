"""The colours, as eyes see them that are blind for one: a failure is told from every backend.

The matrices are those of Machado, Oliveira and Fernandes (2009), for a complete lack of one cone.
"""

from __future__ import annotations

import math

import pytest

from caddylab._look import palette

EYES = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
                   (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
                     (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602),
                   (0.004733, 0.691367, 0.303900)),
}  # fmt: skip
USUAL, CLEARLY, ENOUGH = 4, 25, 13
"""From the first four backends, which nearly all pictures have, failures are told clearly."""


def product(matrix, vector):
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def seen(colour: str, eyes: str) -> tuple[float, float, float]:
    """A colour in CIELAB, where distance is what a difference looks like."""
    channels = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    light = [((c + 0.055) / 1.055) ** 2.4 if c > 0.04045 else c / 12.92 for c in channels]
    red, green, blue = (min(1, max(0, c)) for c in product(EYES[eyes], light))
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("eyes", EYES)
def test_a_failure_is_told_from_every_backend_by_any_eye(eyes):
    error = seen(palette.ERROR, eyes)
    distances = [math.dist(error, seen(colour, eyes)) for colour in palette.COLOURS]
    assert min(distances[:USUAL]) > CLEARLY
    assert min(distances) > ENOUGH


def test_orange_and_vermilion_differ_in_lightness_to_everybody():
    for eyes in EYES:
        assert seen(palette.COLOURS[1], eyes)[0] - seen(palette.ERROR, eyes)[0] > 20


def test_a_failure_has_a_form_of_its_own():
    assert palette.CROSS not in palette.SHAPES.values()
