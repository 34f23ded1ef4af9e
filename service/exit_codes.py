"""The exit codes of the contract, one per class of ending."""

from enum import IntEnum


class Exit(IntEnum):
    """What a command's exit code says."""

    OK = 0
    ATTENTION = 1  # a command that was understood but failed, or a status that is not all well
    USAGE = 2  # the command line, the settings or the database are not fit
    ALREADY_RUNNING = 3
    GAVE_UP = 4  # the root supervisor exceeded its restart intensity
    ABANDONED_THREADS = 5  # stopped, but some threads did not obey
    NOT_RUNNING = 6
    INTERRUPTED = 130  # Ctrl-C, as shells count it
