"""The values that pass through Broadsheet, from the address of a page to its record.

``Candidate`` → (fetched) → ``Exchange`` → (written) → ``CaptureRef`` → (read back) → ``Capture``
→ (refined) → ``Article`` or ``Rejection`` → (settled) → the same, and a ``Change`` if an article's life has one.

All are plain values: frozen, compared by content and, but for ``Exchange``, picklable.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import IO, Literal
from urllib.parse import urljoin

Truncation = Literal["length", "time", "disconnect", "unspecified"]
"""Why a body is not whole: the values of ``WARC-Truncated`` (WARC/1.1, section 5.13)."""

RecordType = Literal["response", "revisit", "resource"]
"""The WARC record types that hold what a reader may see."""


SCHEMA_VERSION = "1.2"
"""Of the record. Major: a field was removed or changed its meaning. Minor: a field was added."""


class Role(StrEnum):
    """What a page is fetched for. It decides what is looked for in it, never whether it is archived."""

    HOME = "home"
    ROBOTS = "robots"
    FEED = "feed"
    SITEMAP = "sitemap"
    SECTION = "section"
    ARTICLE = "article"
    REQUISITE = "requisite"


ONWARD = ("redirect", "meta-refresh")
"""Methods of candidates that a page sends its reader on to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A URL worth fetching, with all that its source says of it."""

    url: str
    role: Role
    method: str
    """How it was found: ``seed``, ``feed``, ``sitemap``, ``news-sitemap``, ``section``, ``autodiscovery``,
    ``robots``, ``redirect``, ``pagination`` …"""
    outlet: str = ""
    source_url: str | None = None
    """The page, feed or sitemap that named it."""
    title: str | None = None
    """The headline as the source gives it."""
    date: str | None = None
    """The publication or modification date as the source gives it, unparsed."""
    updated: str | None = None
    """When the page was last changed, as the source announces it, unparsed; None where it announces nothing."""
    depth: int = 0
    """Links followed from the seed to here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSignals:
    """What the robots.txt and the tdmrep.json of its host said of a page when it was fetched."""

    robots_txt: Literal["rules", "none", "unavailable"] | None = None
    """None: not known, as the file was not seen; so below."""
    agents: tuple[str, ...] = ()
    """AI agents that may not fetch the page by a group that names them (``pipelines.text.agents``)."""
    everyone: bool = False
    """The group for ``*`` forbids the page."""
    content_signal: str | None = None
    """The ``Content-Signal`` and ``Content-Usage`` lines that apply to the page, as written."""
    uses: tuple[tuple[str, bool], ...] = ()
    """What they come to: a use, and whether it is wanted."""
    rsl: tuple[str, ...] = ()
    """Addresses of RSL licences."""
    tdm_file: Literal["rules", "none"] | None = None
    tdm_reservation: int | None = None
    """By the first rule for the page: 1 or 0."""
    tdm_policy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What extraction needs and the response does not hold. Kept in the WARC as a ``metadata`` record."""

    job: str | None = None
    run: str | None = None
    outlet: str | None = None
    role: Role = Role.ARTICLE
    method: str | None = None
    source_url: str | None = None
    title: str | None = None
    date: str | None = None
    depth: int = 0
    fetch_ms: int | None = None
    """Milliseconds from sending the request to the last byte of the response."""
    signals: HostSignals | None = None
    """Noted when the page is fetched, as the host's files may say something else later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its response, byte for byte as they crossed the wire."""

    url: str
    started: datetime
    """When the request was sent (UTC)."""
    elapsed: float
    """Seconds from ``started`` to the last byte received."""
    request: bytes
    """The request, head and body."""
    response: IO[bytes]
    """The final response from its status line on: head, then the body in its transfer and content coding."""
    response_length: int
    interim: bytes = b""
    """The 1xx responses that came before, if any."""
    ip: str | None = None
    """The address that was spoken to."""
    protocols: tuple[str, ...] = ()
    """``WARC-Protocol`` values, such as ``http/1.1`` and ``tls/1.3``."""
    truncated: Truncation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRef:
    """Where a capture lies. Enough to open it again and to name it as evidence."""

    filename: str
    """The WARC's final base name, without the ``.open`` of an unsealed file."""
    offset: int
    """Of the record's first byte in the file as stored (its gzip member)."""
    length: int
    """Bytes that the record takes in the file as stored."""
    record_id: str
    """``WARC-Record-ID`` without angle brackets."""
    url: str
    date: str
    """``WARC-Date`` as written."""
    type: RecordType
    payload_digest: str | None
    refers_to: str | None = None
    """For a revisit, the record id that holds the payload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A page as it was received, ready to be read."""

    ref: CaptureRef
    status: int
    headers: tuple[tuple[str, str], ...]
    """As sent: order, case and repetition kept; latin-1 decoded."""
    payload: bytes = field(repr=False)
    """The body without transfer coding, in its content coding."""
    truncated: Truncation | None = None
    provenance: Provenance = Provenance()

    @property
    def chunked(self) -> bool:
        """Whether the body came with chunk framing."""
        return "chunked" in (self.header("transfer-encoding") or "").lower()

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def leads_to(self) -> str | None:
        """The whole address to which a redirect sends its reader; None if it is no redirect, or names no address."""
        location = (self.header("location") or "").strip() if 300 <= self.status < 400 else ""
        try:
            return urljoin(self.ref.url, location) if location else None
        except ValueError:
            return None


