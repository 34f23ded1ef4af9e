"""The process that owns every call of pystray: it shows what it is told and says what was chosen, nothing else.

It imports as little as possible: nothing of the runtime, the club or the settings.
"""
