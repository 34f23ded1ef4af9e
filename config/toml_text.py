"""Plain text and keys as TOML writes them."""

from config.positions import Path as KeyPath

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def write_text(value: str) -> str:
    r"""Return a TOML string; one with backslashes goes into '...', where they mean themselves."""
    if "\\" in value and "'" not in value and value.isprintable():
        return f"'{value}'"
    return '"' + "".join(_ESCAPES.get(c, c if c.isprintable() else f"\\U{ord(c):08x}") for c in value) + '"'


def write_key(key: str) -> str:
    """Return a key, in quotes where TOML asks for them."""
    is_bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if is_bare else write_text(key)


def dotted(path: KeyPath) -> str:
    """Return the path as TOML writes it, places of lists as `[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{write_key(part)}"
    return text.removeprefix(".")
