"""What a worker process does with a page of a crawl: refine it, and look for addresses in it."""

from __future__ import annotations

import dataclasses

from crawler.discovery import Fetched, discover
from crawler.discovery.dates import parse_date
from crawler.jobs import Outlet
from pipelines.flow.parse import Parsed, Task, load, parse_capture
from pipelines.model import Capture
from pipelines.text.charset import charset_of
from pipelines.text.decode import decode_content


def parse_page(task: Task) -> Parsed:
    """Parse one capture; ``task.discover`` is the outlet it belongs to, or None to look for nothing."""
    capture = load(task)
    parsed = parse_capture(capture, task)
    if task.discover is None:
        return parsed
    return dataclasses.replace(parsed, discovered=discover(_fetched(capture), _outlet(task)))


def _outlet(task: Task) -> Outlet:
    assert isinstance(task.discover, Outlet)
    return task.discover


def _fetched(capture: Capture) -> Fetched:
    try:
        payload = decode_content(capture)
    except ValueError:
        payload = b""
    content_type = capture.header("content-type") or ""
    encoding = charset_of(payload, content_type) if "html" in content_type.lower() else None
    return Fetched(
        url=capture.ref.url,
        status=capture.status,
        headers=capture.headers,
        payload=payload,
        role=capture.provenance.role,
        depth=capture.provenance.depth,
        encoding=encoding,
        fetched=parse_date(capture.ref.date),
    )
