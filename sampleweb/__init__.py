"""A sample news web: invented outlets, real HTTP on loopback, a clock, and the truth about every page.

    from sampleweb import SampleWeb

    with SampleWeb() as web:
        for outlet in web.outlets:
            print(outlet.name, outlet.home)
        expected = web.truth()      # what a crawl should find, see sampleweb.truth
        web.advance(hours=1)        # the outlets publish, edit and delete

Standard library only. Everything on it is made up; the same seed gives the same bytes.
"""

from sampleweb.clock import DAY_ZERO, DEFAULT_CLOCK, HORIZON
from sampleweb.incidents import SCENARIO, Incident
from sampleweb.model import Event, Expected, Request
from sampleweb.rich import Requisite, RichPage
from sampleweb.web import Home, SampleWeb

__all__ = [
    "DAY_ZERO",
    "DEFAULT_CLOCK",
    "HORIZON",
    "SCENARIO",
    "Event",
    "Expected",
    "Home",
    "Incident",
    "Request",
    "Requisite",
    "RichPage",
    "SampleWeb",
]
