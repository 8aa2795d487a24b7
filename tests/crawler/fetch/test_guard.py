"""Which addresses may be spoken to, and that the check cannot be got round."""

import socket
from types import SimpleNamespace

import pytest
from twisted.internet import address
from twisted.internet.testing import MemoryReactorClock

from crawler.fetch.guard import (
    BlockedAddressError,
    Guard,
    GuardedReactor,
    GuardedResolver,
    refusal,
)
from crawler.fetch.names import DNS_KEEP, NameResolver

PUBLIC = [
    "93.184.216.34", "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.169.0.1",
    "198.17.0.1", "198.20.0.1", "223.255.255.255", "11.0.0.0", "128.0.0.1", "169.253.0.1",
    "2606:2800:220:1:248:1893:25c8:1946", "2001:200::1", "2a00:1450:4001::1", "64:ff9b::93.184.216.34",
    "::ffff:93.184.216.34",
]  # fmt: skip

REFUSED = {
    "loopback": ["127.0.0.1", "127.9.9.9", "127.255.255.255", "::1", "::1%lo"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fd00::1", "fc00::1", "fd00:ec2::254"],
    "carrier-grade NAT": ["100.64.0.1", "100.127.255.255", "100.100.100.200"],
    "link-local": ["169.254.0.1", "169.254.169.254", "fe80::1", "fe80::1%eth0"],
    "cloud metadata": ["169.254.169.254", "168.63.129.16", "192.0.0.192"],
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1"],
    "reserved": ["240.0.0.1", "255.255.255.255", "192.0.0.1", "2001:1::1", "2001:2::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.9", "2001:db8::1", "3fff::1"],
    "benchmarking": ["198.18.0.1", "198.19.255.255"],
    "6to4": ["192.88.99.1", "2002:7f00:1::1", "2002:5db8:d822::1"],
    "Teredo": ["2001::1", "2001:0:53aa:64c:0:7fff:80ff:fffe"],
    "IPv4-compatible": ["::127.0.0.1", "::93.184.216.34"],
    "loopback, written as IPv6": ["::ffff:127.0.0.1", "::ffff:7f00:1", "64:ff9b::127.0.0.1", "::ffff:0:127.0.0.1"],
    "private, written as IPv6": ["::ffff:10.0.0.1", "64:ff9b::192.168.0.1"],
    "link-local, cloud metadata, written as IPv6": ["::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"],
    "local NAT64": ["64:ff9b:1::1"],
    "site-local": ["fec0::1"],
    "not global unicast": ["100::1", "5f00::1", "4000::1"],
    "no IP address": ["localhost", "", "2130706433", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.1."],
}


@pytest.mark.parametrize("text", PUBLIC)
def test_public(text):
    assert refusal(text) is None


@pytest.mark.parametrize(("why", "text"), [(why, text) for why, texts in REFUSED.items() for text in texts])
def test_refused(why, text):
    assert why in refusal(text)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///etc/passwd", "only http and https"),
        ("gopher://127.0.0.1:6379/_x", "only http and https"),
        ("javascript:alert(1)", "only http and https"),
        ("ftp://93.184.216.34/", "only http and https"),
        ("http:///x", "no host"),
        ("http://", "no host"),
        ("http://[::1/x", "refused"),
        ("http://news.example:99999/", "refused"),
        ("http://news.example:-1/", "refused"),
        ("http://news.example:0/", "port 0"),
        ("http://news.example:22/", "port 22"),
        ("http://news.example:6379/", "port 6379"),
        ("https://news.example:25/", "port 25"),
        ("http://news.example@127.0.0.1/", "user name"),
        ("http://user:pass@news.example/", "user name"),
        ("http://@news.example/", "user name"),
        ("http://127.0.0.1/", "loopback"),
        ("http://[::1]/", "loopback"),
        ("http://[::ffff:127.0.0.1]/", "loopback"),
        ("http://169.254.169.254/latest/meta-data/", "cloud metadata"),
        ("http://0.0.0.0/", "unspecified"),
        ("http://[fd00::1]/", "private"),
    ],
)
def test_urls_refused(url, why):
    with pytest.raises(BlockedAddressError, match=r"refused") as caught:
        Guard().origin(url)
    assert why in str(caught.value)
    assert caught.value.final


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://news.example/a?b", ("http", "news.example", 80, "news.example")),
        ("HTTPS://NEWS.example/", ("https", "news.example", 443, "news.example")),
        ("http://news.example:80/", ("http", "news.example", 80, "news.example")),
        ("http://news.example:8080/", ("http", "news.example", 8080, "news.example:8080")),
        ("https://[2606:2800::1]:8443/", ("https", "2606:2800::1", 8443, "[2606:2800::1]:8443")),
        ("http://[2606:2800::1]/", ("http", "2606:2800::1", 80, "[2606:2800::1]")),
    ],
)
def test_urls_allowed(url, origin):
    found = Guard().origin(url)
    assert (found.scheme, found.host, found.port, found.netloc) == origin


