"""A crawl in a process of its own: fetches batches of URLs through the real handler and pickles what became of each.

Reads ``{"settings": …, "batches": [[{"url": …, …}, …], …], "out": path}`` from standard input. The requests of a batch
go out together, one batch after the other.
"""

import asyncio
import json
import pickle
import sys
from pathlib import Path

import scrapy
from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.exceptions import StopDownload

from pipelines.errors import CaptureError

PLAN = json.load(sys.stdin)
RESULTS: list = []


class Sink:
    """Keeps exchanges as plain values; plays a full disk where the request asks for it."""

    def __call__(self, exchange, request):
        if request.meta.get("sink") == "capture":
            raise CaptureError("no more paper")
        if request.meta.get("sink") == "disk":
            raise OSError(28, "No space left on device")
        with exchange.response as file:
            response = file.read()
        return {
            name: getattr(exchange, name)
            for name in ("url", "started", "elapsed", "request", "interim", "ip", "protocols", "truncated")
        } | {"response": response, "length": exchange.response_length}


class Probe(scrapy.Spider):
    name = "probe"

    @classmethod
    def from_crawler(cls, crawler, *args, **kwargs):
        spider = super().from_crawler(crawler, *args, **kwargs)
        if PLAN.get("sink", True):
            crawler.capture_sink = Sink()
        for name in PLAN.get("stop", ()):
            crawler.signals.connect(getattr(spider, name), getattr(signals, name))
        return spider

    def headers_received(self, headers, body_length, request):
        self.logger.info("headers %s %s", body_length, headers.get("Content-Type"))
        raise StopDownload(fail=False)

    def bytes_received(self, data, request):
        raise StopDownload(fail=True)

    async def start(self):
        for batch in PLAN["batches"]:
            await asyncio.gather(*(self.fetch(**item) for item in batch))
        cookies = sys.modules.get("scrapy.downloadermiddlewares.cookies")
        self.logger.info("suffix lists: %s", list(cookies._split_domain.suffix_list_urls) if cookies else None)
        return
        yield

    async def fetch(self, url, wait=0, **kwargs):
        await asyncio.sleep(wait)
        request = scrapy.Request(url, dont_filter=True, **kwargs)
        result = {"url": url, "status": None, "body": b"", "headers": [], "flags": [], "error": None}
        try:
            response = await self.crawler.engine.download_async(request)
        except Exception as error:
            result |= {"error": type(error).__name__, "message": str(error)}
            response = getattr(error, "response", None)
        if response is not None:
            result |= {
                "status": response.status,
                "body": response.body,
                "headers": [(key, list(values)) for key, values in response.headers.items()],
                "flags": response.flags,
                "protocol": response.protocol,
                "ip": str(response.ip_address),
                "certificate": response.certificate is not None,
            }
        RESULTS.append(
            result | {"capture": request.meta.get("capture"), "latency": request.meta.get("download_latency")}
        )


process = AsyncCrawlerProcess(
    {
        "DOWNLOAD_HANDLERS": dict.fromkeys(("http", "https"), "crawler.fetch.wire.WireDownloadHandler"),
        "TWISTED_DNS_RESOLVER": "crawler.fetch.guard.GuardedResolver",
        "DOWNLOADER_MIDDLEWARES_BASE": {},
        "SPIDER_MIDDLEWARES_BASE": {},
        "EXTENSIONS_BASE": {},
        "CONCURRENT_REQUESTS": 100,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 100,
        "DOWNLOAD_DELAY": 0,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "LOG_LEVEL": "INFO",
        **PLAN["settings"],
    }
)
process.crawl(Probe)
process.start()
Path(PLAN["out"]).write_bytes(pickle.dumps(RESULTS))
