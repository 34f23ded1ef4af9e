"""Chaos: a real club of several stations under faults, judged by what its mail server has accepted."""
