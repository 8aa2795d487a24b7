"""WARC in, clean records out. Knows nothing of Scrapy or Twisted."""

VERSION = "0.1.0"
