"""Templates: what is valid, what is not, where placeholders stand, what they are rewritten to."""

from __future__ import annotations

import pytest

from airunner.base.errors import Invalid
from airunner.domain.template import Reading, read, rewrite


def codes(reading: Reading) -> list[str]:
    return [error.code for error in reading.errors]


PLACEHOLDERS: list[tuple[str, list[tuple[str, str]]]] = [
    ("x $PROMPT", [("$PROMPT", "plain")]),
    ("x ${PROMPT}", [("${PROMPT}", "plain")]),
    ('x "$PROMPT"', [("$PROMPT", "double")]),
    ("x '$PROMPT'", [("$PROMPT", "single")]),
    ('x $"a $PROMPT"', [("$PROMPT", "double")]),
    ("x --p=$PROMPT", [("$PROMPT", "plain")]),
    ("x --p='a ${PROMPT} b'", [("${PROMPT}", "single")]),
    ("x $PROMPT_FILE", [("$PROMPT_FILE", "plain")]),
    ("cd $WORKING_DIR && x $PROMPT $RUN_ID", [("$WORKING_DIR", "plain"), ("$PROMPT", "plain"), ("$RUN_ID", "plain")]),
    ("x < $PROMPT_FILE", [("$PROMPT_FILE", "plain")]),
    ("x <<< $PROMPT", [("$PROMPT", "plain")]),
    ("cat <<EOF | x\nit's $PROMPT\nEOF\n", [("$PROMPT", "heredoc")]),
    ("cat <<-EOF\n\t$PROMPT\n\tEOF", [("$PROMPT", "heredoc")]),
    ("x $(cat $PROMPT_FILE)", [("$PROMPT_FILE", "plain")]),
    ('x "$(cat "$PROMPT_FILE")"', [("$PROMPT_FILE", "double")]),
    ("x `cat $WORKING_DIR/p` $PROMPT", [("$WORKING_DIR", "plain"), ("$PROMPT", "plain")]),
    ("[ ${#PROMPT} -gt 9 ] && x", [("${#PROMPT}", "plain")]),
    ('x "${PROMPT:?no prompt}" "${PROMPT:-}"', [("${PROMPT:?no prompt}", "double"), ("${PROMPT:-}", "double")]),
    ("x <(cat $PROMPT_FILE)", [("$PROMPT_FILE", "plain")]),
    ('x "${OTHER:-$PROMPT}"', [("$PROMPT", "double")]),
    ("A=$PROMPT x", [("$PROMPT", "plain")]),
    ("a=(x $PROMPT)", [("$PROMPT", "plain")]),
    ("for p in $PROMPT; do x; done", [("$PROMPT", "plain")]),
    ("[[ $PROMPT == x* ]] && y", [("$PROMPT", "plain")]),
    ("sh -c 'x \"$PROMPT\"'", [("$PROMPT", "nested")]),
    ('sh -c "x \\"\\$PROMPT\\""', [("\\$PROMPT", "nested")]),
    ("eval 'x $PROMPT'", [("$PROMPT", "nested")]),
    ("bash -o pipefail -c 'x $PROMPT'", [("$PROMPT", "nested")]),
    ("sudo -E PROMPT=1 sh -c 'x $PROMPT'", [("$PROMPT", "nested")]),
    ('su - u -c "x $PROMPT"', [("$PROMPT", "nested")]),
    ('ssh host x "$PROMPT"', [("$PROMPT", "nested")]),
    ('bash <<< "x $PROMPT"', [("$PROMPT", "nested")]),
    ('docker exec c sh -c "ssh h \\"x $PROMPT\\""', [("$PROMPT", "nested")]),
    ("bash <<'EOF'\nx \"$PROMPT\"\nEOF\n", [("$PROMPT", "nested")]),
    ("x $PROMPT # $RUN_ID", [("$PROMPT", "plain")]),
    ("x $PROMPTS \\$RUN_ID \"\\$RUN_ID\" '\\$RUN_ID' $PROMPT", [("$PROMPT", "plain")]),
]


@pytest.mark.parametrize(("template", "expected"), PLACEHOLDERS)
def test_placeholders_are_found_where_a_shell_expands_them(template: str, expected: list[tuple[str, str]]) -> None:
    reading = read(template)
    assert [(template[found.start : found.end], found.context) for found in reading.placeholders] == expected
    assert all(found.name in text for found, (text, _) in zip(reading.placeholders, expected, strict=True))
    assert codes(reading) == (
        [] if {"PROMPT", "PROMPT_FILE"} & {p.name for p in reading.placeholders} else ["missing_prompt"]
    )


