"""The tables of programs: shells, those that start others, and those that read arguments or their input as code.

The last cannot be complete. It holds what people put into command lines; each from its manual.
"""

from __future__ import annotations

import re
from typing import NamedTuple


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


SHELLS = _names("sh bash rbash dash ksh ksh93 mksh lksh pdksh zsh ash yash posh")
TRANSPARENT = _names("env timeout nice ionice exec nohup setsid stdbuf time command chrt busybox")
"""Programs that start another one with the environment they have."""
WRAPPERS = TRANSPARENT | _names(
    "sudo doas builtin taskset unshare xargs flock script systemd-run strace ltrace unbuffer caffeinate pkexec gosu "
    "su-exec setpriv setarch linux64 linux32 catchsegv faketime firejail proxychains torsocks xvfb-run"
)
WRAPPER_VALUES = {
    "sudo": "ugphCrtUDRT", "doas": "uC", "env": "uC", "nice": "n", "ionice": "cnpPu", "timeout": "ks", "stdbuf": "ioe", "exec": "a",
    "time": "fo", "chrt": "TPD", "xargs": "IadEnPsL", "strace": "eopsuPaIbOSX", "systemd-run": "uptMHEG", "script": "cIOBTmEo",
    "flock": "wEc", "unshare": "RwGSl",
}  # fmt: skip
"""The short options of wrappers whose value is the next word."""
WRAPPER_LONG_VALUES = _names(
    "--user --group --host --prompt --chdir --signal --kill-after --adjustment --unset --output --uid --gid --reuid --regid "
    "--slice --unit --property --setenv --close-from --role --type --other-user --chroot --command-timeout --class --classdata"
)
WRAPPER_OPERANDS = {"flock": 1, "taskset": 1, "faketime": 1, "gosu": 1, "su-exec": 1, "setarch": 1}
CONTAINERS = _names(
    "docker podman nerdctl kubectl oc nsenter chroot machinectl lxc incus flatpak toolbox distrobox bwrap proot conda mamba "
    "uv poetry pipenv nix nix-shell direnv"
)
"""Wrappers with operands of their own in front of the program they start."""
OTHER_USERS = _names(
    "su sudo doas runuser setpriv gosu su-exec pkexec setuidgid chpst chroot machinectl systemd-run nsenter ssh "
    "docker podman nerdctl kubectl oc lxc incus"
)
"""Programs that start others as another user, or elsewhere."""
SWITCHERS = {"su": "csgGwT", "runuser": "csgGwu", "script": "cIOBTmEo", "flock": "cwE"}
"""Programs with a `-c` for shell text, and their options that have a value."""
BUILTINS = _names(
    "export declare typeset local readonly read readarray mapfile getopts unset set shift cd test [ let trap alias return : true false"
)
"""What changes or asks the shell itself, so that `echo` in front of it changes all that follows."""
VIEWERS = _names("cat less more head tail grep sed awk sort uniq cut tr wc nl fold column jq ts pv")
"""Programs that pass on or show what they read."""
INTERPRETERS = (
    r"python[\d.]*|pypy[\d.]*|ipython[\d.]*|perl[\d.]*|ruby[\d.]*|irb|node|nodejs|deno|bun|php[\d.]*|lua[\d.]*|luajit|R|Rscript|"
    r"julia|tclsh[\d.]*|wish|osascript|groovy|scala|elixir|erl|escript|guile|racket|sbcl|clisp|ocaml|ghci|runghc|swift|"
    r"pwsh|powershell|fish|csh|tcsh|xonsh|nu|elvish|rc|es|scsh|octave"
)
_NONE = range(0)
_FIRST = range(1, 2)
_LATER = range(2, 1000)
_ALL = range(1, 1000)
_NO_OPTION = re.compile(r"(?!)")


class Reader(NamedTuple):
    """Which operands (counted from 1) of a program are code, and which options give it (as the next word or with it).

    `values` are options whose next word is something else.
    """

    operands: range
    options: re.Pattern[str]
    values: re.Pattern[str] = _NO_OPTION


def _reader(operands: range, options: str = "") -> Reader:
    return Reader(operands, re.compile(rf"(?:{options})=?") if options else _NO_OPTION)


