"""All wiring of Broadsheet into Scrapy, readable at one glance."""

from __future__ import annotations

from scrapy.settings import BaseSettings

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
    },
    "SPIDER_MIDDLEWARES": {
        "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,
        "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
        "scrapy.spidermiddlewares.referer.RefererMiddleware": None,
    },
    # The run, and what a person sees of it.
    "EXTENSIONS": {
        "crawler.crawl.Crawl": 0,
        "crawler.watch.progress.Progress": 10,
        "scrapy.extensions.logstats.LogStats": None,
        "scrapy.extensions.spiderstate.SpiderState": None,
    },
}


class BroadsheetAddon:
    """Wires the parts in. A setting of the user's own keeps its place: add-on priority is below it."""

    @classmethod
    def update_pre_crawler_settings(cls, settings: BaseSettings) -> None:
        # These belong to the process, so they must stand before there is a crawler.
        for name, value in {
            "TWISTED_DNS_RESOLVER": "crawler.fetch.guard.GuardedResolver",
            "TELNETCONSOLE_ENABLED": False,
            "REMOTE_CONTROL_ENABLED": False,
        }.items():
            settings.set(name, value, "addon")

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
        contact = settings["BROADSHEET_CONTACT"]
        if contact and "(+" not in settings["USER_AGENT"]:
            settings.set(
                "USER_AGENT", f"{settings['USER_AGENT']} (+{contact})", settings.getpriority("USER_AGENT") or 0
            )
