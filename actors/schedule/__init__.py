"""Schedules once per club: a small piece that operations use, not a base class that grows.

`calendar` says which occurrences a schedule has, `policy` which of them is due, missed or another's, `duty` does so in
an actor: it looks in the club database, begins the occurrence, has the work done and writes down how it ended.
"""
