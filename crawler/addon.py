"""All wiring of Broadsheet into Scrapy, readable at one glance."""

from __future__ import annotations

import logging

from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings

from crawler.checks import check, instant
from crawler.jobs import Job
from pipelines.clock import pretend

logger = logging.getLogger(__name__)

MIDDLEWARE = "scrapy.downloadermiddlewares."

WIRING = {
    # Every exchange passes our handler, which keeps the bytes; no other scheme exists.
    "DOWNLOAD_HANDLERS": {
        "http": "crawler.fetch.wire.WireDownloadHandler",
        "https": "crawler.fetch.wire.WireDownloadHandler",
        "file": None,
        "ftp": None,
        "s3": None,
        "data": None,
    },
    # What is fetched next, and when.
    "SCHEDULER": "crawler.fetch.frontier.Frontier",
    # Redirects and retries go through the frontier too, so that they are captures and survive a kill.
    "DOWNLOADER_MIDDLEWARES": {
        MIDDLEWARE + "redirect.RedirectMiddleware": None,
        MIDDLEWARE + "redirect.MetaRefreshMiddleware": None,
        MIDDLEWARE + "retry.RetryMiddleware": None,
        MIDDLEWARE + "robotstxt.RobotsTxtMiddleware": None,
        MIDDLEWARE + "offsite.OffsiteMiddleware": None,
        MIDDLEWARE + "httpcache.HttpCacheMiddleware": None,
        "crawler.fetch.middleware.OutcomeMiddleware": 40,
        "crawler.fetch.middleware.RobotsMiddleware": 100,
        "crawler.fetch.tdmrep.TdmrepMiddleware": 110,
    },
    "SPIDER_MIDDLEWARES": {
        "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,
        "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
        "scrapy.spidermiddlewares.referer.RefererMiddleware": None,
        "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
    },
    # The run, and what a person sees of it.
    "EXTENSIONS": {
        "crawler.browser.visits.Visits": -10,
        "crawler.crawl.Crawl": 0,
        "crawler.watch.progress.Progress": 10,
        "crawler.watch.checkup.Health": 20,
        "crawler.watch.webhook.Webhook": 30,
        "crawler.watch.metrics.Metrics": 40,
        "scrapy.extensions.logstats.LogStats": None,
        "scrapy.extensions.spiderstate.SpiderState": None,
    },
}


class BroadsheetAddon:
    """Wires the parts in. A setting of the user's own keeps its place: add-on priority is below it."""

    def __init__(self, job: Job | None = None) -> None:
        self._job = job

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> BroadsheetAddon:
        return cls(getattr(crawler.spider, "job", None))

    @classmethod
    def update_pre_crawler_settings(cls, settings: BaseSettings) -> None:
        # These belong to the process, so they must stand before there is a crawler.
        for name, value in {
            "TWISTED_DNS_RESOLVER": "crawler.fetch.guard.GuardedResolver",
            "TELNETCONSOLE_ENABLED": False,
            "REMOTE_CONTROL_ENABLED": False,
        }.items():
            settings.set(name, value, "addon")
        check(settings)
        now = settings["BROADSHEET_NOW"]
        pretend(instant(now) if now else None)

    def update_settings(self, settings: BaseSettings) -> None:
        for name, value in WIRING.items():
            if isinstance(value, dict):
                for key, part in value.items():
                    settings[name].set(key, part, "addon")
            else:
                settings.set(name, value, "addon")
        self.update_pre_crawler_settings(settings)
        # The frontier paces each host by itself, exactly and per outlet; Scrapy's slots are not to add to that.
        for name, ours, most in (
            ("DOWNLOAD_DELAY", "BROADSHEET_DELAY", 0),
            ("CONCURRENT_REQUESTS_PER_DOMAIN", "BROADSHEET_CONNECTIONS", 16),
        ):
            settings.set(ours, settings[name], "addon")
            settings.set(name, most, settings.getpriority(name) or 0)
        self._introduce(settings)

    def _introduce(self, settings: BaseSettings) -> None:
        """The User-Agent says who we are, and where to complain."""
        agent = self._job.user_agent if self._job and self._job.user_agent else settings["USER_AGENT"]
        contact = (self._job.contact if self._job else None) or settings["BROADSHEET_CONTACT"]
        if contact:
            agent = f"{agent} (+{contact})"
        elif not settings.getbool("ALLOW_PRIVATE_ADDRESSES"):
            logger.warning("no contact is set: give one in the job (contact = …) or as BROADSHEET_CONTACT, see README")
        settings.set("USER_AGENT", agent, settings.getpriority("USER_AGENT") or 0)
