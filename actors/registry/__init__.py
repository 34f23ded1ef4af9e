"""The registry: which operations run on this station, by the manual's table and the settings; and who keeps it so."""

from actors.registry.actor import ID, Apply, LookAtPauses, RegistryActor
from actors.registry.plan import Belongings, Identity, StationPlan
from actors.registry.policy import Verdict, judge, judge_all

__all__ = [
    "ID",
    "Apply",
    "Belongings",
    "Identity",
    "LookAtPauses",
    "RegistryActor",
    "StationPlan",
    "Verdict",
    "judge",
    "judge_all",
]