VALID = [
    "echo 'a\\' $PROMPT",
    "cat <<EOF\ndon't \"$PROMPT\nEOF\n",
    'x $PROMPT # "',
    "# it's\nx $PROMPT",
    "case x in a) echo $PROMPT;; esac",
    "case $PROMPT in (a|b) x;; *) y ;& esac; z $PROMPT",
    "case x in esac; x $PROMPT",
    "case x in a) case y in b) z;; esac;; esac; x $PROMPT",
    "case x in\n  # nothing) here\n  a) x\n  ;;\nesac\nx $PROMPT",
    "case x in a) cat <<EOF ;;\n$PROMPT )\nEOF\nb) y;; esac",
    "x $((1+2)) $PROMPT",
    "x $(( (1+2)*3 )) $PROMPT",
    "((1+2)); x $PROMPT",
    "x $((echo a); (echo b)) $PROMPT",
    "((echo a); (echo b)); x $PROMPT",
    "for ((i=0; i<3; i++)); do x $PROMPT; done",
    "x $'don\\'t' $PROMPT",
    'echo "it\'s $PROMPT"',
    'x ${a:-b} ${#a} ${a%%)*} ${a//"\'"/x} $# $? $! $$ $1 $@ $PROMPT',
    'x "${a:-"b c"}" "${a:-\'}\'}" $PROMPT',
    'x "$(echo ")" \'(\' \\) # )\n)" $PROMPT',
    "if true; then x $PROMPT; elif y; then z; else w; fi",
    "while read a; do x $PROMPT; done < f",
    "for x in if do done {; do x $PROMPT; done",
    "{ x $PROMPT; }",
    "(cd x && y $PROMPT) > log 2>&1 &",
    "f() { x $PROMPT; }; f",
    "function f { x $PROMPT; }\nf",
    "echo } ) $PROMPT".replace(")", "\\)"),
    "echo a{b,c} {} if fi done $PROMPT",
    "x \\\n  $PROMPT",
    "x $PROMPT |\n y",
    "a=(1 2\n3 # it's\n) x $PROMPT",
    "shopt -s extglob\nx @(a|!(b)) $PROMPT",
    "[[ a =~ (b|c) && ! -f d ]] || x $PROMPT",
    "cat <<A <<'B' - $PROMPT\na\nA\nb\nB\n",
    "x <<\\EOF $PROMPT\na $( ' \" `\nEOF",
    "x $PROMPT; cat <<'E O F'\nit's\nE O F\n",
    "x <<-EOF $PROMPT\n\ta\n\tEOF",
    "x 2>/dev/null 3>&1 &>>f >|g <>h $PROMPT",
    "! x $PROMPT",
    "x $PROMPT;;".rstrip(";"),
    'bash -c "$PROMPT"',
    "sh -c $PROMPT",
    'timeout 60 bash -lc "$PROMPT"',
    'eval "$PROMPT"',
    'bash -c \'x "$1"\' _ "$PROMPT"',
    'python3 script.py -c "$PROMPT"',
    'su - user -c "cd $WORKING_DIR; x --file $PROMPT_FILE"',
    'ssh host x "\\$A" < $PROMPT_FILE',
    'find . -exec sh -c \'x "$PROMPT" "$1"\' _ {} \\;',
]


@pytest.mark.parametrize("template", VALID)
def test_valid_templates_have_no_errors(template: str) -> None:
    reading = read(template)
    assert [(error.code, template[error.start : error.end]) for error in reading.errors] == []
    assert "unclosed_heredoc" not in [warning.code for warning in reading.warnings]