# ---------------------------------------------------------------- the record
#
# What follows is the article record: one JSON object a line. The JSON Schema is generated from these
# classes (`pipelines.records.schema`), the docstring of a field is its description there.


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Whom the page credits with the article."""

    name: str
    url: str | None = None
    type: Literal["Person", "Organization"] = "Person"
    """As schema.org has it: agencies, desks and papers are organizations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    name: str | None
    domain: str
    """The host of the page without ``www.``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcPointer:
    """Where the bytes are that the record was made from."""

    filename: str
    offset: int
    length: int
    record_id: str
    date: str
    payload_digest: str | None
    type: RecordType
    refers_to: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpFacts:
    status: int
    mime: str | None
    etag: str | None
    last_modified: str | None
    location: str | None = None
    """Where a redirect leads, as sent; since 1.1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """How the page was found, and what the source said of it."""

    method: str | None
    source_url: str | None
    title: str | None
    date: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What made the record; the same values and the same bytes give the same record."""

    software: str
    version: str
    options_digest: str
    site_memory_digest: str | None
    text_digest: str
    """SHA-256 of ``text`` (UTF-8), hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The article's place in its own history."""

    number: int
    previous_id: str | None
    first_seen: str
    """``WARC-Date`` of the first capture of this article."""
    change: str | None
    """What differs from the previous version: ``text``, ``headline`` or ``metadata``; null for the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What page and host signalled of the use of the text when it was captured (docs/rights.md); since 1.2.
    Signals, and no legal advice."""

    verdict: Literal["forbidden", "permitted", "unstated"]
    """Of text and data mining and the training of AI: one signal that forbids is enough; ``unstated`` where none
    forbids or permits."""
    forbidden_by: tuple[str, ...]
    """The signals that forbid: ``robots.txt`` (a group names an agent of AI training or data sets), ``robots.txt:*``,
    ``x-robots-tag``, ``meta-robots``, ``tdm-reservation``, ``content-signal``."""
    permitted_by: tuple[str, ...]
    """The signals that permit: ``tdm-reservation``, ``content-signal``, ``license``."""
    archiving: Literal["forbidden", "permitted", "unstated"]
    """Of keeping copies and showing them to others."""
    archiving_forbidden_by: tuple[str, ...]
    """The signals that forbid it: ``robots.txt`` (a group names an archive's agent), ``robots.txt:*``,
    ``x-robots-tag``, ``meta-robots``."""
    robots_txt: Literal["rules", "none", "unavailable"] | None
    """What stood at the host's robots.txt; null where it was not seen, and so are the two fields below."""
    robots_agents: tuple[str, ...] | None
    """AI agents that a group of the robots.txt names and forbids this page."""
    robots_everyone: bool | None
    """Whether the group for ``*`` forbids this page."""
    x_robots_tag: tuple[str, ...]
    """The values of the header, as sent."""
    meta_robots: tuple[str, ...]
    """Meta elements for robots, as ``name: content``."""
    directives: tuple[str, ...]
    """What header and meta elements come to, in lower case; of one agent as ``gptbot: noindex``."""
    tdm_reservation: int | None
    """TDMRep: 1 where text and data mining is reserved, 0 where it is not, null where nothing valid is said."""
    tdm_policy: str | None
    """TDMRep: the address of the policy for those who want to mine."""
    tdm_source: Literal["meta", "header", "file"] | None
    """Where the reservation stood."""
    tdm_file: Literal["rules", "none"] | None
    """What stood at the host's ``/.well-known/tdmrep.json``; null where it was not seen."""
    content_signal: tuple[str, ...]
    """``Content-Signal`` and ``Content-Usage`` as written: the robots.txt lines for this page, then headers."""
    ai_train: bool | None
    """What they say of training AI."""
    ai_input: bool | None
    """What they say of giving the text to an AI that answers."""
    search: bool | None
    """What they say of search."""
    rsl: tuple[str, ...]
    """RSL licences that robots.txt, header or page name; their terms are not read."""
    other_licenses: tuple[str, ...]
    """Licences that page and header name beside ``license``."""
    copyright_notice: str | None
    copyright_holder: str | None
    usage_info: str | None
    """schema.org ``usageInfo``: where terms of use stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What the text looks like, by the signals with which training data are filtered; since 1.2.

    Of ``text`` alone, its first 200,000 characters. A line is a paragraph. A token is what stands between white space,
    a word what ``word_count`` counts, in lower case. Shares and ratios have six decimals. Null: there is nothing to
    take a share of, or the definition does not hold, as where words are not written apart (Chinese, Japanese, Thai,
    Lao, Khmer, Burmese).
    """

    language: str | None
    """What the text by itself is taken for, whatever its page declares: a plain subtag of BCP 47, such as ``en``.
    Source: our own, from CLD2 and function words (docs/quality.md)."""
    language_score: float
    """From 0, a guess, to 1: how far the evidence for ``language`` is ahead of that for the next one. No probability:
    docs/quality.md has how often it is right. Source: our own."""
    num_lines: int = 0
    """Lines. Source: CCNet (Wenzek et al. 2020), in RedPajama-v2 as ``ccnet_nlines``."""
    num_sentences: int = 0
    """Stretches with a word in them between the marks that end sentences; a decimal point ends one as well. Source:
    RedPajama-v2 ``rps_doc_num_sentences``, here with the marks of all scripts, and the end of a line is one."""
    mean_word_length: float | None = None
    """Characters a word, on average. Source: Gopher (Rae et al. 2021, A.1.1), RedPajama-v2
    ``rps_doc_mean_word_length``."""
    hash_to_word_ratio: float | None = None
    """``#`` by tokens. Source: Gopher (A.1.1); with the next, RedPajama-v2 ``rps_doc_symbol_to_word_ratio``."""
    ellipsis_to_word_ratio: float | None = None
    """``...`` and ``…`` by tokens. Source: Gopher (A.1.1)."""
    frac_no_alph_words: float | None = None
    """Share of tokens without a letter of any alphabet. Source: RedPajama-v2 ``rps_doc_frac_no_alph_words`` (there
    a–z only), Gopher (A.1.1)."""
    frac_all_caps_words: float | None = None
    """Share of tokens whose letters are all capitals. Source: RedPajama-v2 ``rps_doc_frac_all_caps_words``."""
    frac_unique_words: float | None = None
    """Different words by words. Source: RedPajama-v2 ``rps_doc_frac_unique_words``."""
    unigram_entropy: float | None = None
    """Entropy of the words' distribution, in nats. Source: RedPajama-v2 ``rps_doc_unigram_entropy``."""
    stop_word_fraction: float | None = None
    """Share of words that are function words of ``language``, by our lists of 14 to 40; null for a language without
    one. Source: RedPajama-v2 ``rps_doc_stop_word_fraction`` (there longer lists)."""
    num_stop_words: int | None = None
    """How many different stop words there are: in English of Gopher's eight (the, be, to, of, and, that, have, with),
    in other languages of our function words, null for a language without a list. Source: Gopher (A.1.1)."""
    frac_lines_start_with_bulletpoint: float | None = None
    """Share of lines that start with one of • - ‣ ▶ ◀ ◦ ■ □ ▪ ▫. Source: Gopher (A.1.1), RedPajama-v2
    ``rps_lines_start_with_bulletpoint`` without its dash, which begins direct speech in many languages."""
    frac_lines_end_with_ellipsis: float | None = None
    """Share of lines that end with ``...`` or ``…``. Source: Gopher (A.1.1), RedPajama-v2
    ``rps_doc_frac_lines_end_with_ellipsis``."""
    line_punct_ratio: float | None = None
    """Share of lines that end with a mark that ends sentences, in any script, quotation marks and brackets after it
    disregarded. Source: FineWeb (Penedo et al. 2024, 3.6), RedPajama-v2
    ``rps_lines_ending_with_terminal_punctution_mark``."""
    short_line_ratio: float | None = None
    """Share of lines of 30 characters or fewer. Source: FineWeb (3.6)."""
    list_ratio: float | None = None
    """Line breaks by words. Source: FineWeb (its published code)."""
    dup_line_frac: float | None = None
    """Share of lines that stood before in the same text. Source: Gopher (A.1.1, table A1); lines and paragraphs are the
    same here."""
    dup_line_char_frac: float | None = None
    """Characters of lines that stood before, by all characters, a line break one. Source: Gopher (table A1)."""
    char_dup_ratio: float | None = None
    """The same, by characters without line breaks. Source: FineWeb (3.6)."""
    frac_lines_javascript: float | None = None
    """Share of lines with ``javascript``, whatever its case. Source: C4 (Raffel et al. 2020, 2.2), RedPajama-v2
    ``rps_lines_javascript_counts``."""
    frac_chars_uppercase: float | None = None
    """Capitals by characters. Source: RedPajama-v2 ``rps_lines_uppercase_letter_fraction``, over the whole text."""
    frac_chars_digit: float | None = None
    """Decimal digits of any script by characters. Source: RedPajama-v2 ``rps_lines_numerical_chars_fraction``, over the
    whole text."""
    curly_bracket: float | None = None
    """``{`` and ``}`` by characters. Source: C4 (2.2), RedPajama-v2 ``rps_doc_curly_bracket``."""
    lorem_ipsum: float | None = None
    """How often ``lorem ipsum`` stands there, whatever its case, by characters. Source: C4 (2.2), RedPajama-v2
    ``rps_doc_lorem_ipsum``."""
    c4_num_sentences: int = 0
    """Sentences (as in ``num_sentences``) in the lines that C4 keeps: of five words or more, none of them over 1,000
    characters, ended by a mark or a quotation mark but no ellipsis, without ``javascript`` and the six phrases of
    cookie and policy notices. Source: C4 (2.2, and its published code)."""
    frac_chars_top_2gram: float | None = None
    """Characters of the most frequent pair of words, as often as it is there, by characters of all words; the first of
    several, 0 if none is there twice. Source: Gopher (table A1), RedPajama-v2 ``rps_doc_frac_chars_top_2gram``."""
    frac_chars_top_3gram: float | None = None
    """The same of three words. Source: Gopher (table A1), RedPajama-v2 ``rps_doc_frac_chars_top_3gram``."""
    frac_chars_top_4gram: float | None = None
    """The same of four words. Source: Gopher (table A1), RedPajama-v2 ``rps_doc_frac_chars_top_4gram``."""
    frac_chars_dupe_5grams: float | None = None
    """Characters in five words in a row that are there twice or more, each counted once, by characters of all words.
    Source: Gopher (table A1), RedPajama-v2 ``rps_doc_frac_chars_dupe_5grams``."""
    frac_chars_dupe_6grams: float | None = None
    """The same of six words. Source: Gopher (table A1), RedPajama-v2 ``rps_doc_frac_chars_dupe_6grams``."""
    frac_chars_dupe_7grams: float | None = None
    """The same of seven words. Source: Gopher (table A1), RedPajama-v2 ``rps_doc_frac_chars_dupe_7grams``."""
    frac_chars_dupe_8grams: float | None = None
    """The same of eight words. Source: Gopher (table A1), RedPajama-v2 ``rps_doc_frac_chars_dupe_8grams``."""
    frac_chars_dupe_9grams: float | None = None
    """The same of nine words. Source: Gopher (table A1), RedPajama-v2 ``rps_doc_frac_chars_dupe_9grams``."""
    frac_chars_dupe_10grams: float | None = None
    """The same of ten words. Source: Gopher (table A1), RedPajama-v2 ``rps_doc_frac_chars_dupe_10grams``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One version of one article: the line that is written."""

    schema_version: str
    id: str
    """UUID derived from the WARC record id: stable for the same capture."""
    url: str
    """The address that was fetched."""
    canonical_url: str
    headline: str | None
    alternative_headline: str | None
    description: str | None
    text: str
    """The article's paragraphs in order, separated by one blank line."""
    authors: tuple[Author, ...]
    date_published: str | None
    """ISO 8601: an instant with offset where the page tells one, a time without offset where it does not tell that,
    else a plain date."""
    date_published_raw: str | None
    """As it stood in the page."""
    date_published_source: str | None
    """Where it stood: ``json-ld``, ``meta:article:published_time``, ``time``, ``url`` …"""
    date_modified: str | None
    language: str | None
    """BCP 47."""
    article_section: tuple[str, ...]
    keywords: tuple[str, ...]
    publisher: Publisher
    image: str | None
    is_accessible_for_free: bool | None
    """False behind a paywall; null where the page does not say."""
    license: str | None
    word_count: int
    """Words of ``text`` by Unicode word boundaries (a CJK or Thai character counts as one)."""
    outlet: str | None
    """The job's name for the outlet; null for a page from no job."""
    warc: WarcPointer
    http: HttpFacts
    discovery: Discovery
    extraction: Extraction
    version: Version
    rights: Rights
    quality: Quality


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A capture that is no article, and why."""

    schema_version: str
    id: str
    url: str
    reason: str
    """One of the reasons documented in ``docs/rejections.md``, such as ``section`` or ``http-status``."""
    detail: str | None
    """For a person: what exactly was seen."""
    outlet: str | None
    warc: WarcPointer
    http: HttpFacts | None
    discovery: Discovery


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One paragraph that is not what it was."""

    op: Literal["added", "removed", "changed"]
    paragraph: int
    """Its number, from 1: in the new text, of a removed one in the old."""
    before: str | None
    """Null for one that was added."""
    after: str | None
    """Null for one that was removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An event in the life of an article that was known before: one capture shows at most one."""

    schema_version: str
    id: str
    """UUID derived from the WARC record id and the kind: stable for the same capture."""
    kind: Literal["version", "deletion", "restoration"]
    """A new version; the article is gone; it is there again, after a deletion (if it has changed meanwhile, this is the
    record of the new version as well)."""
    url: str
    """The address that was fetched."""
    canonical_url: str
    """The address that the article is known by since it was first seen."""
    outlet: str | None
    article_id: str
    """The version that the capture shows; of a deletion, the last version there was."""
    previous_id: str | None
    """The version before; null where no new version came to be."""
    number: int
    """Of the version ``article_id``, from 1."""
    change: str | None
    """What differs from the version before: ``text``, ``headline`` or ``metadata``; null where nothing does."""
    headline: str | None
    previous_headline: str | None
    """That of the version before; null where no new version came to be."""
    diff: tuple[Edit, ...] | None
    """The paragraphs that changed, in order; empty where the text is the same; null where no new version came to be, or
    the text before is not at hand any more."""
    first_seen: str
    """``WARC-Date`` of the first capture of this article."""
    last_seen: str | None
    """``WARC-Date`` of the last capture before this one that showed the article; null where that was not kept."""
    missing_since: str | None
    """``WARC-Date`` of the first capture that showed it gone; null for a version."""
    warc: WarcPointer
    """The capture that shows it."""
    http: HttpFacts | None


Outcome = Article | Rejection


def mark(paragraph: str) -> int:
    """The mark by which a paragraph is told from others: CRC-32 of its UTF-8."""
    return zlib.crc32(paragraph.encode("utf-8", "replace"))
