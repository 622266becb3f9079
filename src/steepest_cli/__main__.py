"""python -m steepest_cli: the command line, as the script `steepest` calls it."""

from . import main

if __name__ == "__main__":
    main(prog_name="steepest")
