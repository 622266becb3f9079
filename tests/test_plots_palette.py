"""The colours of methods: fixed, apart from each other for colour-blind eyes, and from the paper."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from steepest.errors import ArgumentError
from steepest.methods.registry import METHODS
from steepest.plots.palette import DASHES, FAMILIES, MARKERS, THEMES, find, look, looks

# Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB.
BLIND = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "usual": np.eye(3),
}  # fmt: skip
LEAST = {"light": 3.2, "dark": 4.8}  # contrast of the colours with the paper
DISTANCE = {
    ("light", "protan"): 7.4, ("light", "deutan"): 11.3, ("light", "tritan"): 6.7, ("light", "usual"): 17.0,
    ("dark", "protan"): 12.8, ("dark", "deutan"): 9.1, ("dark", "tritan"): 11.0, ("dark", "usual"): 16.0,
}  # fmt: skip


def linear(colour: str) -> np.ndarray:
    rgb = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    """WCAG 2.2: relative luminances, each with 0.05 of stray light."""
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b))
    return (high + 0.05) / (low + 0.05)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """Ottosson (2020): linear RGB -> OKLab."""
    lms = np.array([[0.4122214708, 0.5363325363, 0.0514459929],
                    [0.2119034982, 0.6806995451, 0.1073969566],
                    [0.0883024619, 0.2817188376, 0.6299787005]]) @ rgb  # fmt: skip
    return np.array([[0.2104542553, 0.7936177850, -0.0040720468],
                     [1.9779984951, -2.4285922050, 0.4505937099],
                     [0.0259040371, 0.7827717662, -0.8086757660]]) @ np.cbrt(lms)  # fmt: skip


@pytest.mark.parametrize("name", THEMES)
def test_colours_stand_out_from_the_paper(name):
    theme = THEMES[name]
    assert min(contrast(colour, theme.paper) for colour in theme.colours) >= LEAST[name]
    assert contrast(theme.ink, theme.paper) >= 7  # words: WCAG level AAA
    assert contrast(theme.grey, theme.paper) >= 4.5
    assert contrast(theme.ink, theme.low) >= 4.5  # words on the darkest or lightest ground of a map


@pytest.mark.parametrize(("name", "eyes"), DISTANCE)
def test_colours_stay_apart_for_all_eyes(name, eyes):
    seen = [oklab(np.clip(np.array(BLIND[eyes]) @ linear(colour), 0, 1)) for colour in THEMES[name].colours]
    assert 100 * min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) >= DISTANCE[name, eyes] - 0.05


@pytest.mark.parametrize("name", THEMES)
def test_the_ramp_of_heights_has_no_hue_of_its_own(name):
    for colour in (THEMES[name].low, THEMES[name].high, THEMES[name].faint):
        # chroma: of the colours of lines 8.6 and more, but for black
        assert 100 * np.hypot(*oklab(linear(colour))[1:]) < 4


def test_every_method_has_a_look_of_its_own():
    for theme in THEMES:
        found = [look(kind.__name__, theme) for kind in METHODS.values()]
        assert len(set(found)) == len(found)
    assert {name for family in FAMILIES for name in family} <= {kind.__name__ for kind in METHODS.values()}


def test_a_look_depends_on_the_name_alone():
    assert look("Adam(lr=0.1, beta1=0.9)") == look("Adam")
    assert look("Anything(lr=0.1)") == look("Anything")
    assert looks(["Adam(lr=1)", "GD(lr=2)"])[1] == looks(["GD(lr=2)", "BFGS()"])[0] == look("GD")
    dark, light = look("GD", "dark"), look("GD", "light")
    assert (dark.dash, dark.marker) == (light.dash, light.marker)
    assert dark.color != light.color


def test_several_of_one_method_differ_in_dash_and_marker():
    mixed = looks(["GD(lr=1)", "Adam", "GD(lr=2)"])
    assert mixed[0].color == mixed[2].color
    assert mixed[0].dash != mixed[2].dash
    assert mixed[0].marker != mixed[2].marker
    alone = looks([f"GD(lr={k})" for k in range(6)])
    assert len({each.color for each in alone}) == 6


def test_dashes_and_markers_repeat_late():
    assert np.lcm(len(DASHES), len(MARKERS)) == 42


def test_an_unknown_theme_is_an_error():
    with pytest.raises(ArgumentError, match="theme='pink': expected 'light' or 'dark'"):
        find("pink")
