"""Word lists of discovery: general to the web and the press of many languages, never of one site."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a block of text."""
    return frozenset(text.split())


TRACKING = words("""
    fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid ysclid twclid ttclid igshid igsh li_fat_id mc_cid mc_eid
    _ga _gl _hsenc _hsmi mkt_tok wickedid xtor cmp cmpid ocid ncid smid smtyp s_cid maca _openstat
    __twitter_impression fb_source fb_ref __tn__ srsltid guccounter guce_referrer guce_referrer_sig sfmc_id
    at_medium at_campaign at_bbc_team at_ptr_name at_format ns_mchannel ns_source ns_campaign ns_linkname ns_fee
    pk_campaign pk_kwd pk_source pk_medium pk_content wt_mc wt_zmc wt.mc_id vero_id vero_conv
    gad_source gad_campaignid s_kwcid ef_id epik irclickid rb_clickid _branch_match_id _branch_referrer _kx
    hss_channel spmailingid spuserid spjobid spreportid sc_src sc_lid sc_llid sc_uid sc_eh trk_contact trk_msg
    amp_js_v amp_gsa usqp
""")
"""Parameters that name the campaign or the click, never the page. Those with a second meaning on some site
(``ref``, ``source``, ``cid``, ``id``) are not here: two records of one article cost less than a lost one."""

MEDIA = words("""
    jpg jpeg png gif webp avif svg ico bmp tif tiff mp3 m4a aac ogg oga opus wav flac mp4 m4v mov webm avi mkv mpg
    mpeg m3u8 ts pdf doc docx xls xlsx ppt pptx odt ods csv zip gz rar 7z tar tgz exe dmg apk ipa iso css js mjs
    json woff woff2 ttf eot map ics vcf epub mobi swf
""")
"""File extensions of what is no page."""

JUNK = words("""
    login log-in signin sign-in logout log-out signout sign-out signup sign-up register registration logon
    wp-login.php wp-admin wp-json wp-content wp-includes xmlrpc.php cdn-cgi oauth sso auth account my-account
    myaccount cart checkout unsubscribe password reset-password share sharer sendmail email-article print-friendly
    trackback embed oembed captcha anmelden abmelden einloggen registrieren connexion deconnexion inscription
    iniciar-sesion cerrar-sesion registro entrar
""")
"""Path segments under which nothing is ever read, whatever follows."""

DULL = words("""
    search suche recherche buscar busqueda poisk tag tags schlagwort etiqueta etiquetas mot-cle author authors autor
    autoren auteur auteurs profile profiles user users member members about about-us aboutus contact contacts
    contact-us kontakt impressum imprint privacy privacy-policy datenschutz terms terms-of-use terms-of-service
    cookies cookie-policy cookie disclaimer accessibility advertise advertising mediadata jobs careers career shop
    store newsletter newsletters subscribe subscription subscriptions abo abonnement abonnements help faq faqs
    sitemap calendar kalender comments comment feedback donate donation apps app rss feeds epaper e-paper tv-guide
    tv-programm horoscope horoskop crossword games licensing legal rules press-office corrections settings
    preferences bookmarks widgets
""")
"""Path segments of service pages; an article's own evidence can outweigh them."""

SECTIONS = words("""
    archive archives archiv arhiv arkiv archivo archivio news nachrichten actualites actualite noticias novosti
    notizie world welt monde mundo international politics politik politique politica economy economics wirtschaft
    economie economia business finance markets money sport sports deporte deportes culture kultur cultura arts art
    life lifestyle leben style opinion opinions meinung editorial science wissen wissenschaft sciences ciencia tech
    technology technik technologie tecnologia health gesundheit sante salud environment umwelt climate klima planete
    education society gesellschaft societe sociedad travel food europe europa africa afrique asia asien americas
    amerika usa us uk local regional region regions latest breaking top-stories features analysis investigations
    interviews blog blogs video videos
""")
"""Path segments that, coming last, are a section's."""

MORE = frozenset(
    phrase.strip()
    for phrase in """
    next, next page, older, older posts, older entries, older articles, older news, more, load more, show
    more, see more, more news, more articles, more stories, more posts, more results, weiter, nächste,
    nächste seite, ältere beiträge, mehr, mehr anzeigen, mehr laden, mehr artikel, suivant, suivante, page
    suivante, voir plus, plus d'articles, charger plus, siguiente, página siguiente, anteriores, ver más,
    más, más noticias, próximo, próxima, carregar mais, mais, ver mais, successivo, successiva, altro,
    carica altro, далее, далі, дальше, следующая, наступна, ещё, еще, ще, більше, больше, показать ещё,
    показать еще, показати ще, загрузить ещё, раніше, ранее, sonraki, daha fazla, التالي, المزيد, بیشتر,
    بعدی, הבא, עוד, 下一页, 下一頁, 次へ, もっと見る, 다음, 더보기, अगला, और, więcej, następna, starsze, další, ďalej,
    următoarea, volgende, nästa, neste, seuraava, επόμενη
    """.replace("\n", " ").split(",")
)
"""What a link to the next page of a listing says, in small letters and without arrows."""
