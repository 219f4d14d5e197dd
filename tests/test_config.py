"""Boot options: which source wins, and what is refused with which sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from airunner.base.errors import Invalid
from airunner.config import OPTIONS, Config, default_data_folder, is_loopback, load

HERE = Path("/somewhere")


def settings(
    given: dict[str, object] | None = None, environ: dict[str, str] | None = None, word: str = "serve"
) -> Config:
    return load(word, given or {}, environ or {}, uid=1000, folder=HERE)


def refusal(given: dict[str, object] | None = None, environ: dict[str, str] | None = None) -> Invalid:
    with pytest.raises(Invalid) as caught:
        settings(given, environ)
    return caught.value


def test_load_when_nothing_is_said_then_the_defaults() -> None:
    config = settings(environ={"HOME": "/home/me"})
    assert (config.host, config.port, config.store, config.base_path) == ("127.0.0.1", 8787, "sqlite", "")
    assert config.data == Path("/home/me/.local/state/airunner")
    assert (config.allow_host, config.no_auth, config.log_format, config.token) == ((), False, "text", None)


def test_load_when_said_everywhere_then_option_before_variable_before_file(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('port = 1\nhost = "10.0.0.1"\nlog-format = "json"\n')
    config = settings({"port": "3", "config": str(file)}, {"AIRUNNER_PORT": "2", "AIRUNNER_HOST": "10.0.0.2"})
    assert (config.port, config.host, config.log_format) == (3, "10.0.0.2", "json")
    assert config.config == file


def test_load_when_the_file_is_named_by_the_variable_then_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("port = 1")
    assert settings(environ={"AIRUNNER_CONFIG": str(tmp_path / "a.toml")}).port == 1


def test_load_when_a_variable_is_empty_then_it_counts_as_not_set() -> None:
    config = settings(environ={"AIRUNNER_PORT": "", "AIRUNNER_TOKEN": "", "AIRUNNER_NO_AUTH": ""})
    assert (config.port, config.token, config.no_auth) == (8787, None, False)


def test_load_when_paths_are_relative_then_they_start_where_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('data = "state"\ntls_cert = "c.pem"\ntls-key = "/k.pem"')
    config = settings({"config": str(file)})
    assert (config.data, config.tls_cert, config.tls_key) == (tmp_path / "state", tmp_path / "c.pem", Path("/k.pem"))
    assert settings({"data": "x/../y"}).data == HERE / "y"
    assert settings({"store": "sqlite:db"}).store == "sqlite:/somewhere/db"


def test_load_when_the_file_has_an_unknown_key_then_it_is_refused_with_the_nearest(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("prot = 1\n[web]\nx = 1\n")
    error = refusal({"config": str(file)})
    assert set(error.fields) == {"prot", "web"}
    assert "did you mean port" in error.fields["prot"]
    assert str(file) in error.message


def test_load_when_the_file_holds_a_token_then_the_variable_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('token = "air_secret"')
    error = refusal({"config": str(file)})
    assert "AIRUNNER_TOKEN" in error.message
    assert "air_secret" not in error.message


def test_load_when_the_file_cannot_be_read_then_a_sentence(tmp_path: Path) -> None:
    assert "cannot be read" in refusal({"config": str(tmp_path / "none.toml")}).message
    (tmp_path / "bad.toml").write_text("port = = 1")
    assert "not a TOML file" in refusal({"config": str(tmp_path / "bad.toml")}).message
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    assert "not a TOML file" in refusal({"config": str(tmp_path / "bytes.toml")}).message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "70000"), ("port", "-1"), ("port", "8e3"), ("port", "٣"), ("host", "a b"), ("host", " "),
        ("base-path", "x"), ("base-path", "/a/../b"), ("base-path", "/a?b"), ("base-path", "//evil.example"),
        ("store", "postgres://x"), ("store", "sqlite:"), ("log-format", "xml"), ("allow-host", ["http://x"]),
        ("allow-host", ["a/b"]), ("data", ""), ("data", "a\0b"),
    ],
)  # fmt: skip
def test_load_when_a_value_is_wrong_then_it_is_refused_by_name(name: str, value: object) -> None:
    error = refusal({name: value})
    assert list(error.fields) == [name]
    assert f"--{name} must" in error.message


def test_load_when_several_are_wrong_then_all_are_named() -> None:
    error = refusal({"port": "x", "base-path": "y"}, {"AIRUNNER_NO_AUTH": "maybe"})
    assert set(error.fields) == {"port", "base-path", "no-auth"}
    assert "AIRUNNER_NO_AUTH must be true or false, not 'maybe'." in error.message


def test_load_when_options_contradict_then_a_sentence() -> None:
    assert "needs --tls-key" in refusal({"tls-cert": "c"}).message
    assert "needs --tls-cert" in refusal({"tls-key": "k"}).message
    for host in ("0.0.0.0", "::", "192.168.1.5", "agents.example"):
        assert "loopback" in refusal({"no-auth": True, "host": host}).message


def test_load_when_no_auth_is_on_loopback_then_it_is_allowed() -> None:
    for host in ("127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"):
        assert settings({"no-auth": True, "host": host}).no_auth


def test_load_when_the_word_does_not_know_an_option_then_its_value_is_not_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text(f'port = "nonsense"\ndata = "{tmp_path}"')
    config = settings({"config": str(file)}, {"AIRUNNER_HOST": "a b"}, word="runs")
    assert (config.data, config.port) == (tmp_path, 8787)


def test_load_when_lists_come_as_text_or_as_a_list_then_the_same() -> None:
    assert settings(environ={"AIRUNNER_ALLOW_HOST": "A.example, b.example"}).allow_host == ("a.example", "b.example")
    assert settings({"allow-host": ["a.example", "[::1]:80", "a.example"]}).allow_host == ("a.example", "[::1]:80")


def test_load_when_a_base_path_ends_with_a_slash_then_it_is_cut() -> None:
    assert settings({"base-path": "/x/y/"}).base_path == "/x/y"
    assert settings({"base-path": "/"}).base_path == ""


def test_load_when_the_token_is_wrong_then_it_is_not_repeated() -> None:
    error = refusal(environ={"AIRUNNER_TOKEN": "sec ret"})
    assert "sec" not in error.message.replace("AIRUNNER_TOKEN", "")


def test_default_data_folder_when_asked_then_by_user_and_state_home() -> None:
    assert default_data_folder({}, 0) == Path("/var/lib/airunner")
    assert default_data_folder({"XDG_STATE_HOME": "/s"}, 1) == Path("/s/airunner")
    assert default_data_folder({"XDG_STATE_HOME": "s", "HOME": "/h"}, 1) == Path("/h/.local/state/airunner")


def test_is_loopback_when_asked_then_only_for_this_machine() -> None:
    assert [is_loopback(host) for host in ("localhost", "127.0.0.9", "::1")] == [True] * 3
    assert [is_loopback(host) for host in ("", "0.0.0.0", "localhost.example", "10.0.0.1")] == [False] * 4


def test_options_when_read_then_each_has_a_field_and_a_help() -> None:
    assert {option.field for option in OPTIONS} == set(Config.__dataclass_fields__)
    assert all(option.help and option.words for option in OPTIONS)
    assert [option.variable for option in OPTIONS if option.name == "tls-cert"] == ["AIRUNNER_TLS_CERT"]
