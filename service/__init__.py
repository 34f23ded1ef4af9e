"""The program: command line, composition root, control channel."""
