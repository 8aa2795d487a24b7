"""Lists of addresses as people keep them."""

from pathlib import Path

import pytest
from scrapy.exceptions import UsageError

from crawler.lists import Listed, read_list

PAGE, OTHER = "https://a.example/1", "https://b.example/2?x=1#y"


@pytest.mark.parametrize(
    ("name", "text", "listed"),
    [
        ("urls.txt", f"{PAGE}\n\n# a note\n {OTHER} \n", Listed((PAGE, OTHER))),
        ("urls.txt", f"\ufeff{PAGE}\r\n{OTHER}\r\n", Listed((PAGE, OTHER))),
        ("failures.txt", f"{PAGE}\t# HTTP status 404 Not Found\n{OTHER}  # refused\n", Listed((PAGE, OTHER))),
        ("records.jsonl", f'{{"url": "{PAGE}", "text": "x"}}\n{{"no": 1}}\n{{torn\n', Listed((PAGE,))),
        ("table.csv", f"id,URL,note\n1,{PAGE},\"a, b\"\n2,{OTHER},\n", Listed((PAGE, OTHER))),
        ("table.csv", f"1;{PAGE}\n2;{OTHER}\n", Listed((PAGE, OTHER))),
        ("table.csv", f"link\n{PAGE}\n", Listed((PAGE,))),
        ("table.tsv", f"title\tlink\nA title, with a comma\t{PAGE}\n", Listed((PAGE,))),
        (
            "feeds.opml",
            f'<opml version="2.0"><body><outline text="a"><outline xmlUrl="{PAGE}" htmlUrl="https://a.example/"/>'
            f'<outline text="page" url="https://b.example/2"/></outline></body></opml>',
            Listed(("https://b.example/2",), (PAGE,)),
        ),
        ("feeds.xml", f'<?xml version="1.0"?><opml><outline xmlurl="{PAGE}"/></opml>', Listed((), (PAGE,))),
        ("empty.csv", "", Listed()),
    ],
)  # fmt: skip
def test_what_a_list_names(tmp_path: Path, name: str, text: str, listed: Listed) -> None:
    (tmp_path / name).write_text(text, "utf-8", newline="")
    assert read_list(str(tmp_path / name)) == listed


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("torn.opml", b"<opml><body><outline"),
        ("bomb.opml", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><opml><body><outline xmlUrl="&a;"'),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError, match=name):
        read_list(str(tmp_path / name))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        read_list(str(tmp_path / "none.txt"))
