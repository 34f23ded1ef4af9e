"""A stage for each test, taken down after it."""

from collections.abc import Iterator

import pytest

from supervisor.testing import Stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.take_down()
