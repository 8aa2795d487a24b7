"""One outlet's stories at an instant: what is listed, what a listing shows, when it last changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from sampleweb.clock import DAY_ZERO
from sampleweb.model import Revision, Story
from sampleweb.outlets import Outlet
from sampleweb.translit import slugify


def _all(_: Story) -> bool:
    return True


class Archive:
    """The stories of one outlet, queried by time."""

    def __init__(self, outlet: Outlet, stories: tuple[Story, ...]) -> None:
        self.outlet = outlet
        self.stories = stories
        self._paths = {self.path(story): story for story in stories}
        self._numbers = {story.number: story for story in stories}

    def path(self, story: Story) -> str:
        """The path (and query) of a story's own page, as links spell it."""
        return self.outlet.article_path(
            section=story.section, slug=story.slug, number=story.number, published=story.published
        )

    def by_path(self, path: str) -> Story | None:
        return self._paths.get(path)

    def by_number(self, number: int) -> Story | None:
        return self._numbers.get(number)

    def listed(self, now: datetime, only: str = "", keep: Callable[[Story], bool] = _all) -> list[Story]:
        """What is online, newest first, without the stories that only another listing names."""
        return [
            story
            for story in reversed(self.stories)
            if story.only_via in ("", only) and story.current(now) is not None and keep(story)
        ]

    def before(self, story: Story, count: int) -> list[Story]:
        """The stories that were the latest when `story` came out: fixed, so that a page's bytes
        change only when its own story does."""
        older = [other for other in self.stories if other.published < story.published and not other.only_via]
        return older[-count:][::-1]

    def changed(
        self,
        now: datetime,
        shown: Iterable[Story],
        *,
        shifts: bool,
        keep: Callable[[Story], bool] = _all,
    ) -> datetime:
        """When a listing of `shown` last changed. `shifts`: also by any publication that moved
        its items on, as on the second page of a section."""
        moments = [DAY_ZERO]
        shown = list(shown)
        for story in shown:
            moments.append(max(story.published, story.modified(now) or story.published))
        oldest = min((story.published for story in shown), default=now)
        for story in self.stories:
            if story.only_via or story.published > now or not keep(story):
                continue
            if shifts and story.published >= oldest:
                moments.append(story.published)
            if story.removal and story.removal.at <= now and story.published >= oldest:
                moments.append(story.removal.at)
        return max(moments)


def tag_slug(word: str) -> str:
    """The last part of a tag page's path."""
    return slugify(word)


def headline(story: Story, now: datetime) -> str:
    """The headline as of `now` (or the first one, for links that were set earlier)."""
    return revision(story, now).headline


def revision(story: Story, now: datetime) -> Revision:
    """The state at `now`; the last state for a story that is gone, the first for one to come."""
    past = [item for item in story.revisions if item.at <= now]
    return past[-1] if past else story.revisions[0]
