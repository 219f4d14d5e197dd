"""The page's files: types, revalidation, compression, and nothing outside the folder."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from airunner.server.assets import Assets
from airunner.server.wire import Response
from tests.server.asking import asked

_SCRIPT = b"export const a = 1;\n" * 200
_PICTURE = bytes(range(256)) * 10


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "js" / "kit").mkdir(parents=True)
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "js" / "kit" / "dom.js").write_bytes(_SCRIPT)
    (tmp_path / "a.png").write_bytes(_PICTURE)
    (tmp_path / "b.svg").write_text("<svg/>")
    (tmp_path / "c.unknown").write_text("?")
    (tmp_path / ".hidden").write_text("secret")
    (tmp_path.parent / "outside.txt").write_text("secret")
    return tmp_path


def _get(assets: Assets, path: str, **options: object) -> Response:
    response = assets.get(path, asked(path=path, **options))
    assert response is not None
    return response


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/js/kit/dom.js", "text/javascript; charset=utf-8"),
        ("/a.png", "image/png"),
        ("/b.svg", "image/svg+xml"),
        ("/c.unknown", "application/octet-stream"),
    ],
)
def test_asset_when_it_exists_then_served_with_its_type(root: Path, path: str, kind: str) -> None:
    response = _get(Assets(root), path)
    assert (response.status, response.headers["Content-Type"]) == (200, kind)
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["ETag"].startswith('"')


@pytest.mark.parametrize(
    "path", ["/x", "/js", "/js/", "/.hidden", "/../outside.txt", "/js/../index.html", "//index.html", "/INDEX.html", ""]
)
def test_asset_when_it_does_not_exist_then_none(root: Path, path: str) -> None:
    assets = Assets(root)
    assert assets.get(path, asked(path=path)) is None
    assert path not in assets


def test_asset_when_the_client_has_it_then_304(root: Path) -> None:
    assets = Assets(root)
    plain, packed = _get(assets, "/js/kit/dom.js"), _get(assets, "/js/kit/dom.js", gzip=True)
    assert plain.headers["ETag"] != packed.headers["ETag"]
    for response, accepts in ((plain, False), (packed, True)):
        tag = response.headers["ETag"]
        for value in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            again = _get(assets, "/js/kit/dom.js", gzip=accepts, if_none_match=value)
            assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
            assert again.headers["Vary"] == "Accept-Encoding"
        assert _get(assets, "/js/kit/dom.js", gzip=not accepts, if_none_match=tag).status == 200


def test_asset_when_it_changed_then_another_tag(root: Path) -> None:
    before = _get(Assets(root), "/").headers["ETag"]
    (root / "index.html").write_text("<!doctype html>!")
    assert _get(Assets(root), "/", if_none_match=before).status == 200


def test_asset_when_gzip_pays_then_packed_once(root: Path) -> None:
    assets = Assets(root)
    packed = _get(assets, "/js/kit/dom.js", gzip=True)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(bytes(packed.body)) == _SCRIPT  # type: ignore[arg-type]
    assert _get(assets, "/js/kit/dom.js", gzip=True).body is packed.body
    for path in ("/", "/a.png"):
        assert "Content-Encoding" not in _get(assets, path, gzip=True).headers


def test_assets_when_inside_a_zip_then_the_same(root: Path, tmp_path: Path) -> None:
    archive = tmp_path.parent / "web.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("web/index.html", "<!doctype html>")
        file.writestr("web/js/kit/dom.js", _SCRIPT)
    inside = Assets(zipfile.Path(archive, "web/"))
    assert _get(inside, "/js/kit/dom.js").headers == _get(Assets(root), "/js/kit/dom.js").headers
    assert _get(inside, "/").body == b"<!doctype html>"
