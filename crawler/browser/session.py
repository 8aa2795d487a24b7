"""One Chromium, which has one page open at a time, so that every request it makes is known to be of that page.

Playwright's own routing lets redirected requests through to the network without asking, and does not see those of
workers. Hence the requests are held at the level of the whole browser, by the protocol's ``Fetch`` domain.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from crawler.browser.route import Traffic

logger = logging.getLogger(__name__)

WIDTH, HEIGHT = 1280, 800

ARGUMENTS = (
    # The way to the network ends here, should anything get past the interception: no name is looked up, and whatever
    # connects goes to a proxy that does not exist, loopback too.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://proxy.invalid:9",
    "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--dns-prefetch-disable",
    "--no-pings",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-first-run",
)

CLOSED_DOORS = """
for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "WebTransport"]) {
  try { delete globalThis[name]; } catch (error) {}
}
"""
"""What speaks to the network past HTTP."""

MOST_VISITS = 100
"""Pages after which a browser is started anew: it grows."""


class BrowserFailed(Exception):
    """The browser could not be started, or has died; the message says why."""


class Session:
    """One running Chromium."""

    def __init__(self, browser: Any, devtools: Any, agent: str) -> None:
        self.version: str = browser.version
        self.visits = 0
        self._browser, self._devtools = browser, devtools
        major = self.version.partition(".")[0]
        self.agent = (
            f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 "
            f"Safari/537.36 {agent}"
        )
        self._traffic: Traffic | None = None
        self._popups: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        devtools.on("Fetch.requestPaused", self._paused)
        devtools.on("Target.targetCreated", self._created)

    @classmethod
    async def start(cls, driver: Any, executable: Path, *, agent: str, sandbox: bool) -> Session:
        """Start a browser. ``agent`` says in its User-Agent who we are. Raises ``BrowserFailed``."""
        try:
            browser = await driver.chromium.launch(
                executable_path=str(executable),
                args=list(ARGUMENTS),
                chromium_sandbox=sandbox and os.geteuid() != 0,
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
            devtools = await browser.new_browser_cdp_session()
            session = cls(browser, devtools, agent)
            await devtools.send("Target.setDiscoverTargets", {"discover": True})
            await devtools.send("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})
        except Exception as error:
            raise BrowserFailed(f"{executable} could not be started: {_first_lines(error)}") from error
        return session

    @property
    def alive(self) -> bool:
        return bool(self._browser.is_connected())

    @asynccontextmanager
    async def page(self, traffic: Traffic, *, locale: str) -> AsyncIterator[Any]:
        """An empty page without a past: no cookies, no cache. Its requests go to ``traffic``."""
        self.visits += 1
        context = await self._browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            device_scale_factor=1,
            locale=locale,
            timezone_id="UTC",
            user_agent=self.agent,
            service_workers="block",
            accept_downloads=False,
            reduced_motion="reduce",
        )
        try:
            await context.add_init_script(CLOSED_DOORS)
            page = await context.new_page()
            own = await context.new_cdp_session(page)
            traffic.frame = (await own.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
            self._traffic = traffic
            context.on("page", self._popup)
            yield page
        finally:
            traffic.closed = True
            self._traffic = None
            with suppress(Exception):
                await asyncio.wait_for(context.close(), 10)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        with suppress(Exception):
            await asyncio.wait_for(self._browser.close(), 10)

    def _popup(self, page: Any) -> None:
        self._run(page.close())

    def _created(self, event: dict[str, Any]) -> None:
        target = event["targetInfo"]
        if target.get("type") == "page" and target.get("openerId"):
            self._popups.add(target["targetId"])

    def _paused(self, event: dict[str, Any]) -> None:
        traffic = self._traffic
        if traffic is None or event.get("frameId") in self._popups:
            fail = {"requestId": event["requestId"], "errorReason": "BlockedByClient"}
            self._run(self._devtools.send("Fetch.failRequest", fail))
        else:
            self._run(traffic.paused(event, self._devtools))

    def _run(self, work: Any) -> None:
        async def guarded() -> None:
            try:
                await work
            except Exception as error:  # the page is gone, mostly: nobody waits for the answer any more
                logger.debug("a request of the browser came to nothing: %s", _first_lines(error))

        task = asyncio.ensure_future(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _first_lines(error: BaseException, lines: int = 4) -> str:
    text = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {' '.join(text[:lines])}"[:600]
