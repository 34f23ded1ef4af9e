"""A station whose actors can be crashed and hung from outside: one line each on the input, `crash fmi/entree`."""

import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from config import SettingsFile
from service.channel.handshake import make_key
from service.instance import acquire
from service.logs import logging_to
from service.paths import folders
from service.roster import ROSTER, settings_schema
from service.run import identity_of
from service.station import Channel, Station


class Stranger:
    """A message that no actor knows: it crashes."""


def main(settings: Path, name: str) -> None:
    home = folders()
    files = home.of(name)
    followed = SettingsFile(settings, settings_schema())
    followed.load()
    told_to_stop = threading.Event()
    with acquire(name, datetime.now(UTC), home) as instance, logging_to(files.log, sys.stderr, debug=False):
        channel = Channel(instance.holder.address, make_key(home))
        station = Station(identity_of(instance.holder), followed, ROSTER, files, channel, told_to_stop)
        station.start()

        def obey() -> None:
            for line in sys.stdin:
                verb, _, path = line.strip().partition(" ")
                if verb == "crash":
                    station.tree.child(path).tell(Stranger())
            told_to_stop.set()

        threading.Thread(target=obey, daemon=True).start()
        print("up", flush=True)
        station.wait()
        station.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
