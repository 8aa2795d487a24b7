"""Finding article addresses: pure functions from a fetched page to candidates. ``discover`` is the door."""

from crawler.discovery.door import discover, seeds
from crawler.discovery.values import Discovered, Fetched

__all__ = ["Discovered", "Fetched", "discover", "seeds"]
