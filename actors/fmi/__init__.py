"""F.M.I., the greatest number of people present at once: sensors on serial ports, and how many are inside, per zone."""
