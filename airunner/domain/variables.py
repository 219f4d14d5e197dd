"""Variables of a prompt: `{{NAME}}` is replaced by a value, once; what a value holds is not looked at again."""

from __future__ import annotations

import re
from collections.abc import Mapping

from airunner.domain.fields import raise_problems

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return the text with the given variables filled in; one that got no value stays as it stands.

    Raises Invalid for a value whose variable the text does not have.
    """
    names = set(_VARIABLE.findall(text)) if values else set()
    raise_problems({f"variables.{name}": f"The prompt has no {{{{{name}}}}}." for name in values if name not in names})
    return _VARIABLE.sub(lambda found: values.get(found[1], found[0]), text) if values else text
