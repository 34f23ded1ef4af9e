"""One file per kind of sensor, each behind the Protocol of `driver`."""
