"""Words by which pages name their parts: in ``class``, ``id`` and ``role``, in the languages of the web's templates.

A name alone never decides: it counts only for elements inside the container that holds the body, where an article
has no reason to name its own text so.
"""

from __future__ import annotations

import re

_TAXONOMY = re.compile(r"(?:^|(?<=\s))(?:tag|category|author|cat|topic|term|section)-(?!bio|box|info|card|links)[\w-]+")
"""Classes that WordPress and others make from an article's own tags, sections and author: values, not parts."""

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

_FURNITURE = {
    "navigation": r"""nav navi navbar navigation subnav topnav sidenav menu submenu breadcrumbs? pagination pager
        prev-next next-prev next-post prev-post toolbar topbar skip-links? skip-to colophon footers? sitenav mainnav
        masthead link-?list linkbox accessibility""",
    "share": r"""share shares sharing share-?bar share-?buttons? share-?tools? share-?links? social socials
        social-?media social-?share addthis a2a addtoany sharedaddy sharethis follow follow-?us likes
        social-?links? social-?icons? print-?button text-?size font-?size fontsize textresizer resizer bookmark""",
    "comments": r"""comments? comment-?list comment-?form commentform comments-?area disqus livefyre respond
        kommentare? commentaires? comentarios? commenti reacties kommentit viafoura coral spot-?im hyvor discussion""",
    "newsletter": r"""newsletters? nl-?signup subscribe subscribers? subscription subscriptions sign-?up signup
        mailing-?list mailchimp mc-?embed mc4wp email-?signup inline-?newsletter bulletin-?signup abo abonnement""",
    "promo": r"""promos? promo-?box promotion cta ctas call-to-action advert adverts advertising advertisement
        advertorial ads ad ad-?slot ad-?unit ad-?container adbox adslot ad-?wrapper google-?ad gpt sponsors?
        sponsored sponsor-?message banner banners donate donation support-?us apps? app-?banner app-?promo
        marketing offer not-?prose teaser-?ad dfp werbung anzeige publicite publicidad reklama
        appeal membership buy-?now affiliate store shop product-?list""",
    "related": r"""related related-?articles? related-?posts? related-?content related-?stories related-?links?
        related-?news relateds recommend recommended recommendations? recirc recirculation recommended-?posts?
        more-?stories more-?news more-?from more-?on read-?more read-?also read-?next readmore see-?also also-?read
        also-?like most-?read most-?popular mostpopular mostviewed most-?viewed popular popular-?posts? trending
        latest latest-?news last-?news top-?news top-?stories outbrain taboola zergnet revcontent mgid yarpp
        jp-?relatedposts relatedposts widget-area widget_recent widget-recent widget_categories widget_text sidebars? side-?bar teasers? teaser-?list carousel slider
        swiper onward up-?next next-?up article-?list news-?list post-?list archive-?list featured-?posts
        interlinks? inline-?link ultimas lire-?aussi a-?lire leggi-?anche similar similares verwandte
        weitere-?artikel mehr-?zum-?thema meistgelesen internal-?links? explore more-?articles further-?reading
        suggested suggestions you-?may-?like crosslinks? topic-?links? linked-?articles? more-?in
        wp-?embed see-?also read-more-line article-?card display-?card post-?card story-?card news-?card card-?excerpt""",
    "author": r"""author-?bio author-?box author-?info author-?card author-?profile author-?details? author-?block
        author-?description about-?author about-?the-?author about-?authors? article-?author post-?author
        author-?about author-?section author-?meta bio biography bylines? by-?line byline-?wrapper writers?
        contributors? vcard authorbox autor autore auteur authors? author-?name author-?list author-?container
        saboxplugin author-?wrap(?:per)? author-?area author-?tooltip article-?authors? molongui article-?bio""",
    "meta": r"""meta metas entry-?meta (?:single)?post-?meta(?:data)? article-?meta meta-?info metadata meta-?data post-?info post-?date
        article-?info entry-?date article-?date dateline timestamps? time-?stamp publish-?date published
        pub-?date date-?published datetime date-?time date updated last-?updated? is-last-update read-?time reading-?time tags?
        tag-?list taglist tag-?cloud post-?tags article-?tags keywords? topics? topic-?list categories cat-?links
        tags-?links entry-?footer post-?footer article-?footer entry-?utility kicker eyebrow overline rubric
        post-?categories views view-?count post-?views print-?only print-?info article-?tools? article-?actions
        toolbox tool-?bar post-?navigation entry-?category article-?topics""",
    "caption": r"""caption captions wp-caption-text caption-?text image-?caption img-?caption photo-?caption
        media-?caption figcaption fig-?caption credits? photo-?credit image-?credit media-?credit picture-?credit
        caption-?credit image-?source img-?credit copyright legend gallery galleries slideshow photo-?gallery
        lightbox image-?info photo-?info image-?description bildunterschrift pie-?de-?foto legende didascalia
        hero-?caption image-?copyright photo-?by""",
    "dialog": r"""modal modals popups? pop-?up overlay dialog lightbox cookie cookies cookie-?banner consent gdpr
        tooltip tooltips toast login log-?in signin sign-?in register registration account notification
        notifications wall drawer offcanvas off-?canvas captcha message-?box error-?message loading spinner dropdown""",
    "notice": r"""disclaimer disclaimers legal legal-?notice terms privacy correction-?policy trust-?project
        syndication editors?-?standards feedback error-?report report-?error report-?typo orphus hint""",
    "player": r"""player video-?player audio-?player jwplayer jw-?player video-?js vjs brightcove playlist
        media-?player podcast-?player speech text-?to-?speech readspeaker listen beyondwords""",
    "box": r"""info-?box fact-?box faktabox faktenbox infokasten kasten side-?note poll polls quiz survey umfrage voting
        question-of-the-day text-?box""",
    "embed": r"""embed embeds embedded-?content social-?embed external-?content externer-?inhalt embed-?consent consent-?placeholder""",
    "pull": r"""pull-?quotes? pulled-?quote quote-?pull vrezka pull pq highlighted-?quote""",
    "hidden": r"""sr-only screen-?reader screen-reader-text visually-?hidden visuallyhidden assistive-?text
        a11y-?hidden only-?print print-?only noprint no-?print show-?for-?sr u-?hidden is-?hidden d-none""",
}
FURNITURE = re.compile(
    r"(?:^|(?<=[\s_-]))(?:"
    + "|".join(f"(?P<{reason}>{'|'.join(words.split())})" for reason, words in _FURNITURE.items())
    + r")(?=$|[\s_-])"
)

