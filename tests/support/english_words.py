"""Common English words that are no Welsh words, mutated or not: where two of them stand together, the text is English."""

from __future__ import annotations

import re

# Not here, because Welsh has them too: a, am, an, at, dim, do, dyn, had, his, i, hen, her, more, most, no, o, of, on, or, pan, tan.
_LIST = """
about after again all already also although and another any anyone are asked away because been before being below
between both but cannot changed choose could days does each either else enough every everyone everything first from
further gave get give gone has have having how if into its itself keep kept know later least less like list made make
many may means might must name need never new next not nothing now once one only open other others our out over own page
pages people please read right said same say says see send sent set shall she should show shown since so some someone
something still such take than that the their them then there these they thing this those though through together too
two under until used very want was way we were what when where whether which while who whole whose why will with within
without would write year years yes yet you your
"""
WORDS = frozenset(_LIST.split())
_WORD = re.compile(r"[a-z]+(?:’[a-z]+|'[a-z]+)?")
# Values, tags, code, quoted file words and addresses.
_NO_WORDS = re.compile(
    r"%\(\w+\)s|\{\w+\}|<code>.*?</code>|<[^>]*>|https?://\S+|\S+@\S+|[“‘\"][^”’\"]{0,40}[”’\"]|\w+[/_.]\w[\w/_.-]*"
)


def english_words(text: str) -> list[str]:
    """The English words of a text; empty if there are fewer than two, since one may be part of a name."""
    found = [word for word in _WORD.findall(_NO_WORDS.sub(" ", text).lower()) if word in WORDS]
    return found if len(found) > 1 else []
