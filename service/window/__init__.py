"""The status window: a process of its own that shows the station, asks it, and takes nothing with it when it ends."""
