"""Addresses: what is a proper one, and which mean this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit


def parse_address(value: str, schemes: tuple[str, ...]) -> SplitResult:
    """The parts of an absolute address without credentials. Raises ValueError with the reason only."""
    try:
        parts = urlsplit(value)
        port_is_sane = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        raise ValueError("is not an address") from None
    if parts.scheme not in schemes or not parts.hostname or not port_is_sane or any(c.isspace() for c in value):
        raise ValueError(f"must be an address that begins with {' or '.join(s + '://' for s in schemes)}")
    if parts.username or parts.password:
        raise ValueError("must not carry a user name or a password")
    return parts


def is_loopback(host: str) -> bool:
    """Whether a host name or address, without a port, can only mean this machine."""
    host = host.strip("[]").lower()
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
