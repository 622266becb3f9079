"""How numbers, lists, ranges, bounds and methods are written on the command line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import click

RANGE = re.compile(r"(?P<low>[^:]+?)\.\.(?P<high>[^:]+)(:(?P<scale>log|linear))?(:(?P<count>\d+))?")
COUNT = 10  # values of a range that does not say how many


class Number(click.ParamType):
    """A number; with `words`, one of these is allowed as well."""

    name = "number"

    def __init__(self, *words: str):
        self.words = words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value in self.words:
            return value
        try:
            if isinstance(value, str) and value.lstrip("+-").isdecimal():
                return int(value)
            if not isinstance(value, bool):
                return value if isinstance(value, int) else float(value)
        except (ValueError, TypeError):
            pass
        self.fail(f"{value!r} is no number{''.join(f', nor {word!r}' for word in self.words)}.", param, ctx)


@dataclass(frozen=True)
class Range:
    """Several values of a setting; `text` is how they were written."""

    values: tuple[float, ...]
    text: str

    def __str__(self) -> str:
        return self.text


class Values(Number):
    """A number, ``0.1,0.01`` or ``1e-5..1e-1:log:30``."""

    name = "number or range"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert
        if isinstance(value, list):
            return Range(tuple(number(part, param, ctx) for part in value), ",".join(map(str, value)))
        if not isinstance(value, str):
            return value if isinstance(value, Range) else number(value, param, ctx)
        if ".." not in value and ":" not in value:
            parts = [number(part.strip(), param, ctx) for part in value.split(",")]
            return Range(tuple(parts), value) if len(parts) > 1 else parts[0]
        written = RANGE.fullmatch(value)
        if written is None:
            self.fail(f"{value!r} is not of the form low..high[:log][:count], such as 1e-4..1:log:9.", param, ctx)
        low, high = (float(number(written[end].strip(), param, ctx)) for end in ("low", "high"))
        count, log = int(written["count"] or COUNT), written["scale"] == "log"
        if count < 2 or low == high or (log and min(low, high) <= 0):
            what = "numbers above 0 on a log scale" if log else "two different ends, and at least 2 values"
            self.fail(f"{value!r}: expected {what}.", param, ctx)
        parts_of_way = [k / (count - 1) for k in range(count)]
        if log:
            inner = [low ** (1 - part) * high**part for part in parts_of_way[1:-1]]
        else:
            inner = [low + part * (high - low) for part in parts_of_way[1:-1]]
        return Range((low, *inner, high), value)


class Vector(click.ParamType):
    """``3,2``: a list of numbers; one number without a comma is itself."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, list | tuple):
            return [float(Number().convert(part, param, ctx)) for part in value]
        if not isinstance(value, str):
            return float(Number().convert(value, param, ctx))
        parts = value.strip().strip("[]()").split(",")
        wanted = parts[:-1] if len(parts) > 1 and not parts[-1].strip() else parts
        numbers = [float(Number().convert(part.strip(), param, ctx)) for part in wanted]
        return numbers if len(parts) > 1 else numbers[0]


@dataclass(frozen=True)
class Pairs:
    """Bounds: a pair (low, high) for each coordinate, or ``usual``; `text` is how they were written."""

    pairs: tuple[tuple[float | None, float | None], ...] | None
    text: str

    def __str__(self) -> str:
        return self.text


class Bounds(click.ParamType):
    """``-2:2,0:``: a pair low:high for each coordinate; an open end is left out; or ``usual``."""

    name = "bounds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, Pairs):
            return value
        if value == "usual":
            return Pairs(None, value)
        return Pairs(tuple(self._pair(part, param, ctx) for part in str(value).split(",")), str(value))

    def _pair(self, text: str, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        ends = text.split(":")
        if len(ends) != 2:
            self.fail(f"{text!r} is no pair low:high; an open end is left out, as in '0:'.", param, ctx)
        return tuple(Number().convert(end.strip(), param, ctx) if end.strip() else None for end in ends)


@dataclass(frozen=True)
class Spec:
    """A method as it is written, ``adam:lr=0.01,beta1=0.8``: its name and settings."""

    name: str
    settings: dict[str, Any]
    text: str

    @classmethod
    def of(cls, text: str) -> Spec:
        """The method that a text names."""
        return MethodSpec().convert(text, None, None)

    def __str__(self) -> str:
        return self.text


class MethodSpec(click.ParamType):
    """``adam``, or with settings ``adam:lr=0.01,beta1=0.8``; each may be what `Values` says."""

    name = "name[:setting=value,...]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, Spec):
            return value
        if not isinstance(value, str):
            self.fail(f"{value!r} is no method, such as adam:lr=0.01.", param, ctx)
        name, _, rest = value.partition(":")
        settings: dict[str, str] = {}
        last = ""
        for part in rest.split(",") if rest else ():
            setting, equals, text = part.partition("=")
            if equals and setting.strip() and text.strip():
                last = setting.strip()
                settings[last] = text.strip()
            elif last and part.strip() and not equals:  # lr=0.1,0.01: the list goes on
                settings[last] += f",{part.strip()}"
            else:
                self.fail(f"{part!r} in {value!r} is not setting=value, as in adam:lr=0.01,beta1=0.8.", param, ctx)
        amounts = {key: Values("auto").convert(text, param, ctx) for key, text in settings.items()}
        return Spec(name.strip(), amounts, value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        from steepest.methods.registry import METHODS

        return [CompletionItem(name) for name in METHODS if name.startswith(incomplete.lower())]


class Settings(click.ParamType):
    """``a=1,b=2``: numbers by name."""

    name = "name=value,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        pairs = value.items() if isinstance(value, dict) else [part.partition("=")[::2] for part in value.split(",")]
        return {name.strip(): Number().convert(number, param, ctx) for name, number in pairs}
