"""The commonest words of the news's languages, and letters that tell near relatives apart."""

from __future__ import annotations

_LISTS = {
    "en": "the of and to in a is that for on was with as it by at from be are has have were said not this but his "
        "an who their they which after more will",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus "
        "er hat dass sie nach wird bei einer um am sind noch wie einem über",
    "fr": "de la le les et des en un une du que dans est pour qui au par sur pas plus ne ce il se aux avec sont "
        "son cette a ont été mais sa ses",
    "es": "de la que el en y los del se las por un para con una su al es lo como más no ha sus este pero fue han "
        "entre sobre también",
    "pt": "de que o a e do da em um para com não uma os no se na por mais as dos como mas ao foi das ou são pela "
        "à também pelo já seu sua",
    "it": "di e il la che in un per è del della a non una i con si le da dei nel al sono alla gli più ha anche "
        "delle lo su ma come dal nella",
    "ca": "de la que el i en a els les per del un una amb es no al ha més dels com però seva aquest aquesta són "
        "ser entre també s'ha",
    "ro": "de și în a la cu că pe care o un din este nu pentru au fost mai al ale s-a sa se dar după prin fi lui "
        "ca sunt către",
    "nl": "de van het een en in is dat op te zijn met voor niet die aan er om ook als bij door naar uit over maar "
        "ze nog wordt hij worden heeft hebben werd",
    "af": "die van en in het is nie wat sy dit te 'n vir op met aan hy om word sê was hulle as deur ook kan maar "
        "na ons moet",
    "da": "og i at det er en til af på som for med der den de ikke et har om fra var han blev men også vil efter "
        "kan skal hun være ved bliver",
    "no": "og i det er på som en til av for at med har den de ikke et om fra var han ble men også vil etter kan "
        "skal hun være sier seg",
    "sv": "och i att det som en på är av för med den till har de inte ett om han men var från vid så kan efter "
        "också när hon ska eller enligt",
    "is": "og í að er á sem til við það var um en fyrir með af hann ekki því hafa verið eru frá þau segir eftir "
        "hefur þess",
    "fi": "ja on ei että se oli hän mutta myös ovat kun ole kuin mukaan joka sen jos niin vuoden vuonna mitä tai "
        "ollut jo vain sekä hänen",
    "et": "ja on ei et see oma ka kui oli mis aga ning tema kes selle välja seda pärast nii ta mida ole veel siis "
        "aasta",
    "lv": "un ir ka ar no par uz arī bet kā tas tika pēc gada nav to kas gan jau lai ko būs latvijas vai viņš tiek",
    "lt": "ir kad yra į su iš tai kaip buvo apie bet dėl ar jis po taip metų tik už lietuvos kai bus savo pat jau "
        "ne nuo",
    "pl": "w i na z się że do nie jest to o jak po ale za od przez co jego są dla jego który tym tego czy już "
        "roku oraz także będzie został",
    "cs": "a v se na je že s z do o i to k ve pro za by ale jako po si od jsou jeho které který podle aby už bude "
        "také není",
    "sk": "a v sa na je že s z do o aj to k vo pre za by ale ako po si od sú jeho ktoré ktorý podľa aby už bude "
        "tiež nie",
    "sl": "in v je na da se so za z ki pa ne tudi bi po od iz kot s o pri ga le bo med še ter leta",
    "hr": "i u je na se da su za od s a o kako koji iz što ne će bi koja te nije po ili bio do nakon godine biti",
    "hu": "a az és hogy nem is egy ez volt meg azt csak de már el van kell ki mint még szerint lehet aki lesz után ezt",
    "sq": "në e të dhe i për me që një nga është ka nuk më se si u do ai kanë por edhe këtë janë tek pas",
    "tr": "ve bir bu için ile da de olarak çok daha olan en gibi kadar sonra ise ne dedi ancak var olduğu ya her "
        "o ki göre oldu",
    "az": "və bu bir üçün ilə da də olan edib ki daha çox sonra olub görə deyib var qeyd bildirib azərbaycan həm "
        "kimi isə",
    "uz": "va bu bilan uchun ham bir da deb boʻlgan edi qilish ekan kerak lekin emas haqida boʻyicha uning yil",
    "id": "yang dan di dengan untuk dari ini itu dalam tidak pada akan juga ke karena oleh ada saat mereka bisa "
        "telah menjadi lebih kata sebagai tersebut",
    "ms": "yang dan di dengan untuk dari ini itu dalam tidak pada akan juga ke kerana oleh ada beliau mereka "
        "boleh telah menjadi lebih kata sebagai berkata",
    "tl": "ang ng sa na mga ay at ni para kay nang si hindi ito mula kung may din ang naman niya ayon",
    "vi": "của và các là trong có được cho người với không những một để đã khi này ông ra từ vào nhiều đến tại về "
        "năm trên",
    "sw": "na ya wa kwa ni katika za la kuwa hiyo cha kama yake huo baada huku hii hilo lakini watu alisema wake",
    "zu": "ukuthi uthe futhi ngoba kodwa lapho uma kanye nje ngesikhathi ukuba njengoba manje yini bonke kusho "
        "abantu emva wathi nokuthi",
    "xh": "ukuba kwaye uthi xa kuba okanye kodwa abantu ngoku emva kunye njengoko into ukuze",
    "ha": "da a na ya ta ne wata wannan domin kuma ba su sun cewa shi an kan yin daga cikin ce",
    "so": "iyo ka ku oo in ee waa uu ayaa ah la si waxa loo kala waxay isagoo sida",
    "ga": "agus an na ar go a i is le ag do na bhí sé tá mar don ní nach leis seo",
    "cy": "y yn a i o ar ei yr mae wedi am oedd bod ac gan fod ond eu hyn hefyd sydd",
    "eu": "eta da ez du bat izan dute egin ere dira dela zuen baina hori euskal duen izango gehiago dituzte",
    "gl": "de a o que e en do da os para unha as un por con non se dos máis no na como ao pola foi polo tamén",
    "ru": "в и на не что с по это как он из за к о от для был его но у до так было все же также года который со "
        "они при",
    "uk": "в у і на з що не та до за як про це від він для його було або але вже також року їх який щодо ще після "
        "україни під",
    "be": "і у на не з што да за як па гэта ад для але яго быў каб пра так або таксама які было яны пасля",
    "bg": "на и да в за се от с не е че по са като ще до това го при или си бе беше има която които след",
    "mk": "на и да во за се од со не е дека по ќе ги го до што како при или си беше има кои која според",
    "sr": "и у је на се да су за од са а о као који из што не ће би која те није по или био до након године",
    "kk": "және мен үшін бұл деп болып бар осы ол де еді екен туралы бойынша керек болған сол емес оның қазақстан",
    "ky": "жана менен үчүн бул деп болуп бар ошол ал да эле экен боюнча керек болгон эмес анын кыргызстан",
    "mn": "нь юм байна байгаа энэ гэж ба бол болон тус онд улсын болсон хийж манай хэмээн",
    "tg": "ва дар ба аз ки бо ин барои як аст мешавад ҳам он шуд буд то кард худ мегӯяд тоҷикистон",
    "ar": "في من على أن إلى عن التي ما هذا الذي كان لا مع هذه قد بعد ذلك كما بين أو لم وقال هو خلال قبل حيث",
    "fa": "و در به از که این را با است برای آن یک خود تا بر هم شده نیز شد بود کرد می ها گفت",
    "ur": "کے میں کی ہے اور سے کا کو نے کہ ہیں اس پر یہ بھی کر نہیں ایک تھا جو ان گیا کیا",
    "ps": "د په چې او کې له دی يې ته سره کړي هم نه دا پر وي شوی شي افغانستان",
    "ckb": "لە و بە کە بۆ لەگەڵ ئەو ئەم دەکات هەروەها لەسەر هەیە بوو دوای نییە",
    "hi": "के में की है और से का को ने कि हैं पर यह भी कर नहीं इस एक था लिए हो",
    "mr": "आणि आहे या च्या ते हे व की तर आहेत होते यांनी केली नाही असे मात्र",
    "ne": "छ र को मा ले पनि भएको गरेको छन् हो यो गर्ने तथा भने उनले नेपाल",
}  # fmt: skip

