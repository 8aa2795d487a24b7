"""Which addresses may be spoken to. Only public web servers, unless ``ALLOW_PRIVATE_ADDRESSES`` is set.

A link, a redirect or a name server of the other side decides where a crawler connects. Without a guard that
reaches the machine itself, its local network and the cloud's metadata service. A URL cannot tell: the same address has
many spellings, and a name may resolve to another address a second later. So the check that counts stands where
the connection is made, on the very address it is made to (:class:`GuardedReactor`); the check of the URL only gives a
clearer message sooner, and the one in the resolver (:class:`GuardedResolver`) covers whatever else in the process
looks names up.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from twisted.internet import interfaces
from zope.interface import implementer  # type: ignore[import-untyped]

from crawler.fetch.names import NameResolver
from pipelines.errors import BroadsheetError, ConfigError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

# Scrapy's cookie jar asks tldextract for the registered domain of a host, and that fetches the current list of public
# suffixes when it is first asked: past this guard, past the archive, and holding up the whole crawl meanwhile. It
# comes with a copy of the list; an empty value here, before it is imported, has it use that.
os.environ.setdefault("TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS", "")

SETTING = "ALLOW_PRIVATE_ADDRESSES"

PORTS = frozenset({80, 443, 8000, 8008, 8080, 8081, 8443, 8888})
"""Ports on which web servers are published; ``BROADSHEET_PORTS`` replaces them. A link to any other port is far more
often an attempt to have us speak to somebody's mail or database server than it is news."""

