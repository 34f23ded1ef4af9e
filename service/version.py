"""The program's version, as its package says it."""

from importlib import metadata


def version() -> str:
    """Return the version of the installed program, `0` when it runs without being installed."""
    try:
        return metadata.version("heitz-service")
    except metadata.PackageNotFoundError:
        return "0"