_BODY = r"""article-?body articlebody article-?content article-?text articletext story-?body storybody story-?content
    entry-?content post-?content post-?body body-?content content-?body main-?text article-?main news-?text
    article-?detail post-?text article__body article__content artikel-?text articolo-?testo texte text-?content rich-?text
    richtext field-?name-?body article-?copy body-?copy body-?text news-?body single-?content td-post-content
    article-?paragraphs? wysiwyg cuerpo-?noticia cuerpo corpo-?noticia corps-?article contenu-?article e-content"""
BODY = re.compile(r"(?:^|(?<=[\s_-]))(?:" + "|".join(_BODY.split()) + r")(?=$|[\s_-])")

_LEDE = r"""lede lead leads lead-?text lead-?paragraph intro introduction standfirst stand-?first deck dek summary
    subtitle sub-?title sub-?headline subheadline sub-?heading subhead subheader excerpt abstract chapo chapeau entradilla
    bajada sommario occhiello catenaccio vorspann anreisser anons ingress manchet lid description subtitulo copete
    sapo tagline article-?desc teaser-?text leadin lead-?in perex zajawka preamble blurb"""
LEDE = re.compile(r"(?:^|(?<=[\s_-]))(?:" + "|".join(_LEDE.split()) + r")(?=$|[\s_-])")


def names_of(classes: str | None, identifier: str | None) -> str:
    """The class and id of an element in lower case, words in camel case parted."""
    names = f"{classes or ''} {identifier or ''}"
    if len(names) > 400:
        names = names[:400]
    return (_CAMEL.sub("-", names) if not names.islower() else names).lower()


def furniture(names: str) -> str | None:
    """The kind of furniture that names speak of, or None."""
    if "hentry" in names or "type-" in names or "post-" in names:
        names = _TAXONOMY.sub("", names)
    found = FURNITURE.search(names)
    if found is None or (found.lastgroup in ("related", "meta") and LEDE.search(names)):
        return None
    return found.lastgroup
