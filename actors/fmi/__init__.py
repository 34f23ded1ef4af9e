"""F.M.I.: how many people are inside, per zone, now; the greatest number allowed is the F.M.I. itself.

What it does: reads the sensors at this station's ports, counts who passes, and writes each zone's number, or that it
is not known, into the database within a tenth of a second; tells people, once, when a limit comes near.
On which stations: those with sensors; all of them together make one number of each zone.
What it touches: serial ports; the tables `attendance`, `attendance_minute`, `attendance_correction`, `fmi_sensor` and
`fmi_sensor_day`; rows of `sms` and `email`; a turnstile or a relay where the settings say so.
What happens when it fails: a sensor that is away, silent or in trouble makes its zones unknown, and comes back by
itself; the others count on. While the database is away everything is counted and written later.
"""

from actors.fmi.operation import OPERATION as OPERATION
from actors.fmi.rules import rules as rules
from actors.fmi.settings_sensors import SensorSettings as SensorSettings
