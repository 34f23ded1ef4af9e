"""Tells whether a host is this machine itself, where what is said in clear is heard by nobody else."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
