"""Signals of a crawl, besides Scrapy's own: connect to them with ``crawler.signals.connect``."""

captured = object()
"""A response is in the archive: ``ref`` (CaptureRef), ``provenance`` (Provenance), ``status`` (int)."""

settled = object()
"""A capture has its outcome: ``outcome`` (Article or Rejection), ``change`` (Change or None)."""
