"""The commands, one module per group; each has `add(commands)` and imports what it needs when it runs."""
