"""`fmi ports|probe`: the sensors that count people."""

from config.sentence import Sentence
from service.argument_parser import Commands
from service.commands import fmi_ports


def add(commands: Commands) -> None:
    """Add the commands."""
    group = commands.add(
        "fmi",
        Sentence.of("list the ports of sensors, and tell what kind of sensor is on one"),
        "fmi ports",
        "fmi probe COM3",
    )
    fmi_ports.add(Commands(group, "fmi_command"))
