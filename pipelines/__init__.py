"""WARC in, clean records out. Knows nothing of Scrapy or Twisted."""
