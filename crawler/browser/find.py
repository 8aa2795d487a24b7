"""Where the browser is, or what to install."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

from scrapy.settings import BaseSettings

from pipelines.errors import ConfigError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class BrowserMissing(ConfigError):
    """Pages cannot be opened in a browser; the message says what to install."""


def find_browser(settings: BaseSettings) -> Path:
    """The browser's executable: the one that ``BROADSHEET_BROWSER`` names, else one that is installed.

    Raises ``BrowserMissing``, also where the extra that drives it is not there.
    """
    if importlib.util.find_spec("playwright") is None:
        raise BrowserMissing("--browser needs the extra `browser`: pip install -e '.[browser]' in the checkout")
    if named := settings.get("BROADSHEET_BROWSER"):
        found = shutil.which(str(named))
        if found is None:
            raise BrowserMissing(f"BROADSHEET_BROWSER names {named}, which is no program that can be run")
        return Path(found)
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    if (own := _own()) is not None:
        return own
    raise BrowserMissing(
        "--browser needs Chromium: install it (apt-get install chromium), or name another one in BROADSHEET_BROWSER"
    )


def _own() -> Path | None:
    """The newest browser that ``playwright install chromium`` has put into its cache."""
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright")
    return max(cache.glob("chromium-*/chrome-linux*/chrome"), default=None)