def test_a_setting_opens_private_addresses_and_any_port_but_no_other_scheme():
    guard = Guard(allow_private=True)
    assert guard.origin("http://127.0.0.1:6379/").port == 6379
    guard.check("10.0.0.1", "intranet.example")
    for url in ("file:///etc/passwd", "http://a@127.0.0.1/"):
        with pytest.raises(BlockedAddressError):
            guard.origin(url)


def test_the_message_names_host_address_and_setting():
    with pytest.raises(BlockedAddressError) as caught:
        Guard().check("10.0.0.1", "intranet.example")
    assert all(word in str(caught.value) for word in ("intranet.example", "10.0.0.1", "ALLOW_PRIVATE_ADDRESSES"))


# ------------------------------------------------------------------------------------ names, with a fake lookup


class Threads:
    """A thread pool that works at once, or holds the work back."""

    def __init__(self, hold=False):
        self.hold, self.held = hold, []

    def callInThreadWithCallback(self, done, work, *args, **kwargs):
        if self.hold:
            self.held.append((done, work, args))
            return
        try:
            done(True, work(*args, **kwargs))
        except Exception:
            from twisted.python.failure import Failure

            done(False, Failure())


class FakeReactor(MemoryReactorClock):
    """Twisted's reactor for tests, with names."""

    def callFromThread(self, call, *args, **kwargs):
        call(*args, **kwargs)


