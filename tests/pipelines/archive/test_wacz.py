"""Packages: what is in them, that it is the same each time, and that tampering shows."""

import base64
import gzip
import hashlib
import json
import zipfile
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pipelines.archive import wacz
from pipelines.archive.cdxj import lines
from pipelines.archive.signing import is_signed, load_key
from pipelines.archive.wacz import Page, build, verify
from pipelines.errors import ArchiveError, ConfigError
from tests.pipelines.archive.exchanges import PAGE, PROVENANCE, make_exchange, sized

CREATED = datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC)


@pytest.fixture
def run(writer, tmp_path):
    """A run of two WARC files, and its pages."""
    warc = writer(max_bytes=3000)
    refs = [
        warc.write(make_exchange(sized(PAGE * number), url=f"https://herald.example/{number}"), PROVENANCE)
        for number in range(1, 7)
    ]
    warc.seal()
    pages = [Page(url=ref.url, date=ref.date, title="Br\u00fccke", text="One.\n\nTwo \u2028 three.") for ref in refs]
    return sorted(tmp_path.glob("*.warc.gz")), pages


def private_key(curve=None):
    return ec.generate_private_key(curve or ec.SECP384R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def test_what_is_in_it(run, tmp_path, monkeypatch):
    warcs, pages = run
    assert len(warcs) > 1
    monkeypatch.setattr(wacz, "BLOCK_LINES", 4)
    out = tmp_path / "run.wacz"
    build(warcs, pages, out, created=CREATED, title="Daily", description="*Herald*", software="Broadsheet 0.1")
    assert list(verify(out)) == []
    with zipfile.ZipFile(out) as archive:
        names = archive.namelist()
        assert names[1:-4] == [f"archive/{path.name}" for path in warcs]
        for path in warcs:
            info = archive.getinfo(f"archive/{path.name}")
            assert (info.compress_type, info.file_size) == (zipfile.ZIP_STORED, path.stat().st_size)
            assert archive.read(info) == path.read_bytes()
        assert archive.getinfo("indexes/index.cdx.gz").compress_type == zipfile.ZIP_STORED
        listed = [json.loads(line) for line in archive.read("pages/pages.jsonl").decode().split("\n") if line]
        assert listed[0] == {"format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": True}
        assert listed[1] == {
            "id": listed[1]["id"],
            "url": "https://herald.example/1",
            "ts": "2026-03-02T08:30:00Z",
            "title": "Br\u00fccke",
            "text": "One.\n\nTwo \u2028 three.",
        }
        assert len({page["id"] for page in listed}) == 7
        manifest = json.loads(archive.read("datapackage.json"))
        digest = json.loads(archive.read("datapackage-digest.json"))
        packed = archive.read("indexes/index.cdx.gz")
        first, *blocks = archive.read("indexes/index.idx").decode().splitlines()
        assert {resource["path"] for resource in manifest.pop("resources")} == set(names[:-2])
        assert digest == {
            "path": "datapackage.json",
            "hash": "sha256:" + hashlib.sha256(archive.read("datapackage.json")).hexdigest(),
        }
    assert manifest == {
        "profile": "data-package",
        "wacz_version": "1.1.1",
        "title": "Daily",
        "description": "*Herald*",
        "created": "2026-03-02T09:00:30Z",
        "modified": "2026-03-02T09:00:30Z",
        "software": "Broadsheet 0.1",
        "mainPageUrl": "https://herald.example/1",
        "mainPageDate": "2026-03-02T08:30:00Z",
    }
    assert first == '!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}'
    found = []
    for block in blocks:
        key, _, text = block.partition(" {")
        place = json.loads("{" + text)
        data = packed[place["offset"] : place["offset"] + place["length"]]
        assert place["digest"] == "sha256:" + hashlib.sha256(data).hexdigest()
        found += gzip.decompress(data).decode().splitlines()
        assert found[-1 if len(found) % 4 == 1 else -(len(found) % 4 or 4)].startswith(key + " {")
    assert found == list(lines(warcs, record_digests=True))
    entry = json.loads(found[0].split(" ", 2)[2])
    [path] = [path for path in warcs if path.name == entry["filename"]]
    data = path.read_bytes()[int(entry["offset"]) :][: int(entry["length"])]
    assert entry["recordDigest"] == "sha256:" + hashlib.sha256(data).hexdigest()


def test_the_same_each_time(run, tmp_path):
    for name in ("a.wacz", "b.wacz"):
        build(*run, tmp_path / name, created=CREATED, title="Daily")
    assert (tmp_path / "a.wacz").read_bytes() == (tmp_path / "b.wacz").read_bytes()
    assert not list(tmp_path.glob("*.part"))


def test_signature(run, tmp_path):
    """As WebCrypto checks it: P-384, SHA-256, r and s in a row, over the hash as text."""
    pem = private_key()
    out = tmp_path / "s.wacz"
    build(*run, out, created=CREATED, title="Daily", software="Broadsheet 0.1", key=pem)
    assert list(verify(out)) == []
    with zipfile.ZipFile(out) as archive:
        signed = json.loads(archive.read("datapackage-digest.json"))["signedData"]
    assert set(signed) == {"hash", "created", "software", "version", "signature", "publicKey"}
    assert len(base64.b64decode(signed["signature"])) == 96
    public = serialization.load_der_public_key(base64.b64decode(signed["publicKey"]))
    assert public == load_key(pem).public_key()
    assert is_signed(signed, signed["hash"])
    other = "sha256:" + "0" * 64
    assert not is_signed(signed, other)
    assert not is_signed({**signed, "hash": other}, other)
    for field, value in (("signature", "AAAA"), ("signature", "!"), ("publicKey", ""), ("publicKey", None)):
        assert not is_signed({**signed, field: value}, signed["hash"])


def test_keys_that_do_not_do(run, tmp_path):
    encrypted = ec.generate_private_key(ec.SECP384R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    assert load_key(encrypted, b"secret")
    for pem, password in ((b"no key", None), (private_key(ec.SECP256R1()), None), (encrypted, None), (encrypted, b"x")):
        with pytest.raises(ConfigError, match="openssl ecparam"):
            build(*run, tmp_path / "k.wacz", created=CREATED, title="Daily", key=pem, password=password)
    assert not list(tmp_path.glob("k.wacz*"))


def test_tampering_shows(run, tmp_path):
    good = tmp_path / "good.wacz"
    build(*run, good, created=CREATED, title="Daily", key=private_key())

    def changed(name, change):
        out = tmp_path / "bad.wacz"
        with zipfile.ZipFile(good) as source, zipfile.ZipFile(out, "w") as target:
            for info in source.infolist():
                data = source.read(info)
                data = change(data) if info.filename == name else data
                if data is not None:
                    target.writestr(info, data)
            if name not in source.namelist():
                target.writestr(name, change(b""))
        return " ".join(verify(out))

    assert "pages.jsonl is not the file" in changed("pages/pages.jsonl", lambda data: data.replace(b"One", b"Two"))
    assert "is not the one" in changed("datapackage.json", lambda data: data.replace(b"Daily", b"Weekly"))
    assert "signature" in changed("datapackage.json", lambda data: data.replace(b"Daily", b"Weekly"))
    assert "signature" in changed(
        "datapackage-digest.json", lambda data: data.replace(b'"publicKey": "M', b'"publicKey": "N')
    )
    assert "missing" in changed("indexes/index.idx", lambda data: None)
    assert "not in the manifest" in changed("archive/extra.warc.gz", lambda data: b"x")
    assert "can be read" in changed("datapackage-digest.json", lambda data: None)
    (tmp_path / "no.wacz").write_bytes(b"no zip")
    assert "can be read" in " ".join(verify(tmp_path / "no.wacz"))


def test_what_cannot_be_packed(writer, tmp_path):
    warc = writer()
    name = warc.write(make_exchange(sized(PAGE)), PROVENANCE).filename
    warc.close()
    out = tmp_path / "x.wacz"
    with pytest.raises(ArchiveError, match="not sealed"):
        build([tmp_path / f"{name}.open"], [], out, created=CREATED, title="Daily")
    with pytest.raises(ArchiveError, match="same name"):
        build([tmp_path / "a" / name, tmp_path / "b" / name], [], out, created=CREATED, title="Daily")
    with pytest.raises(ArchiveError, match="No such file"):
        build([tmp_path / "gone.warc.gz"], [], out, created=CREATED, title="Daily")
    assert not list(tmp_path.glob("x.wacz*"))
