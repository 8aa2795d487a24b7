"""What is particular to TLS: one context for all hosts, its name in a WARC, errors that a person can read."""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL
from scrapy.core.downloader.contextfactory import _load_context_factory_from_settings
from scrapy.crawler import Crawler
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.python.failure import Failure
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer  # type: ignore[import-untyped]


@implementer(IPolicyForHTTPS)
class SharedContext:
    """Scrapy's TLS policy (``DOWNLOAD_VERIFY_CERTIFICATES`` and kin) with one OpenSSL context for all hosts.

    Scrapy's makes a context for each connection, and each reads the system's certificates: 5 ms of CPU and 0.9 MB. In
    Twisted 26 the name of the host is checked by a callback of the connection, not of the context, so one context
    serves all; the tests hold that a certificate for another host is still refused.
    """

    def __init__(self, policy: Any) -> None:
        self._policy = policy
        self._first: Any = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> SharedContext:
        return cls(_load_context_factory_from_settings(crawler))

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:
        if self._first is None:
            self._first = self._policy.creatorForNetloc(hostname, port)
            return self._first
        return type(self._first)(self._first._createConnection, hostname.decode("ascii"))


def warc_protocol(name: str) -> str:
    """OpenSSL's name of a protocol version as ``WARC-Protocol`` has it: TLSv1.3 → tls/1.3, SSLv3 → ssl/3."""
    kind, _, version = name.lower().partition("v")
    return f"{kind}/{version if '.' in version or kind == 'ssl' else version + '.0'}"


def explain(reason: Failure) -> str:
    """Why a connection ended; OpenSSL's own errors are lists of triples."""
    error = reason.value
    if isinstance(error, ConnectionDone):
        return "the server closed the connection"
    if isinstance(error, SSL.Error):
        entries = error.args[0] if error.args and isinstance(error.args[0], list) else []
        return "TLS: " + ("; ".join(str(entry[-1]) for entry in entries if entry) or str(error) or "broken off")
    if isinstance(error, ConnectionLost):
        return "the connection was broken off"
    return reason.getErrorMessage()
