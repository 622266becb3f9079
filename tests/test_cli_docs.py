"""The page about the command line: what is typed there prints what stands there."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

from commandline import ENVIRONMENT
from conftest import peer

PAGE = Path(__file__).resolve().parent.parent / "docs" / "command-line.md"
BLOCK = re.compile(r"```(console|python|toml)\n(.*?)```", re.DOTALL)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def printed(line):
    """Of a shell, what a terminal shows, but for the progress, which it wipes."""
    script = f'steepest() {{ {sys.executable} -m steepest_cli "$@"; }}; {line}'
    environment = {k: v for k, v in ENVIRONMENT.items() if not k.startswith("STEEPEST_")}
    ended = subprocess.run(["bash", "-c", f"{{ {script}; }} 2>&1"], env=environment, capture_output=True, text=True)
    return re.sub(r"^step \d+: .*\n", "", ended.stdout, flags=re.MULTILINE)


def test_what_is_typed_prints_what_stands_there(tmp_path, monkeypatch):
    peer("matplotlib")
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len([kind for kind, _ in blocks if kind == "console"]) >= 8
    for kind, text in blocks:
        if kind != "console":
            Path(text.split("\n")[0].removeprefix("# ")).write_text(text)
            continue
        for line, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
            got = printed(line)
            if not doctest.OutputChecker().check_output(expected, got, FLAGS):
                pytest.fail(f"$ {line}\nexpected:\n{expected}\ngot:\n{got}")


def test_exit_codes_are_those_of_the_program():
    from steepest_cli.program import EXIT_CODES

    rows = re.findall(r"^\| (\d+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [code for code, _ in EXIT_CODES]
