"""The outlets: who they are, how their CMS behaves, what each is the example of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

from sampleweb.words import words

SECTIONS = ("politics", "economy", "society", "culture", "sport")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One outlet. Everything that differs between sites is a field here or in its template."""

    key: str
    name: str
    host: str
    language: str
    locale: str
    template: str
    path: str  # pattern of article paths; {section} {slug} {id} {date:%Y...}
    offset: int = 0  # of its local time, in minutes
    staff: tuple[str, ...]
    agency: str
    agency_byline: str = ""  # how a byline names the agency; empty: the agency's name
    feeds: tuple[str, ...] = ("rss",)  # rss, atom, json
    sitemap: str = "plain"  # plain, index (of a gz one), news, none
    only_via: tuple[str, ...] = ()  # each: one story that only this listing names
    mix: tuple[str, ...] = ("article", "article", "article", "brief")
    standfirst: bool = True
    amp: bool = False
    print_twin: bool = False
    per_page: int = 8
    charset: str = "utf-8"
    declared: str = "utf-8"  # what its pages claim in a meta element
    header_charset: str = "utf-8"  # what its Content-Type claims; empty: nothing
    odd_charset: str | None = None  # what one of its three servers claims instead
    validators: str = "both"  # both, etag, modified
    chunked: bool = False
    crawl_delay: str = ""
    content_signal: str = ""  # in its robots.txt
    forbids_agents: tuple[str, ...] = ()  # by name, in its robots.txt
    tdm_policy: str = ""  # in its tdmrep.json, which reserves; empty: it has none
    robots_tag: str = ""  # the header X-Robots-Tag of its articles
    old_host: str = ""  # redirects everything to `host`
    consent_section: str = ""  # its articles ask for a cookie first, by redirect
    utm: str = ""  # tracking parameters on links from feeds and the home page
    page_link: str = "next"  # next: link rel=next and a "next" link; numbers: plain page numbers
    paywall: bool = False
    live: bool = False
    wire: bool = False

    @property
    def zone(self) -> timezone:
        return timezone(timedelta(minutes=self.offset))

    def local(self, moment: datetime) -> datetime:
        """`moment` on the outlet's own clock."""
        return moment.astimezone(self.zone)

    def section_slug(self, section: str) -> str:
        return words(self.language)[f"slug_{section}"]

    def section_name(self, section: str) -> str:
        return words(self.language)[section]

    def article_path(self, *, section: str, slug: str, number: int, published: datetime) -> str:
        """The path of an article, percent-encoded as its links spell it."""
        path = self.path.format(section=self.section_slug(section), slug=slug, id=number, date=self.local(published))
        return quote(path, safe="/?=&-._~")


