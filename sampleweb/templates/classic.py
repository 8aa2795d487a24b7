"""HTML 4 from the age of tables: upper-case tags, font elements, spacer cells, windows-1251."""

from __future__ import annotations

from sampleweb.templates.page import Knows, Page
from sampleweb.templates.parts import ONE, body, byline, esc, head_links, image_url, links, pager, share, stamp

KNOWS = Knows(date="day", modified=False, keywords=False)

_BLOCKS = {
    "p": '<P ALIGN="justify">{html}</P>',
    "h2": "<H3>{html}</H3>",
    "list": '<UL TYPE="square">{html}</UL>',
    "item": "<LI>{html}</LI>",
    "quote": "<BLOCKQUOTE>{html}</BLOCKQUOTE>",
    "table": '<TABLE BORDER="1" CELLPADDING="4" CELLSPACING="0">{html}</TABLE>',
    "figure": '<TABLE ALIGN="right" WIDTH="220" CLASS="photo"><TR><TD><IMG SRC="{image}" WIDTH="220" HEIGHT="124" ALT=""></TD></TR>'
    '<TR><TD CLASS="podpis"><FONT SIZE="1" COLOR="#666666">{html}</FONT></TD></TR></TABLE>',
    "pull": '<TABLE ALIGN="left" WIDTH="180" CLASS="vrezka"><TR><TD><FONT SIZE="4"><I>{html}</I></FONT></TD></TR></TABLE>',
    "related": '<DIV CLASS="related"><B>{title}:</B><UL>{links}</UL></DIV>',
    "newsletter": '<TABLE WIDTH="100%" BGCOLOR="#eeeecc" CLASS="subscribe"><TR><TD><B>{title}</B><BR>{html}<BR>'
    '<INPUT TYPE="submit" VALUE="{button}"></TD></TR></TABLE>',
    "embed": '<DIV CLASS="embed"><FONT SIZE="2">{html} <A HREF="https://chirrup.invalid/s/8841">{title}</A></FONT></DIV>',
    "readmore": '<DIV CLASS="seealso"><B>{title}:</B> <A HREF="{href}">{html}</A></DIV>',
    "ad": '<CENTER CLASS="banner"><FONT SIZE="1">{title}</FONT><BR><A HREF="/ads/book">{html}</A></CENTER>',
}


def render(page: Page) -> str:
    """The whole page."""
    main = {"article": _article, "list": _list, "plain": _plain}[page.kind](page)
    label = page.words
    outlet = page.outlet
    side = links(page.latest, '<TR><TD><FONT SIZE="2"><A HREF="{href}">{title}</A></FONT></TD></TR>')
    return f"""<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN" "http://www.w3.org/TR/html4/loose.dtd">
<HTML>
<HEAD>
<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset={outlet.declared}">
<TITLE>{esc(outlet.name)} :: {esc(page.title)}</TITLE>
{head_links(page)}
<STYLE TYPE="text/css">BODY,TD{{font-family:Arial,sans-serif;font-size:15px}}H1{{font-size:26px}}A{{color:#003399}}
.podpis{{font-size:11px}}.vrezka{{color:#993300}}</STYLE>
</HEAD>
<BODY BGCOLOR="#ffffff" TOPMARGIN="0">
<TABLE WIDTH="980" ALIGN="center" CELLPADDING="6" CELLSPACING="0" BORDER="0">
<TR BGCOLOR="#003366"><TD COLSPAN="3"><A HREF="/"><FONT COLOR="#ffffff" SIZE="6"><B>{esc(outlet.name)}</B></FONT></A></TD></TR>
<TR BGCOLOR="#ccddee"><TD COLSPAN="3">{links(page.nav, ONE)}</TD></TR>
<TR VALIGN="top">
<TD WIDTH="180" BGCOLOR="#f4f4f4"><TABLE CELLPADDING="3"><TR><TD><B>{label["latest"]}</B></TD></TR>
{side}
<TR><TD><FONT SIZE="2"><B>{label["ad"]}</B><BR>{label["ad_text"]}</FONT></TD></TR></TABLE></TD>
<TD>
{main}
</TD>
<TD WIDTH="120"><FONT SIZE="2">{label["search"]}:<BR><INPUT SIZE="10"></FONT></TD>
</TR>
<TR BGCOLOR="#ccddee"><TD COLSPAN="3"><CENTER><FONT SIZE="2">© 2001-2026 {esc(outlet.name)}. {label["footer"]}<BR>
<A HREF="/about">{label["imprint"]}</A> | <A HREF="/contact">{label["contact"]}</A> | <A HREF="#">{label["top"]}</A></FONT></CENTER></TD></TR>
</TABLE>
</BODY>
</HTML>
"""


def _article(page: Page) -> str:
    story, revision, _ = page.need()
    label = page.words
    names = byline(page)
    by = f"<BR>{label['by']} {names}" if names else ""
    stand = f'<P CLASS="lead"><B>{esc(revision.standfirst)}</B></P>' if revision.standfirst else ""
    banner = f'<CENTER CLASS="promo"><B>{esc(label[revision.banner])}</B></CENTER>' if revision.banner else ""
    section = (
        f'<A HREF="/{page.outlet.section_slug(story.section)}/">{esc(page.outlet.section_name(story.section))}</A>'
    )
    shares = share(page, '<A HREF="#share">{title}</A> | ')
    return f"""<FONT SIZE="2"><A HREF="/">{label["home"]}</A> &raquo; {section}</FONT>
<H1>{esc(revision.headline)}</H1>
<FONT SIZE="2" COLOR="#666666">{stamp(page, time=True)}{by}</FONT>{banner}
{stand}
<TABLE ALIGN="right" WIDTH="240" CLASS="photo"><TR><TD><IMG SRC="{image_url(page)}" WIDTH="240" HEIGHT="135" ALT="{esc(story.caption)}"></TD></TR>
<TR><TD CLASS="podpis"><FONT SIZE="1" COLOR="#666666">{esc(story.caption)} {label["photo"]}: {esc(page.outlet.agency)}</FONT></TD></TR></TABLE>
{body(page, _BLOCKS)}
<HR SIZE="1">
<FONT SIZE="2"><A HREF="{esc(page.print)}">{label["print"]}</A> | {shares}</FONT>
<P><FONT SIZE="2"><B>{label["related"]}:</B></FONT></P><UL>{links(page.related, '<LI><A HREF="{href}">{title}</A></LI>')}</UL>
<FONT SIZE="2">{label["comments"]}: {label["comments_text"]}</FONT>"""


def _list(page: Page) -> str:
    rows = links(page.teasers, '<TR><TD><A HREF="{href}"><B>{title}</B></A></TD></TR>')
    more = f"<P><B>{page.words['most_read']}</B></P><UL>{links(page.more)}</UL>" if page.more else ""
    return f'<H1>{esc(page.title)}</H1><TABLE CELLPADDING="5">{rows}</TABLE>{pager(page)}{more}'


def _plain(page: Page) -> str:
    return f"<H1>{esc(page.title)}</H1>{page.body}"