INVALID: list[tuple[str, list[tuple[str, str]]]] = [
    ("x", [("missing_prompt", "x")]),
    ("", [("missing_prompt", "")]),
    ("x # $PROMPT", [("missing_prompt", "x # $PROMPT")]),
    ("x \\$PROMPT", [("missing_prompt", "x \\$PROMPT")]),
    ("x $WORKING_DIR", [("missing_prompt", "x $WORKING_DIR")]),
    ("x $PROMPT `date", [("unclosed_substitution", "`date")]),
    ("(cd x; y $PROMPT", [("unclosed_parenthesis", "(cd x; y $PROMPT")]),
    ('y $PROMPT "$(date', [("unclosed_quote", '"$(date'), ("unclosed_substitution", "$(date")]),
    ("x ${PROMPT", [("unclosed_substitution", "${PROMPT"), ("missing_prompt", "x ${PROMPT")]),
    ("x $PROMPT 'it", [("unclosed_quote", "'it")]),
    ("x $PROMPT $'it\\'", [("unclosed_quote", "$'it\\'")]),
    ('x "$PROMPT', [("unclosed_quote", '"$PROMPT')]),
    ("x $PROMPT $((1+2)", [("unclosed_substitution", "$((1+2)"), ("unclosed_parenthesis", "(1+2)")][:1]),
    ("x $PROMPT <(y", [("unclosed_substitution", "<(y")]),
    ("x $PROMPT a=(b", [("unclosed_parenthesis", "(b")]),
    ("x $PROMPT )", [("unexpected_token", ")")]),
    ("x $PROMPT; }", [("unexpected_token", "}")]),
    ("x $PROMPT; fi", [("unexpected_token", "fi")]),
    ("x $PROMPT ;; y", [("unexpected_token", ";;")]),
    ("x $PROMPT (y)", [("unexpected_token", "(")]),
    ("x $PROMPT >", [("unexpected_token", ">")]),
    ("{ x $PROMPT", [("unclosed_block", "{")]),
    ("if x; then y $PROMPT", [("unclosed_block", "if")]),
    ("while x; do y $PROMPT", [("unclosed_block", "while")]),
    ("case x in a) y $PROMPT;;", [("unclosed_block", "case")]),
    ("[[ -n $PROMPT", [("unclosed_block", "[[")]),
    ("x ${PROMPT:-y}", [("unsupported_expansion", "${PROMPT:-y}")]),
    ('x "${PROMPT##* }"', [("unsupported_expansion", "${PROMPT##* }")]),
    ("x `cat $PROMPT_FILE`", [("unsupported_expansion", "$PROMPT_FILE")]),
    ("x `echo \\$PROMPT`", [("unsupported_expansion", "\\$PROMPT")]),
    ("x $(( $PROMPT + 1 ))", [("unsupported_expansion", "$PROMPT")]),
    ("cat <<'EOF'\n$PROMPT\nEOF\n", [("quoted_heredoc", "$PROMPT")]),
    ("cat <<E\\OF\n${PROMPT}\nEOF\n", [("quoted_heredoc", "${PROMPT}")]),
    ("bash -c 'x \"'\\$PROMPT'\"'; x $'bash -c' x\"\"; sh -c 'x $PRO'MPT", [("nested_placeholder", "$PRO'MPT")]),
    ('awk "{ print $PROMPT }"', [("nested_placeholder", "$PROMPT")]),
    ('bash -c "x $(cat $PROMPT_FILE)"', [("nested_placeholder", "$PROMPT_FILE")]),
    ('bash -c "x `cat $PROMPT_FILE`"', [("unsupported_expansion", "$PROMPT_FILE")]),
    ("bash -c \"x $(echo '$PROMPT')\"", [("nested_placeholder", "$PROMPT")]),
    ('python3 -c "print(\\"$PROMPT\\")"', [("nested_placeholder", "$PROMPT")]),
    ("node -e 'f(\"$PROMPT\")'", [("nested_placeholder", "$PROMPT")]),
    ('curl -d "{\\"p\\": \\"$PROMPT\\"}" u', [("nested_placeholder", "$PROMPT")]),
    ("sh -c 'x \"$PROMPT'", [("unclosed_quote", '"$PROMPT')]),
    ("x $PROMPT `y 'z`", [("unclosed_quote", "'z")]),
    ("x $PROMPT\0", [("nul", "\0")]),
]


@pytest.mark.parametrize(("template", "expected"), INVALID)
def test_invalid_templates_have_errors_with_their_place(template: str, expected: list[tuple[str, str]]) -> None:
    errors = read(template).errors
    assert [(error.code, template[error.start : error.end]) for error in errors] == expected
    assert all(error.text.endswith(".") or error.text.endswith(")") for error in errors)
    others = [error for error in errors if error.code != "missing_prompt"]
    if others:
        with pytest.raises(Invalid) as raised:
            rewrite(template)
        assert others[0].text in raised.value.fields["invocationTemplate"]


def test_rewrite_when_only_the_prompt_is_missing_then_the_script_is_made_for_its_standard_input() -> None:
    assert rewrite("cd $WORKING_DIR; x") == 'cd "$WORKING_DIR"; x'


