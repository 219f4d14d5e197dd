"""Whose process a run is: the server's own account, or for a server that is root another one (passwd(5))."""

from __future__ import annotations

import os
import pwd
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from airunner.base.errors import Invalid

_NO_LOGIN = ("nologin", "false")


@dataclass(frozen=True, slots=True)
class Account:
    """A user as the system knows it."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    """All of another user's; of the server's own, which nobody has to change to, they are not looked up."""
    home: str
    shell: str

    @property
    def is_other(self) -> bool:
        """Whether a run must change its user to belong to this account."""
        return self.uid != os.geteuid()


def account_of(name: str | None) -> Account:
    """Return the account that a run uses: that of the named user, or the server's own.

    Raises Invalid when there is no such user, or when this server cannot run anything as another one.
    """
    own = _own()
    if name is None or name == own.name:
        return own
    try:
        entry = pwd.getpwnam(name)
        account = _account(entry, os.getgrouplist(entry.pw_name, entry.pw_gid))
    except (KeyError, ValueError) as error:
        raise _refused(f"There is no user {name} on this machine; add one, or choose another runAsUser.") from error
    if account.is_other and own.uid != 0:
        raise _refused(f"The server runs as {own.name}; only root can run as another user, such as {name}.")
    return account


class NoAnswer(Exception):
    """A login shell did not tell its PATH; `path` will do until it is asked again."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class LoginPaths:
    """The PATH that each account's login shell gives; asked beside everything else, and once if it answers.

    `ask` returns the PATH, or raises NoAnswer. Thread-safe.
    """

    def __init__(self, ask: Callable[[Account], str]) -> None:
        self._ask = ask
        self._answers: dict[Account, Future[str]] = {}
        self._asked: set[Account] = set()
        self._lock = threading.Lock()

    def expect(self, account: Account) -> Future[str]:
        """Begin to ask, if nobody has or the shell gave no answer; return what is or will be known."""
        with self._lock:
            answer = self._answers.setdefault(account, Future())
            if account in self._asked:
                return answer
            self._asked.add(account)
        try:
            threading.Thread(target=self._find_out, args=(account,), name="login path", daemon=True).start()
        except RuntimeError:  # no thread is to be had: then whoever wants to know asks
            self._find_out(account)
        return answer

    def of(self, account: Account) -> str:
        """Return the PATH; the first to ask waits for the answer."""
        return self.expect(account).result()

    def _find_out(self, account: Account) -> None:
        found: Future[str] = Future()
        has_answered = False
        try:
            found.set_result(self._ask(account))
            has_answered = True
        except NoAnswer as none:
            found.set_result(none.path)
        except Exception as error:
            found.set_exception(error)
        with self._lock:
            first = self._answers[account]
            self._answers[account] = found
            if not has_answered:
                self._asked.discard(account)
        if not first.done():
            _pass_on(found, first)


def _pass_on(found: Future[str], waiting: Future[str]) -> None:
    error = found.exception()
    if error:
        waiting.set_exception(error)
    else:
        waiting.set_result(found.result())


def _own() -> Account:
    uid = os.geteuid()
    try:
        return _account(pwd.getpwuid(uid), ())
    except KeyError:  # a container may run as a user whom it does not know
        return Account(str(uid), uid, os.getegid(), (), "/", "/bin/sh")


def _account(entry: pwd.struct_passwd, groups: Sequence[int]) -> Account:
    shell = entry.pw_shell or "/bin/sh"
    return Account(
        name=entry.pw_name,
        uid=entry.pw_uid,
        gid=entry.pw_gid,
        groups=tuple(groups),
        home=entry.pw_dir or "/",
        # An account that nobody logs in to still runs agents, and these ask SHELL for a shell.
        shell="/bin/sh" if shell.rpartition("/")[2] in _NO_LOGIN else shell,
    )


def _refused(message: str) -> Invalid:
    return Invalid(message, code="unknown_user", fields={"runAsUser": message})