class Names:
    """A name server; each answer is given once, the last for ever."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    def __call__(self, host, port, family, kind):
        self.asked.append(host)
        answers = self.answers.get(host)
        if answers is None:
            raise socket.gaierror(-2, "Name or service not known")
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            (socket.AF_INET6, kind, 6, "", (ip, port, 0, 0)) if ":" in ip else (socket.AF_INET, kind, 6, "", (ip, port))
            for ip in found
        ]


class Receiver:
    def __init__(self):
        self.began, self.addresses, self.complete = False, [], False

    def resolutionBegan(self, resolution):
        self.began = True

    def addressResolved(self, found):
        self.addresses.append(found)

    def resolutionComplete(self):
        self.complete = True


def resolver(names, *, reactor=None, threads=None, guard=None, cached=10, timeout=5.0):
    reactor = reactor or FakeReactor()
    inner = NameResolver(reactor, timeout=timeout, cached=cached, lookup=names, threads=lambda: threads or Threads())
    return GuardedResolver(inner, guard or Guard(), reactor), reactor


def resolve(resolver, host, **kwargs):
    receiver = Receiver()
    resolver.resolveHostName(receiver, host, **kwargs)
    assert receiver.began
    return receiver


def test_answers_hold_public_addresses_only():
    names = Names(mixed=[["127.0.0.1", "93.184.216.34", "10.0.0.1", "::1", "2606::1"]], inner=[["10.0.0.1"]])
    guarded, _ = resolver(names)
    assert resolve(guarded, "mixed", portNumber=80).addresses == [
        address.IPv4Address("TCP", "93.184.216.34", 80),
        address.IPv6Address("TCP", "2606::1", 80),
    ]
    assert resolve(guarded, "inner").addresses == []
    assert resolve(guarded, "missing").complete
    only4 = resolve(guarded, "mixed", addressTypes=[address.IPv4Address])
    assert [found.host for found in only4.addresses] == ["93.184.216.34"]
    opened, _ = resolver(names, guard=Guard(allow_private=True))
    assert [found.host for found in resolve(opened, "inner").addresses] == ["10.0.0.1"]


def test_answers_are_kept_for_a_while():
    names = Names(a=[["93.184.216.34"]], b=[["93.184.216.35"]], c=[["1.1.1.1"]])
    guarded, reactor = resolver(names, cached=2)
    for host in "aabac":
        assert resolve(guarded, host).addresses
    assert names.asked == ["a", "b", "c"]
    resolve(guarded, "a")
    assert names.asked == ["a", "b", "c", "a"]  # two are kept, a was the oldest
    reactor.advance(DNS_KEEP + 1)
    resolve(guarded, "a")
    assert names.asked[-2:] == ["a", "a"]


def test_a_name_server_that_never_answers_is_given_up():
    guarded, reactor = resolver(Names(slow=[["93.184.216.34"]]), threads=Threads(hold=True), timeout=5)
    receiver = resolve(guarded, "slow")
    reactor.advance(4.9)
    assert not receiver.complete
    reactor.advance(0.2)
    assert receiver.complete
    assert receiver.addresses == []


# ------------------------------------------------------------------------------------ at the connection


def connect(reactor, host, port=80, guard=None):
    """As the download handler does it; gives the failure, if there is one yet."""
    from twisted.internet.endpoints import HostnameEndpoint
    from twisted.internet.protocol import Factory

    errors = []
    endpoint = HostnameEndpoint(GuardedReactor(reactor, guard or Guard(), host), host, port)
    endpoint.connect(Factory()).addErrback(lambda failure: errors.append(failure.value))
    for _ in range(5):  # the endpoint goes from one address to the next every 0.3 s
        reactor.advance(0.3)
    return errors


def with_names(names, guard=None):
    guarded, reactor = resolver(names, guard=guard, cached=0)
    reactor.nameResolver = guarded
    return reactor


def test_a_name_that_rebinds_between_two_connections_is_caught_at_the_second():
    reactor = with_names(Names(**{"rebind.example": [["93.184.216.34"], ["127.0.0.1"]]}))
    assert connect(reactor, "rebind.example") == []
    assert [client[0] for client in reactor.tcpClients] == ["93.184.216.34"]
    [error] = connect(reactor, "rebind.example")
    assert isinstance(error, BlockedAddressError)
    assert "127.0.0.1" in str(error)
    assert len(reactor.tcpClients) == 1


def test_the_address_connected_to_is_the_one_that_was_checked():
    """A name server that answers differently each time gains nothing: one lookup a connection, by literal."""
    names = Names(**{"flip.example": [["93.184.216.34"], ["10.0.0.1"], ["127.0.0.1"]]})
    reactor = with_names(names)
    connect(reactor, "flip.example")
    assert names.asked == ["flip.example"]
    assert reactor.tcpClients[0][0] == "93.184.216.34"


def test_of_mixed_addresses_only_the_public_one_is_connected_to():
    reactor = with_names(Names(**{"mixed.example": [["127.0.0.1", "::1", "93.184.216.34", "10.0.0.1"]]}))
    errors = connect(reactor, "mixed.example")
    assert [client[0] for client in reactor.tcpClients] == ["93.184.216.34"]
    assert errors == []


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "127.0.0.1.", "localhost", "ip6-localhost", "0"]
)
def test_odd_spellings_end_at_the_address(host):
    """Whatever the operating system makes of a spelling (here: loopback), its answer is what is judged."""
    reactor = with_names(Names(**{host: [["127.0.0.1"]]}))
    [error] = connect(reactor, host)
    assert isinstance(error, BlockedAddressError)
    assert reactor.tcpClients == []


def test_literals_and_ipv6():
    names = Names(**{"2606::1": [["2606::1"]], "fd00::1": [["fd00::1"]], "6.example": [["2606::2"]]})
    reactor = with_names(names)
    assert connect(reactor, "2606::1") == connect(reactor, "6.example") == []
    assert [client[0] for client in reactor.tcpClients] == ["2606::1", "2606::2"]
    assert isinstance(connect(reactor, "fd00::1")[0], BlockedAddressError)


def test_no_other_way_out_of_the_guarded_reactor():
    reactor = with_names(Names())
    guarded = GuardedReactor(reactor, Guard(), "x.example")
    for connector in ("connectSSL", "connectUNIX"):
        with pytest.raises(BlockedAddressError):
            getattr(guarded, connector)
    with pytest.raises(BlockedAddressError, match="no IP address"):
        guarded.connectTCP("localhost", 80, None)


def test_from_crawler():
    from scrapy.settings import Settings

    settings = Settings({"ALLOW_PRIVATE_ADDRESSES": "true", "BROADSHEET_PORTS": "80,9000"})
    guard = Guard.from_settings(settings)
    assert guard == Guard(allow_private=True, ports=frozenset({80, 9000}))
    reactor = FakeReactor()
    made = GuardedResolver.from_crawler(SimpleNamespace(settings=settings), reactor)
    reactor.installNameResolver = lambda installed: setattr(reactor, "nameResolver", installed)
    made.install_on_reactor()
    assert reactor.nameResolver is made
