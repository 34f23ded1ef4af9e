"""Leases: which of the exclusive operations that may run here do, by the club database."""

from actors.leases.actor import ID, LeasesActor, Look, LookNow
from actors.leases.seat import Seat

__all__ = ["ID", "LeasesActor", "Look", "LookNow", "Seat"]
