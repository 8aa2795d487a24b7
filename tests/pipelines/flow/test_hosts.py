"""What a host's files in a WARC say, and for whom."""

from __future__ import annotations

from pipelines.flow.hosts import MOST_HOSTS, Hosts
from pipelines.model import Capture, CaptureRef, HostSignals

ROBOTS = b"User-agent: GPTBot\nDisallow: /\n"


def capture(url: str, status: int = 200, body: bytes = b"", location: str = "") -> Capture:
    ref = CaptureRef(
        filename="a.warc.gz", offset=0, length=9, record_id="urn:uuid:1", url=url, date="2026-09-16T12:00:00Z",
        type="response", payload_digest=None,
    )  # fmt: skip
    return Capture(ref=ref, status=status, headers=(("Location", location),) if location else (), payload=body)


def said(hosts: Hosts, url: str) -> HostSignals | None:
    return hosts.told(capture(url)).provenance.signals


def test_a_redirected_robots_txt_is_that_of_the_host_that_redirected() -> None:
    hosts = Hosts()
    hosts.told(capture("http://a.example/robots.txt", 301, location="https://a.example/robots.txt"))
    hosts.told(capture("https://a.example/robots.txt", 302, location="//www.a.example/robots.txt"))
    assert said(hosts, "http://a.example/1") is None
    hosts.told(capture("https://www.a.example/robots.txt", body=ROBOTS))
    for origin in ("http://a.example", "https://a.example", "https://www.a.example"):
        found = said(hosts, f"{origin}/1")
        assert found is not None and found.agents == ("GPTBot",)
    assert said(hosts, "http://www.a.example/1") is None


def test_redirects_that_lead_nowhere() -> None:
    hosts = Hosts()
    for location in ("", "http://[", "/robots.txt"):
        hosts.told(capture("http://a.example/robots.txt", 301, location=location))
    for number in range(MOST_HOSTS + 5):
        hosts.told(
            capture(f"http://{number}.example/robots.txt", 301, location=f"http://www.{number}.example/robots.txt")
        )
    assert said(hosts, "http://a.example/1") is None
    hosts.told(capture("http://www.0.example/robots.txt", body=ROBOTS))
    assert said(hosts, "http://0.example/1") is None  # forgotten, as are the oldest
