"""How long a gateway that refuses to be asked is left alone."""

from collections.abc import Callable

import attrs

from actors.delivery.actor import pause_after_refused_login


@attrs.define
class Refusals:
    """Refused keys in a row, when asking; what is sent with the same key has the delivery actor's own pauses.

    A key may be good for sending and for nothing else: that it may not ask must not keep SMS back. `clock` is monotonic
    seconds.
    """

    clock: Callable[[], float]
    _times: int = attrs.field(init=False, default=0)
    _until: float = attrs.field(init=False, default=float("-inf"))

    @property
    def allow(self) -> bool:
        """Whether the gateway may be asked now."""
        return self.clock() >= self._until

    def count(self) -> None:
        """Note that the key was refused."""
        self._times += 1
        self._until = self.clock() + pause_after_refused_login(self._times).total_seconds()

    def forget(self) -> None:
        """Note that the key was taken, or that a person wants it tried."""
        self._times = 0
        self._until = float("-inf")
