"""All that knows Scrapy: discovery, fetching, spiders, commands."""
