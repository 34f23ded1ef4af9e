"""What an operator can do to a tree; each function is a step of the engine and returns what to wait for."""

from collections.abc import Sequence
from concurrent.futures import Future

from config.sentence import Sentence
from supervisor.child import Child, Purpose
from supervisor.errors import SpecError, WrongState
from supervisor.reports import ReloadReport
from supervisor.specs import ChildSpec
from supervisor.states import ChildState
from supervisor.supervision import Supervisor
from supervisor.validation import check_child, check_specs, join


def start_child(parent: Supervisor, spec: ChildSpec) -> "Future[int]":
    """Add a child and start it; the future is its incarnation, or `StartFailed` and the child was never there."""
    _require_running(parent, "start a child of")
    check_child(parent.flags, spec, parent.child.path)
    if spec.supervisor is not None:
        check_specs(spec.supervisor.flags, spec.supervisor.children, join(parent.child.path, spec.id))
    if spec.id in parent.children:
        raise SpecError("id", join(parent.child.path, spec.id), Sentence.of("is given twice"))
    reply: Future[int] = Future()
    child = parent.add(spec)
    parent.dynamic.add(spec.id)
    child.is_on_trial = True
    child.up_replies.append(reply)
    child.body.start()
    return reply


def restart_child(child: Child) -> "Future[int]":
    """Have a new incarnation, from any state; calls that come while one is awaited get the same one."""
    parent = _parent_of(child, "restart")
    if parent.child.state is not ChildState.STARTING:
        _require_running(parent, "restart a child of")
    if child.purpose is Purpose.REMOVE:
        raise WrongState(child.path, "being removed", "restart")
    reply: Future[int] = Future()
    is_awaited = bool(child.up_replies)
    child.up_replies.append(reply)
    child.is_held = child.is_done = False
    if is_awaited:
        return reply
    plan = parent.plan
    if plan is not None and plan.absorbs(child):
        plan.resume_at = 0.0  # it restarts with its group, now
        parent.advance()
    elif plan is not None and plan.will_start(child):
        pass  # its turn comes
    elif child.is_alive:
        child.purpose = Purpose.RESTART
        child.body.stop()
    else:
        parent.start_fresh(child)
    return reply


def terminate_child(child: Child) -> "Future[None]":
    """Stop a child and keep it stopped; done when it has ended, or at once when it was not running."""
    parent = _parent_of(child, "terminate")
    reply: Future[None] = Future()
    child.down_replies.append(reply)
    child.is_held = True
    if child.is_alive:
        if parent.ending is None and child.purpose is not Purpose.REMOVE:
            child.purpose = Purpose.HALT
        child.body.stop()
        return reply
    parent.rest_at_once(child)
    child.settle_down()
    parent.advance()
    return reply


def delete_child(child: Child) -> None:
    """Forget a child that is stopped."""
    parent = _parent_of(child, "delete")
    if child.is_wanted:
        raise WrongState(child.path, str(child.state), "delete")
    parent.remove(child)


def reload(parent: Supervisor, specs: Sequence[ChildSpec]) -> ReloadReport:
    """Make the children those of `specs`, in that order; what did not change is not touched.

    Children that `start_child` added stay, unless `specs` names them. What an operator stopped stays stopped.
    """
    check_specs(parent.flags, specs, parent.child.path)
    wanted = {spec.id for spec in specs}
    leaving = [each for id_, each in parent.children.items() if id_ not in wanted and id_ not in parent.dynamic]
    added, changed, unchanged = [], [], []
    for child in leaving:
        _take_out(parent, child)
    for spec in specs:
        known = parent.children.get(spec.id)
        if known is None:
            added.append(spec.id)
            fresh = parent.add(spec)
            if parent.child.is_up:
                fresh.body.start()
        elif known.purpose is Purpose.REMOVE or (known.next_spec or known.spec) != spec:
            changed.append(spec.id)
            _change(parent, known, spec)
        else:
            unchanged.append(spec.id)
        parent.dynamic.discard(spec.id)
    parent.put_in_order([spec.id for spec in specs])
    return ReloadReport(tuple(added), tuple(child.spec.id for child in leaving), tuple(changed), tuple(unchanged))


def _take_out(parent: Supervisor, child: Child) -> None:
    if child.is_alive:
        child.is_held = True
        child.purpose = Purpose.REMOVE
        child.body.stop()
    else:
        parent.remove(child)


def _change(parent: Supervisor, child: Child, spec: ChildSpec) -> None:
    body = child.body
    if isinstance(body, Supervisor) and spec.supervisor is not None and child.purpose is Purpose.NONE:
        same_but_children = spec.start_with(child.spec) == child.spec
        if same_but_children and spec.supervisor.flags == body.flags:
            child.spec = spec
            reload(body, spec.supervisor.children)
            return
    child.next_spec = spec
    if child.is_alive:
        child.purpose = Purpose.RESTART
        child.body.stop()
    elif child.is_held or not parent.child.is_up:
        parent.take_next_spec(child)
    else:
        parent.start_fresh(child)


def _parent_of(child: Child, attempted: str) -> Supervisor:
    if child.parent is None:
        raise WrongState(child.path, "the root", attempted)
    return child.parent


def _require_running(parent: Supervisor, attempted: str) -> None:
    if parent.child.state is not ChildState.RUNNING or parent.ending is not None:
        raise WrongState(parent.child.path, str(parent.child.state), attempted)
