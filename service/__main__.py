"""Entry of the `heitz-service` command, and of a frozen program's parts."""

import sys

from service.parts import asked_part


def main() -> int:
    """Run what the process's command line asks for, and return its exit code."""
    part = asked_part(sys.argv[1:])
    if part is not None:
        return part()
    from service.command_line import main as command_line  # noqa: PLC0415 - a part pays for itself alone

    return command_line()


if __name__ == "__main__":
    sys.exit(main())