_AWK = _reader(_FIRST, "-[eE]|--source")._replace(values=re.compile("-[vFf]|--assign|--field-separator|--file"))
_SED = _reader(_FIRST, "-[A-Za-z]*e|--expression")._replace(values=re.compile("-[fl]|--file|--line-length"))
_VIM = _reader(_NONE, r"-c|--cmd|\+|--remote-expr|--remote-send")
_TERMINAL = _reader(_NONE, "-[ex]|--command|--execute")
_SQL = _reader(_NONE, "-[A-Za-z]*[ec]|--execute|--command|--init-command")
_DEBUGGER = _reader(_NONE, "-ex|-eval-command|--eval-command|-iex|-o|--one-line")
_PACKAGES = _reader(_NONE, "-c|--call|--script-shell")
CODE_READERS = {
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk", "original-awk"), _AWK),
    **dict.fromkeys(("sed", "gsed"), _SED),
    **dict.fromkeys(
        ("watch", "tmux", "screen", "parallel", "at", "batch", "alias", "let", "sg", "socat"),
        _reader(_ALL, ".+"),
    ),
    **dict.fromkeys(("make", "gmake", "just", "rake", "dc"), _reader(_ALL, ".+")),
    **dict.fromkeys(("vi", "vim", "nvim", "view", "ex", "gvim"), _VIM),
    **dict.fromkeys(("emacs", "emacsclient"), _reader(_NONE, "--eval|--execute|-e|-f|--funcall")),
    **dict.fromkeys(("psql", "mysql", "mariadb", "duckdb", "clickhouse-client"), _SQL),
    **dict.fromkeys(("sqlite3",), _reader(_LATER, "-cmd|-init")),
    **dict.fromkeys(("gdb", "lldb"), _DEBUGGER),
    **dict.fromkeys(("xterm", "gnome-terminal", "konsole", "urxvt", "alacritty", "kitty"), _TERMINAL),
    **dict.fromkeys(("npx", "npm", "pnpm", "yarn", "bunx"), _PACKAGES),
    **dict.fromkeys(("complete", "compgen"), _reader(_ALL, "-[CW]")),
    **dict.fromkeys(("nix-shell", "nix", "guix"), _reader(_NONE, "--run|--command|--expr|-E")),
    **dict.fromkeys(
        ("tar", "bsdtar", "gtar"),
        _reader(_NONE, "--checkpoint-action|--to-command|--use-compress-program|-I|-F|--info-script|--rsh-command"),
    ),
    **dict.fromkeys(("ansible",), _reader(_NONE, "-[A-Za-z]*a|--args")),
    "bind": _reader(_ALL, "-x"),
    "enable": _reader(_ALL, ".+"),
    "entr": _reader(_ALL),
    "env": _reader(_NONE, "-[A-Za-z]*S|--split-string"),
    "expect": _reader(_NONE, "-[A-Za-z]*c"),
    "git": _reader(
        _NONE,
        "-c|--config-env|-x|--exec|-u|--upload-pack|--receive-pack|--exec-path|--extcmd|-O|--open-files-in-pager|--tree-filter|--msg-filter|--.*-filter",
    ),
    "gnuplot": _reader(_NONE, "-e"),
    "hash": _reader(_ALL, ".+"),
    "m4": _reader(_NONE, "-D|--define"),
    "nc": _reader(_NONE, "-[A-Za-z]*[ec]"),
    "ncat": _reader(_NONE, "-[A-Za-z]*[ec]|--exec|--sh-exec"),
    "printf": _reader(_NONE, "-v"),
    "rsync": _reader(_NONE, "-[A-Za-z]*e|--rsh|--rsync-path"),
    "scp": _reader(_NONE, "-[So]"),
    "sftp": _reader(_NONE, "-[So]"),
    "wait": _reader(_NONE, "-p"),
    "zip": _reader(_NONE, "-TT|--unzip-command"),
}
INPUT_READERS = _names("at batch crontab parallel psql mysql mariadb sqlite3 duckdb ed ex dc m4 gdb expect make tclsh")
