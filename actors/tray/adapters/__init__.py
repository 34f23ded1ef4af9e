"""What the tray touches: the child process."""
