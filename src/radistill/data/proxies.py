"""The proxy that the environment names, for messages about a network that is not reached."""

from urllib.parse import urlsplit
from urllib.request import getproxies


def proxies() -> dict[str, str]:
    """HOST:PORT of the proxies by scheme, without the password that may stand in an address."""
    parts = {scheme: urlsplit(address) for scheme, address in getproxies().items()}
    return {
        scheme: f"{one.hostname}:{one.port}" if one.hostname else one.geturl()
        for scheme, one in parts.items()
    }


def through_proxy() -> str:
    """` through the proxy HOST:PORT`, or nothing where downloads go straight out."""
    proxy = proxies().get("https")
    return f" through the proxy {proxy}, which HTTPS_PROXY names" if proxy else ""
