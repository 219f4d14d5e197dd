"""The prompt never becomes code: shapes that would make it some are refused, the others are tried with canaries."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from airunner.domain.template import read, rewrite

REFUSED = """
x "$PROMPT"; echo "$PROMPT" | sh
printf '%s' "$PROMPT" | bash -s
{ echo "$PROMPT"; } | sh
(echo "$PROMPT") | { sh; }
if true; then echo "$PROMPT"; fi | sh
echo "$PROMPT" | tee >(sh)
echo "$PROMPT" | bash -c 'cat | sh'
echo "$PROMPT" | ssh host bash -s
echo "$PROMPT" | ssh host
echo "$PROMPT" | su - u
echo "$PROMPT" | python3 -
echo "$PROMPT" | at now
echo "$PROMPT" | psql
echo "$PROMPT" | xargs -I{} sh -c "x {}"
echo "$PROMPT" | xargs sh -c
cat "$PROMPT_FILE" | sh
cat "$PROMPT_FILE" |
  sudo bash
bash <(echo "$PROMPT")
. <(echo "$PROMPT")
bash < <(echo "$PROMPT")
python3 <<< "print('$PROMPT')"
bash -c "x $(echo $PROMPT)"
bash -c "x `cat $PROMPT_FILE`"
bash -c "x ${Y:-$PROMPT}"
bash -c $'x $PROMPT'
eval "$(echo "x $PROMPT")"
eval x `echo $PROMPT`
p="$PROMPT"; su - u -c "x $p"
p=$PROMPT; q="a $p"; bash -c "x $q"
export p="$PROMPT"; sh -c 'eval "$p"'
p=$(cat "$PROMPT_FILE"); sh -c "x $p"
p=$PROMPT; $p
p=$PROMPT; echo $((p)) ${A[p]}
p=$PROMPT; [[ $p -eq 1 ]]
read p <<< "$PROMPT"; sh -c "x $p"
while read l; do sh -c "$l"; done <<< "$PROMPT"
for p in $PROMPT; do sh -c "x $p"; done
set -- "$PROMPT"; eval "x $1"
f() { eval "$1"; }; f "$PROMPT"
bash -c 'eval "$1"' _ "$PROMPT"
fish -c "x $PROMPT"
tcsh -c "x $PROMPT"
python3 -c "print('$PROMPT')"
python3 -c"print('$PROMPT')"
python3 -u -W ignore -c "print('$PROMPT')"
uvx python -c "print('$PROMPT')"
node --eval="x('$PROMPT')"
node -r mod -e "x('$PROMPT')"
ruby -e "x '$PROMPT'"
php -r "x('$PROMPT');"
perl -ne "$PROMPT x"
python3 "$PROMPT"
bash "$PROMPT"
awk "{ print \\"$PROMPT\\" }"
awk -e "BEGIN { $PROMPT }"
sed "s/x/$PROMPT/"
sed -n -e "s/x/$PROMPT/"
find . -exec sed "s/x/$PROMPT/" {} \\;
watch "x $PROMPT"
tmux new-session "x $PROMPT"
parallel "x $PROMPT" ::: a
npx -c "x $PROMPT"
nix-shell --run "x $PROMPT"
git -c alias.x="!x $PROMPT" x
git rebase --exec "x $PROMPT"
make X="$PROMPT"
vim +"x $PROMPT"
psql -c "select '$PROMPT'"
sqlite3 a.db "select '$PROMPT'"
tar -cf x --checkpoint-action=exec="$PROMPT" .
rsync -e "x $PROMPT" a b
ssh -o ProxyCommand="x $PROMPT" host
env -S "x $PROMPT"
curl -d "{\\"p\\": \\"$PROMPT\\"}" u
echo $[ $PROMPT ]
echo $(( "$PROMPT" ))
echo $((PROMPT))
((PROMPT > 1)); x "$PROMPT"
echo ${A[$PROMPT]}
echo ${HOME:$PROMPT}
echo ${HOME:0:$PROMPT}
A[$PROMPT]=1
A=([$PROMPT]=1)
[[ $PROMPT -eq 1 ]]
[[ PROMPT -eq 1 ]]; x "$PROMPT"
[[ -v $PROMPT ]]
let "x=$PROMPT"
declare -i x="$PROMPT"
declare "$PROMPT"
printf -v "$PROMPT" x
unset "$PROMPT"
test -v "$PROMPT"
complete -C "$PROMPT" x
hash -p "$PROMPT" x
enable -f "$PROMPT" x
PATH=$PROMPT x
BASH_ENV=$PROMPT bash -c true
env LD_PRELOAD="$PROMPT" x
GIT_SSH_COMMAND="$PROMPT" git fetch
./$PROMPT
"$PROMPT" x
exec $PROMPT
timeout 5 $PROMPT
sudo -u root $PROMPT
$X "$PROMPT"
{bash,-c,"x $PROMPT"}
$X eval "x $(echo "$PROMPT")"
echo hello >&"$PROMPT.log"
p=$PROMPT; echo hello 2>& $p
x=`cat $PROMPT_FILE`; eval "echo $x"
`cat $PROMPT_FILE`
python3 -c "`cat $PROMPT_FILE`"
x="$PROMPT"; y=`echo "$x"`; eval "$y"
echo $(( `cat $PROMPT_FILE` ))
bash -c 'eval "$0"' "$PROMPT"
bash -c 'bash -c "$0"' "$PROMPT"
function run { eval "$1"; }; run "$PROMPT"
f() { for c; do eval "$c"; done; }; f "$PROMPT"
bash -c 'for c; do eval $c; done' _ "$PROMPT"
env P="$PROMPT" sh -c 'eval "$P"'
sudo P="$PROMPT" sh -c '$P'
exec < "$PROMPT_FILE"; sh
exec <<<"$PROMPT"; bash
{ bash; } <<< "$PROMPT"
(bash) < "$PROMPT_FILE"
while true; do bash; break; done <<< "$PROMPT"
f() { bash; }; f <<< "$PROMPT"
echo "$PROMPT" | f; f() { sh; }
{ eval "$(cat)"; } < "$PROMPT_FILE"
bash /dev/stdin < <(echo "$PROMPT")
echo "$PROMPT" | bash /dev/stdin
echo "$PROMPT" | bash -c 'while read -r l; do eval "$l"; done'
echo "$PROMPT" | bash -c 'read -r l; $l'
echo "$PROMPT" | bash -c 'eval "$(cat)"'
echo "$PROMPT" | ssh host 'eval "$(cat)"'
echo "$PROMPT" | su - a -c 'x=$(cat); sh -c "agent $x"'
xargs -a "$PROMPT_FILE" -I{} sh -c 'agent {}'
echo "$PROMPT" | xargs -I{} ssh host 'agent {}'
echo "$PROMPT" | xargs env
echo "$PROMPT" | xargs timeout 5
echo "$PROMPT" | xargs python3 -c
bash -c '"$@"' bash "$PROMPT"
f() { "$@"; }; f "$PROMPT"
set -- $PROMPT; "$@"
a=("$PROMPT"); "${a[@]}"
mapfile -t l <<< "$PROMPT"; ${l[0]}
declare -i n; n=$PROMPT
p=$PROMPT; let p+=1
x=$PROMPT; echo "${!x}"
x=$PROMPT; echo "${x@P}"
printf -v y '%s' "$PROMPT"; eval "$y"
: ${CMD:="agent $PROMPT"}; eval "$CMD"
[[ $PROMPT =~ (.*) ]]; eval "${BASH_REMATCH[1]}"
echo "$PROMPT"; eval "$_"
x=$PROMPT; trap 'eval "$x"' EXIT
git submodule foreach "agent '$PROMPT'"
git config alias.x "$PROMPT"
echo "$PROMPT" | sudo -s
sudo -i agent "$PROMPT"
PROMPT="x $PROMPT"; y "$PROMPT"
for PROMPT in a; do x "$PROMPT"; done
""".strip().splitlines()

HARMLESS = """
script -qc"x $PROMPT" /dev/null
script -qec "x $PROMPT" /dev/null
flock lock -c "x $PROMPT"
time -p bash -c "x $PROMPT"
setpriv --reuid 0 bash -c "x $PROMPT"
conda run -n a bash -c "x $PROMPT"
rbash -c "x $PROMPT"
"$SHELL" -c "x $PROMPT"
$X bash -c "x $PROMPT"
b""ash -c "x $PROMPT"
/bin/ba?h -c "x $PROMPT"
/bin/../bin/bash -c "x $PROMPT"
bash -"c" "x $PROMPT"
bash -xc "x $PROMPT"
bash -o pipefail -c "x $PROMPT"
bash --norc -c -- "x $PROMPT"
exec -a y bash -c "x $PROMPT"
env -u A bash -c "x $PROMPT"
nohup nice -n 5 bash -c "x $PROMPT"
find . -maxdepth 0 -exec sh -c "x $PROMPT" \\;
ls | xargs -I{} sh -c "x {} $PROMPT"
bash <<< "x $PROMPT"
bash -s <<< "x $PROMPT"
bash -c "x $PROMPT" "$PROMPT"
bash -c "x \\\\$PROMPT" "$PROMPT"
bash -c "x # $PROMPT" "$PROMPT"
bash -c "x '\\$PROMPT'" "$PROMPT"
bash -c 'bash -c "x $PROMPT"'
eval "eval \\"x $PROMPT\\""
coproc sh -c "x $PROMPT"
trap "x $PROMPT" EXIT; :
echo "$(sh -c "x $PROMPT")"
f() { sh -c "x $PROMPT"; }; f
awk -v p="$PROMPT" 'BEGIN { print p }'
case $PROMPT in $PROMPT) x;; esac
[[ x == $PROMPT ]]; [[ x =~ $PROMPT ]]
echo ${x/$PROMPT/y} ${x#$PROMPT} ${x:-$PROMPT}
p="$PROMPT"; x "$p" "${p##* }"
bash -c 'x "$1"' _ "$PROMPT"
bash -c '"$@"' _ printf "$PROMPT"
printf "$PROMPT"
read -p "$PROMPT" x < /dev/null
git commit -m "$PROMPT"
x > "$PROMPT.log"
""".strip().splitlines()

SAID = [
    'bash -c "$PROMPT"',
    "eval $PROMPT",
    "$PROMPT",
    'sh "$PROMPT_FILE"',
    'sh < "$PROMPT_FILE"',
    '. "$PROMPT_FILE"',
    'bash <<< "$PROMPT"',
    'python3 -c "$PROMPT"',
]

CANARIES = """
$(touch @)|`touch @`|;touch @;|'; touch @ #|"; touch @ #|a[$(touch @)]|a[`touch @`]=1|touch @|touch${IFS}@|)\ntouch @\n(|\nE\ntouch @\n
""".strip("\n").split("|")


def lines(texts: list[str]) -> list[str]:
    """A line that ends in a pipe goes on in the next."""
    joined: list[str] = []
    for text in texts:
        if joined and joined[-1].endswith("|"):
            joined[-1] += "\n" + text
        else:
            joined.append(text)
    return joined


@pytest.mark.parametrize("template", lines(REFUSED))
def test_what_would_make_code_of_the_prompt_is_refused_with_its_place(template: str) -> None:
    errors = [error for error in read(template).errors if error.code != "missing_prompt"]
    assert errors
    assert all(0 <= error.start < error.end <= len(template) and error.text.endswith((".", ")")) for error in errors)


@pytest.mark.parametrize("template", HARMLESS)
def test_nothing_of_a_prompt_is_run_by_what_is_accepted(tmp_path: Path, template: str) -> None:
    reading = read(template)
    assert [error.code for error in reading.errors] == []
    assert "prompt_is_code" not in [warning.code for warning in reading.warnings]
    canary = tmp_path / "canary"
    for text in CANARIES:
        values = {"PROMPT": text.replace("@", str(canary)), "WORKING_DIR": str(tmp_path), "RUN_ID": "r"}
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "SHELL": "/bin/bash", **reading.exports(values)}
        command = ["/bin/bash", "-c", rewrite(template)]
        subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, stdin=subprocess.DEVNULL, timeout=20
        )
        assert not canary.exists(), text


@pytest.mark.parametrize("template", SAID)
def test_a_template_that_runs_the_prompt_on_purpose_is_told_so(template: str) -> None:
    reading = read(template)
    assert reading.errors == ()
    assert "prompt_is_code" in [warning.code for warning in reading.warnings]


@pytest.mark.parametrize(
    "template",
    ['read -r x; eval "$x"', 'while read -r l; do bash -c "$l"; done', 'x=$(cat); bash -c "echo $x"', 'eval "$(cat)"'],
)
def test_a_template_whose_input_is_the_prompt_is_judged_by_that(template: str) -> None:
    assert "nested_placeholder" in [error.code for error in read(template, from_input=True).errors]
    assert {error.code for error in read(template).errors} == {"missing_prompt"}


def test_a_shell_whose_input_is_the_prompt_is_told_so() -> None:
    assert "prompt_is_code" in [warning.code for warning in read("cd a && bash", from_input=True).warnings]
    assert "prompt_is_code" not in [warning.code for warning in read("agent -p", from_input=True).warnings]


def test_the_same_shapes_with_the_prompt_as_an_argument_are_fine() -> None:
    for template in (
        'python3 agent.py -c "$PROMPT"',
        'cat "$PROMPT_FILE" | agent',
        'agent --lang python "$PROMPT"',
        'sudo -n agent "$PROMPT"',
        'timeout 60 agent make "$PROMPT"',
        'docker run --rm -i image agent -p "$PROMPT"',
        'npx agent "$PROMPT"',
        'find . -name x -exec agent "$PROMPT" {} +',
        'if [ -n "$PROMPT" ]; then agent "$PROMPT"; fi',
        'agent -- "$PROMPT" | tee log',
        'agent "$(cat header.md; cat "$PROMPT_FILE")"',
        'while read f; do echo "$f"; done < list; agent $PROMPT',
        'git commit -m "$(printf %s "$PROMPT")"',
        'args=(agent -p "$PROMPT"); "${args[@]}"',
        'bash -c \'"$@"\' _ agent "$PROMPT"',
        'run() { "$@"; }; run agent "$PROMPT"',
        "printf '%s\\0' \"$PROMPT\" | xargs -0 -n1 sh -c 'agent \"$1\"' sh",
        'if [ "$(wc -c < "$PROMPT_FILE")" -gt 100000 ]; then agent "$PROMPT"; fi',
        '[ ${#PROMPT} -gt 100 ] || agent "$PROMPT"',
        'read -r n < counter; n=$((n+1)); agent "$PROMPT"',
        'agent "${PROMPT:?}"',
        "trap 'agent \"$PROMPT\"' EXIT",
        'x=$(date); sh -c "log $x"; agent "$PROMPT"',
        'ssh host < script.sh; agent "$PROMPT"',
    ):
        assert [error.code for error in read(template).errors] == [], template
