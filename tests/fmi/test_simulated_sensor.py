"""What a simulated sensor is judged by: who it told of is who can be known."""

from pathlib import Path

from fmi_rig import Cable

from actors.fmi.simulation.day import Passage
from actors.fmi.simulation.sensor import SimulatedSensor


def test_who_was_told_of_into_a_line_that_takes_no_more_is_told_of_by_the_next_frame(tmp_path: Path) -> None:
    with Cable(tmp_path / "entree") as cable:
        sensor = SimulatedSensor("entree", cable)
        sensor.passes([Passage(0, "entree", is_entry=True)])
        assert sensor.told == (1, 0)
        while cable.write(bytes(64)):  # nobody reads
            pass
        sensor.passes([Passage(0, "entree", is_entry=True)])
        assert (sensor.entries, sensor.told) == (2, (1, 0))
        cable.unplug()
        cable.plug_in()
        sensor.passes([Passage(0, "entree", is_entry=True)])
        assert sensor.told == (3, 0)
