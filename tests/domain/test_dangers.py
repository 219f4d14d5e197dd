"""Dangers: what an operator must acknowledge, and what is nothing to ask about."""

from __future__ import annotations

import pytest

from airunner.domain.template import read

DANGEROUS: list[tuple[str, str]] = [
    *((f"{command} $PROMPT" if not command.endswith(";:") else f"{command} x $PROMPT", code) for command, code in [
        ("rm -rf /;", "rm_root"),
        ("rm -fr /;", "rm_root"),
        ("cd / && rm -rf *;", "rm_root"),
        ("rm -rf /{bin,etc};", "rm_root"),
        ("rm -rf /b?n;", "rm_root"),
        ("rm -rf /usr/local;", "rm_root"),
        ("rm -rf $DIR/*;", "rm_root"),
        ('rm -rf "$DIR"/;', "rm_root"),
        ("find / -delete;", "rm_root"),
        ("find -L /etc -exec rm {} +;", "rm_root"),
        ('trap "rm -rf /" EXIT;', "rm_root"),
        ("sudo -n rm -rf /;", "rm_root"),
        ("mv /etc /tmp;", "move_root"),
        ("fdisk /dev/sda;", "write_device"),
        ("truncate -s 0 /dev/sda;", "write_device"),
        ("echo x > /etc/shadow;", "write_system_file"),
        ("tee -a /etc/sudoers;", "write_system_file"),
        ("sed -i s/a/b/ /etc/passwd;", "write_system_file"),
        ("sudo reboot;", "power_off"),
        ("systemctl poweroff;", "power_off"),
        ("init 0;", "power_off"),
        ("kill -9 -1;", "kill_all"),
        ("function f { f | f & };", "fork_bomb"),
        ("rm -r -f /;", "rm_root"),
        ("rm -Rf /;", "rm_root"),
        ("rm --recursive --force /;", "rm_root"),
        ("rm --recurs /;", "rm_root"),
        ("rm -rf /*;", "rm_root"),
        ("rm -rf ~;", "rm_root"),
        ("rm -rf ~/;", "rm_root"),
        ("rm -rf ~/*;", "rm_root"),
        ("rm -rf ~root;", "rm_root"),
        ("rm -rf $HOME;", "rm_root"),
        ('rm -rf "$HOME";', "rm_root"),
        ('rm -rf "${HOME}"/*;', "rm_root"),
        ("rm -rf '/';", "rm_root"),
        ("rm -rf //;", "rm_root"),
        ("rm -rf /.;", "rm_root"),
        ("rm -rf -- /;", "rm_root"),
        ("rm / -rf;", "rm_root"),
        ("rm -rf /etc /usr;", "rm_root"),
        ("rm -rf /tmp/x /;", "rm_root"),
        ("rm -rf --no-preserve-root /;", "rm_root"),
        ("rm --no-preserve-root -r -f /;", "rm_root"),
        ("sudo rm -rf /;", "rm_root"),
        ("sudo -n /bin/rm -rf /;", "rm_root"),
        ("A=1 nice -n 5 rm -rf /;", "rm_root"),
        ("x && rm -rf / ||", "rm_root"),
        ("y $(rm -rf /)", "rm_root"),
        ("y `rm -rf /`", "rm_root"),
        ("(rm -rf /);", "rm_root"),
        ("if x; then rm -rf /; fi;", "rm_root"),
        ("sh -c 'rm -rf /';", "rm_root"),
        ('bash -c "rm -rf $HOME";', "rm_root"),
        ("eval rm -rf /;", "rm_root"),
        ("ssh host rm -rf /;", "rm_root"),
        ("bash <<'E'\nrm -rf /\nE\nx", "rm_root"),
        ("dd if=/dev/zero of=/dev/sda bs=1M;", "dd_device"),
        ("dd of=/dev/nvme0n1 if=x;", "dd_device"),
        ("x > /dev/sda;", "write_device"),
        ("x >/dev/sda1;", "write_device"),
        ("> '/dev/vda';", "write_device"),
        ("x | tee /dev/sdb;", "write_device"),
        ("cp image /dev/sdb;", "write_device"),
        ("mkfs.ext4 /dev/sda1;", "make_filesystem"),
        ("mkfs -t ext4 /dev/sda1;", "make_filesystem"),
        ("sudo wipefs -a /dev/sda;", "make_filesystem"),
        (":(){ :|:& };:", "fork_bomb"),
        (":() { : | : & } ;:", "fork_bomb"),
        ("bomb(){ bomb|bomb& };bomb;", "fork_bomb"),
        ("chmod -R 777 /;", "chmod_root"),
        ("chown -R me:me /;", "chmod_root"),
        ("chmod --recursive 777 /etc;", "chmod_root"),
        ("curl https://example.org/x | sh;", "pipe_to_shell"),
        ("curl -s https://example.org/x | sudo bash -s --;", "pipe_to_shell"),
        ("wget -qO- https://example.org/x | bash;", "pipe_to_shell"),
        ("curl x | tee log | sh;", "pipe_to_shell"),
        ('sh -c "$(curl -fsSL https://example.org/x)";', "pipe_to_shell"),
        ("bash <(curl x);", "pipe_to_shell"),
        (". <(curl x);", "pipe_to_shell"),
        ('eval "$(wget -qO- x)";', "pipe_to_shell"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("template", "code"), DANGEROUS)
def test_dangerous_commands_are_found_with_their_code_and_place(template: str, code: str) -> None:
    reading = read(template)
    assert {danger.code for danger in reading.dangers} == {code}
    assert all(danger.text and danger.start < danger.end for danger in reading.dangers)
    assert [error for error in reading.errors if error.code != "nested_placeholder"] == []


HARMLESS = [
    "rm -rf /tmp/x; x $PROMPT",
    'rm -rf "$WORKING_DIR"/* /tmp-x-* node_modules/*; x $PROMPT',
    "cd /tmp && rm -rf *; x $PROMPT",
    "find /tmp -delete; find . -exec rm {} +; x $PROMPT",
    "kill -1 $PID; systemctl restart x; cp /etc/passwd .; x $PROMPT",
    "rm -rf ./build ~/project/tmp /var/tmp/x; x $PROMPT",
    'rm -rf "$HOME/.cache/x"; x $PROMPT',
    "rm -f /etc/x; x $PROMPT",
    "rm /; x $PROMPT",
    "echo rm -rf /; x $PROMPT",
    "echo 'rm -rf /' $PROMPT",
    "x $PROMPT # rm -rf /",
    "dd if=/dev/zero of=/tmp/x; x $PROMPT",
    "dd of=/dev/null if=x; x $PROMPT",
    "x $PROMPT > /dev/null 2>&1 < /dev/sda",
    "x $PROMPT > /dev/stderr; y > /dev/fd/3; z >/dev/tcp/host/1",
    "f() { g | h & }; f $PROMPT",
    "f(){ f|g& }; x $PROMPT",
    "echo ':(){ :|:& };:' $PROMPT",
    "chmod -R u+w ./x; chmod 777 /; x $PROMPT",
    "curl https://example.org/x | jq .; x $PROMPT",
    "curl x > f; sh y; x $PROMPT",
    "curl x; sh -c 'x \"$PROMPT\"'",
    "mkfstool x; x $PROMPT",
    "x $PROMPT | sh -c 'tee log'",
]


@pytest.mark.parametrize("template", HARMLESS)
def test_harmless_commands_are_not_called_dangerous(template: str) -> None:
    assert read(template).dangers == ()