WORDS: dict[str, frozenset[str]] = {language: frozenset(words.split()) for language, words in _LISTS.items()}
"""Function words by language, lower case. Chosen for frequency in news, and so that relatives differ in several."""

LETTERS: dict[str, tuple[str, str]] = {
    "no": ("", "äöß"), "da": ("", "äöß"), "sv": ("", "æøß"), "de": ("ß", "æøåñ"), "en": ("", "äöüßæøåñãõșțłşğıčšžě"),
    "pt": ("ãõ", "ñ"), "es": ("ñ¿", "ãõç"), "gl": ("ñ", "ãõç"), "ca": ("·", "ãõñ"), "cs": ("ěřů", "ľĺŕôł"),
    "sk": ("ľĺŕô", "ěřů"),
    "sl": ("", "ćđ"), "hr": ("ćđ", ""), "uk": ("іїєґ", "ыэёъў"), "be": ("ў", "иїєґщ"), "ru": ("ыэё", "іїєґўјљњћђ"),
    "bg": ("", "ыэёіїєјљњћђ"), "mk": ("ѓќѕ", "ыэёъщйћђ"), "sr": ("ћђ", "ыэёъщйѓќ"), "fa": ("پچژگ", "ٹڈےۆێ"),
    "ar": ("ةى", "پچژگٹڈے"), "ur": ("ٹڈےں", ""), "ps": ("ټډړږښګڼ", ""), "ckb": ("ۆێڕڵ", ""), "tr": ("ğış", "əqx"),
    "az": ("ə", ""),
    "kk": ("әғқңұһ", ""), "ky": ("ңөү", "әғқұһ"), "mn": ("өү", "әғқңұі"), "tg": ("ӣӯҷҳқғ", ""), "ro": ("ăâîșțşţ",
    "ñãõ"), "id": ("", ""),
}  # fmt: skip
"""Letters that speak for a language, and letters that it does not have."""
