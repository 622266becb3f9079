"""Colours that stay: one for each method in light and dark, with a dash and a marker as second code."""

from __future__ import annotations

from typing import NamedTuple
from zlib import crc32

from ..errors import ArgumentError


class Theme(NamedTuple):
    """The colours of a picture.

    Attributes
    ----------
    name : str
    paper, ink, grey, faint : str
        The ground; words; axes; thin lines.
    low, high : str
        Ends of the ramp of lightness for heights; the lines own all hues.
    colours : tuple of str
        Apart from each other for colour-blind eyes, too, and from the paper: `tests/test_plots_palette.py`
        computes how far.
    """

    name: str
    paper: str
    ink: str
    grey: str
    faint: str
    low: str
    high: str
    colours: tuple[str, ...]


# fmt: off
THEMES = {
    "light": Theme("light", "#FFFFFF", "#1F2328", "#5F6B76", "#8795A4", "#B4C2D0", "#FFFFFF",
                   ("#0072B2", "#D55E00", "#14532D", "#C2378F", "#111111", "#8B7BFF")),
    "dark": Theme("dark", "#14171B", "#E8EBEE", "#A3AEB9", "#5C6975", "#3D4B59", "#14171B",
                  ("#56B4E9", "#E69F00", "#B8E000", "#D1607A", "#FFF3B0", "#8C78FF")),
}
# fmt: on
BLUE, ORANGE, GREEN, PINK, BLACK, VIOLET = range(6)

# One colour a family; its members, and the first ones of all families, differ in dash and marker. A method that is in
# no family gets its look from its name, too, so it never depends on what is drawn beside it.
FAMILIES: tuple[tuple[str, ...], ...] = (
    ("GD", "ISTA", "SignSGD", "Rprop", "ScheduleFreeGD", "SpaRSA"),
    ("Momentum", "Nesterov", "FISTA", "ConjugateGradient", "HagerZhang", "Lion"),
    ("AdaGrad", "Adadelta", "DoG", "DoWG", "DAdaptGD", "Prodigy", "COCOB"),
    ("RMSProp", "CenteredRMSProp", "Yogi", "AdaBelief", "AdaMax", "Adan"),
    ("Adam", "AdamW", "AMSGrad", "NAdam", "RAdam", "DAdaptAdam", "ScheduleFreeAdam"),
    ("BFGS", "LBFGS"),
)
DASHES = ("-", (0, (6, 1.5)), (0, (1.6, 1)), (0, (4, 1.2, 1, 1.2)), (0, (9, 2, 2, 2)), (0, (3, 2.5)))
MARKERS = "osD^vPX"

Dash = str | tuple[float, tuple[float, ...]]


class Look(NamedTuple):
    """How the line of a method looks."""

    color: str
    dash: Dash
    marker: str


def look(method: str, theme: str | Theme = "light") -> Look:
    """The look of a method, whatever else is in the picture.

    Parameters
    ----------
    method : str
        Its name, ``"Adam"``, or its call, ``"Adam(lr=0.1)"``.
    theme : {"light", "dark"}

    Examples
    --------
    >>> look("Adam(lr=0.1)"), look("GD", "dark").color
    (Look(color='#111111', dash=(0, (9, 2, 2, 2)), marker='v'), '#56B4E9')
    """
    colours = find(theme).colours
    name = method.partition("(")[0].strip()
    for colour, family in enumerate(FAMILIES):
        if name in family:
            return styled(colours[colour], colour + family.index(name))
    mixed = crc32(name.encode())
    return styled(colours[mixed % len(colours)], mixed // len(colours) % (len(DASHES) * len(MARKERS)))


def looks(methods: list[str], theme: str | Theme = "light") -> list[Look]:
    """The looks of the lines of one picture: a single one is drawn through; several of the same method take other
    dashes and, where there is one method only, so that its colour tells nothing, other colours."""
    theme = find(theme)
    names = [method.partition("(")[0] for method in methods]
    own = [look(name, theme) for name in names]
    if len(own) == 1:
        return [own[0]._replace(dash=DASHES[0])]
    found = []
    for k, (name, basic) in enumerate(zip(names, own, strict=True)):
        turn = names[:k].count(name)
        if turn == 0:
            found.append(basic)
            continue
        dash, marker = DASHES.index(basic.dash), MARKERS.index(basic.marker)
        first = theme.colours.index(basic.color)
        color = theme.colours[(first + turn) % 6] if len(set(names)) == 1 else basic.color
        found.append(Look(color, DASHES[(dash + turn) % len(DASHES)], MARKERS[(marker + turn) % 7]))
    return found


def styled(color: str, turn: int) -> Look:
    """A colour with the dash and the marker of that turn: 42 until they repeat."""
    return Look(color, DASHES[turn % len(DASHES)], MARKERS[turn % len(MARKERS)])


def find(theme: str | Theme) -> Theme:
    """The theme of that name.

    Raises
    ------
    ArgumentError
        When there is none.
    """
    if isinstance(theme, Theme):
        return theme
    if theme not in THEMES:
        raise ArgumentError(f"theme={theme!r}: expected {' or '.join(map(repr, THEMES))}.")
    return THEMES[theme]
