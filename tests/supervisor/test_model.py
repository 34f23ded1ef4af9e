"""A tree is driven at random, and after each quiescence compared with a model of what it should be."""

import threading
from collections.abc import Callable
from typing import Any

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from supervisor import (
    Backoff,
    ChildState,
    Intensity,
    Restart,
    Stash,
    Strategy,
    SupervisorFlags,
    WrongState,
)
from supervisor.specs import Mailbox
from supervisor.testing import Stage, raising

BACKOFF_SECONDS = 4.0
HANG_SECONDS = 8.0
SHUTDOWN_SECONDS = 2.0


@attrs.define
class Model:
    """What a child should be."""

    name: str
    restart: Restart
    delayed: bool
    state: ChildState = ChildState.RUNNING
    incarnation: int = 1
    held: bool = False


def _stop_itself(actor: Any) -> None:
    actor.stop()


class TreeMachine(RuleBasedStateMachine):
    """Start, crash, end, stop, restart, delete, hang, wait, over the three strategies."""

    children = Bundle("children")

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage()
        self.models: list[Model] = []
        self.wake_at: float | None = None  # when the group that waits is due
        self.group: list[str] = []
        self.dues: dict[str, float] = {}  # when each child that waits alone is due
        self.number = 0

    @initialize(strategy=st.sampled_from(Strategy))
    def begin(self, strategy: Strategy) -> None:
        self.strategy = strategy
        self.tree = self.stage.tree(flags=SupervisorFlags(strategy, Intensity(10_000, 1e9)))

    # -- what can be done

    @rule(target=children, restart=st.sampled_from(Restart), delayed=st.booleans())
    def start_child(self, restart: Restart, delayed: bool) -> str:  # noqa: FBT001 - drawn
        self.number += 1
        name = f"c{self.number}"
        backoff = Backoff(BACKOFF_SECONDS, BACKOFF_SECONDS, jitter=0) if delayed else Backoff(0, 0)
        spec = self.stage.child(
            name,
            restart=restart,
            backoff=backoff,
            hang_timeout_seconds=HANG_SECONDS,
            shutdown_seconds=SHUTDOWN_SECONDS,
            mailbox=Mailbox(while_down=Stash(1)),
        )
        self.tree.start_child(spec)
        self.models.append(Model(name, restart, delayed))
        return name

    @rule(name=children)
    def crash(self, name: str) -> None:
        self._end(name, raising(ValueError("model")), is_abnormal=True)

    @rule(name=children)
    def exit_fatally(self, name: str) -> None:
        self._end(name, raising(SystemExit()), is_abnormal=True)

    @rule(name=children)
    def end_by_itself(self, name: str) -> None:
        self._end(name, _stop_itself, is_abnormal=False)

    @rule(name=children, obeys=st.booleans())
    def hang(self, name: str, obeys: bool) -> None:  # noqa: FBT001 - drawn
        """A handler hangs: in time it is found, told to stop, and abandoned if it does not obey."""
        model = self._running(name)
        if model is None:
            return
        if obeys:
            began = threading.Event()

            def wait_for_stop(actor: Any) -> None:
                began.set()
                actor.wait_for_stop(30)

            self.tree.child(name).tell(wait_for_stop)
            assert began.wait(10)
        else:
            self.tree.child(name).tell(self.stage.hang())
            self.stage.wait_for_hang()
        started_at = self.stage.clock.monotonic()
        while not self._has_ended(model):
            assert self.stage.clock.monotonic() - started_at < HANG_SECONDS + SHUTDOWN_SECONDS + 3
            self.stage.clock.advance(0.25)
            self._catch_up()
        self.stage.witness.wait_for_end(name, model.incarnation)
        self._after_end(model, is_abnormal=True)
        self._catch_up()

    @rule(name=children)
    def terminate_child(self, name: str) -> None:
        model = self._model(name)
        if model is None:
            return
        self.tree.terminate_child(name)
        model.state, model.held = ChildState.STOPPED, True
        if model.restart is Restart.TEMPORARY:
            self.models.remove(model)

    @rule(name=children)
    def restart_child(self, name: str) -> None:
        model = self._model(name)
        if model is None:
            return
        model.held = False
        waits_with_group = (
            self.strategy is not Strategy.ONE_FOR_ONE and self.wake_at is not None and model in self._waiting_group()
        )
        incarnation = self.tree.restart_child(name)
        if waits_with_group:
            self._start_waiting()
        else:
            model.state = ChildState.RUNNING
            model.incarnation += 1
        assert incarnation == model.incarnation

    @rule(name=consumes(children))
    def delete_child(self, name: str) -> None:
        model = self._model(name)
        if model is None:
            return
        if model.state is ChildState.STOPPED:
            self.tree.delete_child(name)
        else:
            try:
                self.tree.delete_child(name)
            except WrongState:
                pass
            else:
                raise AssertionError(f"{name} was deleted while {model.state}")
            self.tree.terminate_child(name)
            if model.restart is not Restart.TEMPORARY:
                self.tree.delete_child(name)
        self.models.remove(model)

    @rule(seconds=st.sampled_from([0.5, BACKOFF_SECONDS]))
    def wait(self, seconds: float) -> None:
        self.stage.clock.advance(seconds)
        self._catch_up()

    @rule()
    def let_the_abandoned_go(self) -> None:
        self.stage.release()
        self.stage.witness.wait_for(lambda: not any(report.abandoned for report in self.tree.which_children()))

    # -- what the model makes of it

    def _model(self, name: str) -> Model | None:
        return next((model for model in self.models if model.name == name), None)

    def _running(self, name: str) -> Model | None:
        model = self._model(name)
        return model if model is not None and model.state is ChildState.RUNNING else None

    def _has_ended(self, model: Model) -> bool:
        found = [report for report in self.tree.which_children() if report.path == model.name]
        if not found or found[0].incarnation != model.incarnation:
            return True
        return found[0].state in {ChildState.BACKOFF, ChildState.STOPPED, ChildState.ABANDONED}

    def _end(self, name: str, message: Callable[[Any], None], *, is_abnormal: bool) -> None:
        model = self._running(name)
        if model is None:
            return
        self.tree.child(name).tell(message)
        self.stage.witness.wait_for_end(name, model.incarnation)
        self._after_end(model, is_abnormal=is_abnormal)

    def _after_end(self, model: Model, *, is_abnormal: bool) -> None:
        if model.restart is Restart.TEMPORARY:
            self.models.remove(model)
        elif model.restart is Restart.TRANSIENT and not is_abnormal:
            model.state = ChildState.STOPPED
        else:
            self._restart_group(model)

    def _restart_group(self, failed: Model) -> None:
        now = self.stage.clock.monotonic()
        due = now + (BACKOFF_SECONDS if failed.delayed else 0)
        if self.strategy is Strategy.ONE_FOR_ONE:
            failed.state = ChildState.BACKOFF
            self.dues[failed.name] = due
            self._catch_up()
            return
        is_all = self.strategy is Strategy.ONE_FOR_ALL
        group = list(self.models) if is_all else self.models[self.models.index(failed) :]
        if self.wake_at is not None:
            due = max(due, self.wake_at)
        self.group = [model.name for model in group]
        for model in group:
            if model.restart is Restart.TEMPORARY and model.state is ChildState.RUNNING:
                self.models.remove(model)
            elif not model.held:
                model.state = ChildState.BACKOFF
        self.wake_at = due
        self._catch_up()

    def _waiting_group(self) -> list[Model]:
        return [model for model in self.models if model.name in self.group]

    def _start_waiting(self) -> None:
        for model in self._waiting_group():
            if not model.held and model.state is not ChildState.RUNNING:
                model.state = ChildState.RUNNING
                model.incarnation += 1
        self.wake_at, self.group = None, []

    def _catch_up(self) -> None:
        """Bring the model up to the present time."""
        now = self.stage.clock.monotonic()
        if self.wake_at is not None and now >= self.wake_at - 1e-9:
            self._start_waiting()
        for name, due in list(self.dues.items()):
            model = self._model(name)
            if model is None or model.state is not ChildState.BACKOFF:
                del self.dues[name]
            elif now >= due - 1e-9:
                del self.dues[name]
                model.state = ChildState.RUNNING
                model.incarnation += 1

    # -- what must hold

    @invariant()
    def the_tree_is_as_the_model_says(self) -> None:
        if not hasattr(self, "tree"):
            return
        expected = [(model.name, model.state, model.incarnation) for model in self.models]

        def is_so() -> bool:
            return self._shape() == expected

        try:
            self.stage.witness.wait_for(is_so, 5)
        except AssertionError:
            raise AssertionError(f"the tree is {self._shape()} and should be {expected}") from None

    def _shape(self) -> list[tuple[str, ChildState, int]]:
        return [
            (
                report.path,
                ChildState.STOPPED if report.state is ChildState.ABANDONED else report.state,
                report.incarnation,
            )
            for report in self.tree.which_children()
        ]

    @invariant()
    def who_runs_answers(self) -> None:
        for model in self.models:
            if model.state is ChildState.RUNNING:
                assert self.tree.child(model.name).ask(lambda actor: actor.incarnation, timeout=10) == model.incarnation

    def teardown(self) -> None:
        self.stage.take_down()


TreeMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestTheTreeAgainstItsModel = TreeMachine.TestCase