OUTLETS: tuple[Outlet, ...] = (
    # The page of the seed: skip links, kicker, caption told twice, author box, notice, XS SM MD LG.
    Outlet(
        key="halvern",
        name="Radio Halvern",
        host="127.0.0.2",
        language="en",
        locale="en_US",
        template="broadcaster",
        path="/a/{slug}/{id}.html",
        staff=("Radio Halvern",),
        agency="Meridia Press",
        feeds=("rss",),
        only_via=("rss",),
        standfirst=False,
        wire=True,
        mix=("article", "brief", "article", "flash", "article"),
        utm="utm_source=rss&utm_medium=feed",
    ),
    # JSON in a script, JSON-LD with escaped HTML, +05:30, live blogs, AMP.
    Outlet(
        key="karu",
        name="Karu Valley Courier",
        host="127.0.0.3",
        language="en",
        locale="en_IN",
        template="hydrated",
        path="/{section}/{slug}-{id}",
        offset=330,
        staff=("Ishani Vellathar", "Devan Orrispett", "Maribel Takkarai", "Soren Puddukal"),
        agency="Meridia Press",
        feeds=("atom",),
        sitemap="plain",
        amp=True,
        standfirst=False,
        live=True,
        paywall=True,
        wire=True,
        forbids_agents=("GPTBot", "ClaudeBot", "CCBot", "Google-Extended", "PerplexityBot"),
        validators="etag",
        page_link="numbers",
        mix=("article", "article", "article", "article", "brief", "article", "flash"),
    ),
    # Nested div soup, dates in the URL only, consent by redirect, an old host, news sitemap.
    Outlet(
        key="tarn",
        name="The Tarnmouth Post",
        host="127.0.0.4",
        language="en",
        locale="en_GB",
        template="soup",
        path="/{date:%Y/%m/%d}/{slug}/",
        offset=60,
        staff=("Gwenllian Stourbeck", "Rafe Oddington", "Perpetua Lyle-Hanning"),
        agency="Meridia Press",
        feeds=("json",),
        sitemap="news",
        only_via=("json", "news-sitemap"),
        old_host="127.0.0.12",
        consent_section="economy",
        chunked=True,
        crawl_delay="0.1",
        content_signal="search=yes, ai-input=no, ai-train=yes",
        wire=True,
        utm="utm_campaign=home&fbclid=Xa93kQ",
    ),
    # WordPress look, no JSON-LD, the date in running text, print twins, Atom.
    Outlet(
        key="birken",
        name="Birkenfurter Bote",
        host="127.0.0.5",
        language="de",
        locale="de_DE",
        template="weblog",
        path="/{section}/{slug}-{id}.html",
        offset=120,
        staff=("Gesine Altenroth", "Hauke Marschner", "Ottilie Ferngruber"),
        agency="Nordische Depeschenagentur",
        agency_byline="(nda)",
        feeds=("atom",),
        only_via=("atom",),
        print_twin=True,
        validators="modified",
        live=True,
        mix=("article", "article", "brief", "article", "flash"),
    ),
    # A portal: JSON-LD as an array, AMP, subscribers' stories, a gzipped sitemap behind an index,
    # UTF-8 that a meta element calls Latin-1, with a header that is right or silent.
    Outlet(
        key="faro",
        name="El Faro de Albarena",
        host="127.0.0.6",
        language="es",
        locale="es_ES",
        template="portal",
        path="/{section}/{date:%Y-%m-%d}/{slug}_{id}.html",
        offset=120,
        staff=("Casilda Monterroso", "Eladio Ferrándiz-Ubeda", "Maruja Peñalba"),
        agency="Agencia Levantina",
        feeds=("rss",),
        sitemap="index",
        only_via=("gz-sitemap",),
        amp=True,
        paywall=True,
        declared="iso-8859-1",
        odd_charset="",
        robots_tag="noarchive, noai",
        page_link="numbers",
        mix=("article", "article", "brief", "article", "article", "flash"),
    ),
    # Tables, windows-1251 that a header is silent about or calls Latin-1, dates in text, articles behind a query,
    # no sitemap, a story that stands on page 3 of the archive only.
    Outlet(
        key="zarech",
        name="Вечерний Заречинск",
        host="127.0.0.7",
        language="ru",
        locale="ru_RU",
        template="classic",
        path="/news.php?id={id}",
        offset=180,
        staff=("Капитолина Журавлёва-Рощина", "Мирон Стеклянников", "Евдокия Полозова"),
        agency="Агентство «Северный телеграф»",
        feeds=("rss",),
        sitemap="none",
        standfirst=False,
        only_via=("page-3",),
        print_twin=True,
        charset="windows-1251",
        declared="windows-1251",
        header_charset="",
        odd_charset="iso-8859-1",
        per_page=6,
        validators="modified",
        mix=("article", "brief", "article", "article", "flash"),
    ),
    # A block editor, JSON-LD as an @graph whose author is a reference, two feeds.
    Outlet(
        key="foni",
        name="Φωνή της Θαλασσινής",
        host="127.0.0.8",
        language="el",
        locale="el_GR",
        template="blocks",
        path="/{date:%Y/%m}/{slug}-{id}/",
        offset=180,
        staff=("Αρετή Καλαντζόγλου", "Μηνάς Περιβολαράκος", "Χαρίκλεια Δελμούζα"),
        agency="Πρακτορείο Αιγιαλός",
        feeds=("rss", "json"),
        sitemap="plain",
        chunked=True,
        tdm_policy="/rights/policy.json",
        only_via=("sitemap",),
        mix=("article", "article", "brief", "article", "flash", "article"),
    ),
    # Right to left, Arabic addresses in percent-encoding, dates in meta elements, +03:00.
    Outlet(
        key="difaf",
        name="صحيفة ضفاف الوادي",
        host="127.0.0.9",
        language="ar",
        locale="ar_AR",
        template="semantic",
        path="/{section}/{id}/{slug}",
        offset=180,
        staff=("رباب العاصمي", "منذر الخزامي", "سوسن البرديني"),
        agency="وكالة المرافئ",
        feeds=("rss",),
        sitemap="plain",
        only_via=("home",),
        validators="etag",
        mix=("article", "article", "brief", "article", "flash"),
    ),
)

BY_KEY = {outlet.key: outlet for outlet in OUTLETS}
