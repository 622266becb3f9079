"""How numbers, lists of numbers, bounds and settings are written on the command line."""

from __future__ import annotations

from typing import Any

import click


class Number(click.ParamType):
    """A number; with `words`, one of these is allowed as well."""

    name = "number"

    def __init__(self, *words: str):
        self.words = words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value in self.words:
            return value
        try:
            return float(value)
        except ValueError:
            self.fail(
                f"{value!r} is no number{''.join(f', nor {word!r}' for word in self.words)}.", param, ctx
            )


class Vector(click.ParamType):
    """``3,2``: a list of numbers; one number without a comma is itself."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        parts = value.strip().strip("[]()").split(",")
        wanted = parts[:-1] if len(parts) > 1 and not parts[-1].strip() else parts
        numbers = [Number().convert(part.strip(), param, ctx) for part in wanted]
        return numbers if len(parts) > 1 else numbers[0]


class Bounds(click.ParamType):
    """``-2:2,0:``: a pair low:high for each coordinate; an open end is left out; or ``usual``."""

    name = "bounds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str) or value == "usual":
            return value
        return [self._pair(part, param, ctx) for part in value.split(",")]

    def _pair(self, text: str, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        ends = text.split(":")
        if len(ends) != 2:
            self.fail(f"{text!r} is no pair low:high; an open end is left out, as in '0:'.", param, ctx)
        return tuple(Number().convert(end.strip(), param, ctx) if end.strip() else None for end in ends)


class Setting(click.ParamType):
    """``beta1=0.8``: a name and its value, a number where it looks like one."""

    name = "name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        name, equals, text = value.partition("=")
        if not (name and equals and text):
            self.fail(f"{value!r} is not of the form name=value, such as beta1=0.8.", param, ctx)
        try:
            return name.strip(), float(text)
        except ValueError:
            return name.strip(), text.strip()
