"""`autostart`: whether the program starts when this user logs in."""

from service.argument_parser import Commands


def add(commands: Commands) -> None:
    """Add the commands."""
