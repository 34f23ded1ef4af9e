"""Supervision trees on pykka: specs, restarts, backoff, intensity, hangs, orderly stops. Knows nothing of clubs."""