# IANA special-purpose address registries (RFC 6890), as far as the addresses are not globally reachable.
NETWORKS_4: tuple[tuple[IPv4Network, str], ...] = tuple(
    (IPv4Network(network), what)
    for network, what in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "cloud metadata"),  # Azure's, on an address that is otherwise public
        ("169.254.0.0/16", "link-local, cloud metadata"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved, cloud metadata"),  # Oracle's is 192.0.0.192
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "obsolete 6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
GLOBAL_6 = IPv6Network("2000::/3")
"""The only part of IPv6 that is handed out as global unicast; whatever lies outside is refused."""
NETWORKS_6: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(network), what)
    for network, what in (
        ("2001::/32", "Teredo tunnel"),
        ("2001::/23", "reserved for protocols"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4 tunnel"),
        ("3fff::/20", "documentation"),
    )
)
NAMES_6: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(network), what)
    for network, what in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::/96", "IPv4-compatible"),
        ("64:ff9b:1::/48", "local NAT64"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
"""What lies outside of global unicast, for the message."""
EMBEDDING = (IPv6Network("::ffff:0:0/96"), IPv6Network("::ffff:0:0:0/96"), IPv6Network("64:ff9b::/96"))
"""IPv4-mapped, IPv4-translated and NAT64: ways to write an IPv4 address, judged by that address."""


class BlockedAddressError(BroadsheetError):
    """An address that this crawl may not speak to."""

    final = True
    """Trying again would change nothing."""


def refusal(text: str) -> str | None:
    """Why an IP address (in the form a socket takes) may not be spoken to; None if it is public."""
    try:
        ip = ip_address(text.partition("%")[0])
    except ValueError:
        return "no IP address"
    if isinstance(ip, IPv4Address):
        return next((what for network, what in NETWORKS_4 if ip in network), None)
    return _refusal_6(ip)


def _refusal_6(ip: IPv6Address) -> str | None:
    for network in EMBEDDING:
        if ip in network:
            inner = refusal(str(IPv4Address(int(ip) & 0xFFFFFFFF)))
            return f"{inner}, written as IPv6" if inner else None
    if ip not in GLOBAL_6:
        return next((what for network, what in NAMES_6 if ip in network), "not global unicast")
    return next((what for network, what in NETWORKS_6 if ip in network), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a request goes."""

    scheme: str
    host: str
    """As in the URL, lower-cased, without the brackets of an IPv6 address."""
    port: int

    @property
    def netloc(self) -> str:
        """Host and, where it is not the scheme's own, port: the value of ``Host``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"http": 80, "https": 443}[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """The rule: public addresses and web ports, or everything where the user said so."""

    allow_private: bool = False
    ports: frozenset[int] = PORTS

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Guard:
        try:
            ports = frozenset(int(port) for port in settings.getlist("BROADSHEET_PORTS"))
        except ValueError as error:
            raise ConfigError(f"BROADSHEET_PORTS is a list of port numbers: {error}") from error
        return cls(allow_private=settings.getbool(SETTING), ports=ports or PORTS)

    def origin(self, url: str) -> Origin:
        """Where a URL leads, if it may be followed at all; else :class:`BlockedAddressError`."""
        try:
            parts = urlsplit(url)
            scheme, host, port = parts.scheme, parts.hostname or "", parts.port
        except ValueError as error:
            raise BlockedAddressError(f"refused {url}: {error}") from error
        if scheme not in ("http", "https"):
            raise BlockedAddressError(f"refused {url}: only http and https are fetched, not {scheme!r}")
        if not host:
            raise BlockedAddressError(f"refused {url}: it names no host")
        if "@" in parts.netloc:
            # RFC 9110, 4.2.4: an indication of an error in a link from an untrusted source. A site that asks for
            # a password gets it in an Authorization header.
            raise BlockedAddressError(f"refused {url}: it carries a user name before the host {host!r}")
        if port is None:
            port = 443 if scheme == "https" else 80
        if not port or (port not in self.ports and not self.allow_private):
            raise BlockedAddressError(
                f"refused {url}: port {port} of {host!r} is not one that web pages are published on; "
                f"BROADSHEET_PORTS lists those that are"
            )
        if not self.allow_private and (why := self._literal(host)):
            raise self._blocked(host, host, why)
        return Origin(scheme=scheme, host=host, port=port)

    def check(self, address: str, host: str) -> None:
        """Let an address pass that is about to be connected to, or raise :class:`BlockedAddressError`."""
        if not self.allow_private and (why := refusal(address)):
            raise self._blocked(host, address, why)

    def public(self, address: str) -> bool:
        return self.allow_private or refusal(address) is None

    @staticmethod
    def _literal(host: str) -> str | None:
        try:
            ip_address(host)
        except ValueError:
            return None
        return refusal(host)

    @staticmethod
    def _blocked(host: str, address: str, why: str) -> BlockedAddressError:
        is_at = f"{host!r}" if host == address else f"{host!r} is at {address} and that"
        return BlockedAddressError(
            f"refused to connect: {is_at} is no public address ({why}); {SETTING}=True allows it, "
            f"for a crawl of your own machines"
        )


@implementer(interfaces.IReactorTCP, interfaces.IReactorTime, interfaces.IReactorPluggableNameResolver)
class GuardedReactor:
    """Stands for the reactor in an endpoint and lets it connect to permitted addresses only.

    Twisted's ``HostnameEndpoint`` resolves the name, then has the reactor connect to one address after the other,
    each given as a literal. Here that literal is checked: no time passes between the check and the connection, and
    no name is resolved twice. Of a name with public and private addresses the public ones are connected to.
    """

    def __init__(self, reactor: Any, guard: Guard, host: str) -> None:
        self._reactor, self._guard, self._host = reactor, guard, host
        # The unfiltered answers, so that a refusal can name the address.
        self.nameResolver = getattr(reactor.nameResolver, "unfiltered", reactor.nameResolver)

    def __getattr__(self, name: str) -> Any:
        if name in ("connectSSL", "connectUNIX", "adoptStreamConnection"):
            raise BlockedAddressError(f"refused {name} for {self._host!r}: only guarded TCP connections are made")
        return getattr(self._reactor, name)

    def connectTCP(self, host: str, port: int, factory: Any, timeout: float = 30, bindAddress: Any = None) -> Any:
        self._guard.check(host, self._host)
        return self._reactor.connectTCP(host, port, factory, timeout, bindAddress)


@implementer(interfaces.IHostnameResolver)
class GuardedResolver:
    """The process's name resolver (setting ``TWISTED_DNS_RESOLVER``): answers hold permitted addresses only."""

    def __init__(self, unfiltered: NameResolver, guard: Guard, reactor: Any) -> None:
        self.unfiltered, self._guard, self._reactor = unfiltered, guard, reactor

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> GuardedResolver:
        settings = crawler.settings
        names = NameResolver(
            reactor,
            timeout=settings.getfloat("DNS_TIMEOUT"),
            cached=settings.getint("DNSCACHE_SIZE") if settings.getbool("DNSCACHE_ENABLED") else 0,
        )
        return cls(names, Guard.from_settings(settings), reactor)

    def install_on_reactor(self) -> None:
        self._reactor.installNameResolver(self)

    def resolveHostName(self, resolutionReceiver: Any, hostName: str, *args: Any, **kwargs: Any) -> Any:
        return self.unfiltered.resolveHostName(_Filter(resolutionReceiver, self._guard), hostName, *args, **kwargs)


@implementer(interfaces.IResolutionReceiver)
@dataclass(slots=True)
class _Filter:
    receiver: Any
    guard: Guard

    def resolutionBegan(self, resolution: Any) -> None:
        self.receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:
        if self.guard.public(address.host):
            self.receiver.addressResolved(address)

    def resolutionComplete(self) -> None:
        self.receiver.resolutionComplete()
