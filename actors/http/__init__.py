"""One HTTP request at a time, bounded in time and size: what every operation that asks a web service shares."""
