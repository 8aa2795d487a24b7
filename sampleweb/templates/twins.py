"""AMP and print twins of an article: the same text at another address, canonical to the first."""

from __future__ import annotations

from sampleweb.templates.page import Page
from sampleweb.templates.parts import PLAIN, body, byline, esc, json_script, links, news_article, stamp

_BARE = dict.fromkeys(("newsletter", "embed", "pull", "related", "readmore", "ad"), "")


def amp(page: Page) -> str:
    """The AMP twin."""
    story, revision, _ = page.need()
    label = page.words
    markup = {
        **_BARE,
        "related": PLAIN["related"],
        "figure": '<amp-img src="{image}" width="640" height="360" layout="responsive"></amp-img><p class="caption">{html}</p>',
    }
    stand = f'<p class="lead">{esc(revision.standfirst)}</p>' if revision.standfirst else ""
    return f"""<!doctype html>
<html ⚡ lang="{page.outlet.language}"{' dir="rtl"' if page.outlet.language == "ar" else ""}>
<head><meta charset="utf-8"><title>{esc(page.title)}</title>
<link rel="canonical" href="{esc(page.canonical)}">
<meta name="viewport" content="width=device-width">
{json_script(news_article(page))}
<style amp-custom>body{{font:17px/1.6 serif;max-width:640px;margin:auto;padding:12px}}</style>
<script async src="/media/amp-v0.js"></script></head>
<body><header><a href="/">{esc(page.outlet.name)}</a></header>
<main><article><h1>{esc(revision.headline)}</h1>{stand}<p class="byline">{byline(page)} {stamp(page, time=True)}</p>
<amp-img src="/media/{story.number}-1.svg" width="640" height="360" layout="responsive"></amp-img>
<p class="caption">{esc(story.caption)}</p>
{body(page, markup)}</article>
<amp-ad width="300" height="250" type="invented"><div placeholder>{label["ad"]}</div></amp-ad>
<section><h4>{label["related"]}</h4><ul>{links(page.related)}</ul></section></main>
<footer>{label["footer"]}</footer></body></html>
"""


def print_version(page: Page) -> str:
    """The print twin."""
    _, revision, _ = page.need()
    stand = f"<p><b>{esc(revision.standfirst)}</b></p>" if revision.standfirst else ""
    return f"""<!DOCTYPE html>
<html lang="{page.outlet.language}"><head><meta charset="{page.outlet.declared}"><title>{esc(page.title)}</title>
<link rel="canonical" href="{esc(page.canonical)}"><meta name="robots" content="noindex"></head>
<body onload="window.print()"><p>{esc(page.outlet.name)}</p><h1>{esc(revision.headline)}</h1>{stand}
<p><small>{byline(page)} {stamp(page, time=True)}</small></p>
{body(page, _BARE)}
<hr><p><small>{esc(page.canonical)}</small></p><p><small>{page.words["footer"]}</small></p></body></html>
"""
