"""The `scrapy` commands that Broadsheet adds."""
