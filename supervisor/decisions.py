"""What follows the end of a child, as far as its spec alone decides. Pure."""

from enum import Enum, unique

from supervisor.specs import ChildSpec
from supervisor.states import Directive, EndKind, Restart


@unique
class Follow(Enum):
    """What to do after an end."""

    RESTART = "start it again"
    REST = "it is done"
    FAIL = "it has failed, and stays down"
    ESCALATE = "its supervisor ends"


def what_follows(spec: ChildSpec, kind: EndKind, error: type[BaseException] | None) -> Follow:
    """Return what the spec asks for: a directive for the exception class first, then the restart type."""
    match spec.directive_for(error):
        case Directive.RESTART:
            return Follow.RESTART
        case Directive.STOP:
            return Follow.FAIL
        case Directive.ESCALATE:
            return Follow.ESCALATE
        case None:
            pass
    match spec.restart:
        case Restart.PERMANENT:
            return Follow.RESTART
        case Restart.TRANSIENT:
            return Follow.RESTART if kind.is_abnormal else Follow.REST
        case Restart.TEMPORARY:
            return Follow.REST