REWRITTEN = [
    ("x $PROMPT", 'x "$PROMPT"'),
    ("x ${PROMPT}y", 'x "$PROMPT"y'),
    ("x --p=$PROMPT", 'x --p="$PROMPT"'),
    ('x "a $PROMPT[1]"', 'x "a ${PROMPT}[1]"'),
    ('x "a $PROMPT b"', 'x "a $PROMPT b"'),
    ("x 'a $PROMPT b'", "x 'a '\"$PROMPT\"' b'"),
    ("cat <<E\n$PROMPT\nE", "cat <<E\n$PROMPT\nE"),
    ("x $PROMPT_FILE $WORKING_DIR", 'x "$PROMPT_FILE" "$WORKING_DIR"'),
    ("x $PROMPT # $PROMPT", 'x "$PROMPT" # $PROMPT'),
    ("sh -c 'x $PROMPT'", "sh -c 'x \"$PROMPT\"'"),
    ('sh -c "x \\$PROMPT"', 'sh -c "x \\"\\$PROMPT\\""'),
    ("bash -c \"bash -c 'x \\$PROMPT'\"", 'bash -c "bash -c \'x \\"\\$PROMPT\\"\'"'),
    ("eval x \\$PROMPT", 'eval x \\"\\$PROMPT\\"'),
    ("x `y $WORKING_DIR`", 'x `y "$WORKING_DIR"`'),
    ("bash -c $PROMPT", 'bash -c "$PROMPT"'),
    ('sh -c "x \\"$PROMPT\\""', 'sh -c "x \\"\\${PROMPT}\\""'),
    ("sh -c \"x '$PROMPT'\"", "sh -c \"x ''\\\"\\$PROMPT\\\"''\""),
    ('eval x "$PROMPT"', 'eval x "\\"\\$PROMPT\\""'),
    ('su - u -c "x \\"$PROMPT\\""', 'su - u -c "$AIRUNNER_CARRY""x \\"\\${PROMPT}\\""'),
    ('su - u -s /bin/bash -c "x $PROMPT"', 'su - u -s /bin/bash -c "$AIRUNNER_CARRY""x \\"\\$PROMPT\\""'),
    ("su u --command='x $PROMPT'", 'su u --command="$AIRUNNER_CARRY"\'x "$PROMPT"\''),
    ("sudo sh -c 'x $PROMPT'", 'sudo sh -c "$AIRUNNER_CARRY"\'x "$PROMPT"\''),
    ("ssh h x $PROMPT", 'ssh h "$AIRUNNER_CARRY"x \\"\\$PROMPT\\"'),
    ("su - u <<E\nx $PROMPT\nE", 'su - u <<E\n$AIRUNNER_CARRY\nx "\\$PROMPT"\nE'),
    ('sh -c "x # $PROMPT" $PROMPT', 'sh -c "x # \\${PROMPT}" "$PROMPT"'),
    ('cd $A; sh -c "cd $WORKING_DIR; x $PROMPT"', 'cd $A; sh -c "cd \\"\\$WORKING_DIR\\"; x \\"\\$PROMPT\\""'),
]


@pytest.mark.parametrize(("template", "expected"), REWRITTEN)
def test_rewriting_makes_each_placeholder_one_argument(template: str, expected: str) -> None:
    assert rewrite(template) == expected


def test_rewriting_twice_changes_nothing_more() -> None:
    for template in (*(template for template, _ in REWRITTEN), *VALID):
        once = rewrite(template)
        assert read(template).carried or rewrite(once) == once


def test_no_working_dir_is_a_warning() -> None:
    assert [warning.code for warning in read("x $PROMPT").warnings] == ["no_working_dir"]
    assert read("cd $WORKING_DIR; x $PROMPT").warnings == ()


def test_an_unclosed_here_document_is_a_warning_as_in_bash() -> None:
    assert "unclosed_heredoc" in [warning.code for warning in read("cat <<EOF\n$PROMPT\n").warnings]


def test_uses_tells_which_variables_are_needed() -> None:
    reading = read("cd $WORKING_DIR; x $PROMPT_FILE")
    assert reading.uses("PROMPT_FILE") and reading.uses("WORKING_DIR")
    assert not reading.uses("PROMPT") and not reading.uses("RUN_ID")


@pytest.mark.parametrize("template", ['bash -c "$PROMPT"', "eval $PROMPT", "sh -c ${PROMPT}"])
def test_read_when_the_prompt_is_the_script_then_it_is_said(template: str) -> None:
    reading = read(template)
    assert reading.errors == ()
    assert "prompt_is_code" in [warning.code for warning in reading.warnings]
