"""Acts with evidence of abuse: one act has one grade in all scenarios, so that no story teaches what another forbids.

The rule is that of the advice for education settings on nudes and semi-nudes (UKCIS, March 2024: do not view, copy, share,
store, delete, or ask for an image) and of the evidence that the police need. What a choice does is tagged by its author; the
words of an untagged choice are searched for such acts, so that no tag is forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from course.content.schema import Act, Choice, Quality


@dataclass(frozen=True)
class ActRule:
    """The only grade that a choice with this act may have, and the reason for it."""

    quality: Quality
    reason: str


ACT_RULES: dict[Act, ActRule] = {
    "views-image": ActRule("dangerous", "one more person sees the child, and to open an image can be an offence"),
    "searches-device": ActRule("dangerous", "nobody knows what will open, and a search changes what the police find"),
    "copies-evidence": ActRule("dangerous", "a copy of an image is a new image, and nobody knows what is in a chat"),
    "forwards-evidence": ActRule(
        "dangerous", "each message sent on is a copy, and nobody knows whether an image is in it"
    ),
    "asks-for-evidence": ActRule(
        "dangerous", "the child or adult who is asked is made to show, open or send it once more"
    ),
    "keeps-image": ActRule(
        "dangerous", "nobody outside the police may hold an image of a child, or be told to hold one"
    ),
    "deletes-evidence": ActRule("dangerous", "what could lead to an abuser and to other children may be lost"),
    "resets-device": ActRule("dangerous", "a reset or a closed account changes or removes what the police could find"),
    "switches-off-device": ActRule(
        "poor", "it can lock or lose what is open, and when to do it is for the lead to say"
    ),
    "reports-to-site-first": ActRule(
        "dangerous", "it warns whoever is behind the account before the police have seen it"
    ),
    "answers-online-contact": ActRule("dangerous", "an answer warns the person, or shows that the threat works"),
}

# What says that an act is left undone: taken out before the words are searched.
_NOT_DONE = re.compile(
    r"(?:\b(?:and|or|nor) )?\b\w+(?: \w+)? nothing\b(?: more| in the chat)?"
    r"|\bwrit\w+\b[^.;]*\bsend it\b"  # what is sent is the worker's own note
    r"|\bneither(?: to)? \w+ nor(?: to)? \w+"
    r"|\bnothing (?:gets |is )?\w+ (?:or|and) \w+"
    r"|\bwithout \w+ing\b(?: \w+)?"
    r"|\b(?:won[’']t|don[’']t|do not|not to|never to|needn[’']t|nobody) (?:\w+ )?\w+",
    re.IGNORECASE,
)
_EVIDENCE = (
    r"(?:pictures?|images?|photos?|messages?|chats?|conversation|screens?|phones?|tablets?|videos?|file|account)"
)
# Words that say an act. They are kept wide: a tag that is not needed costs a line, and a missed act teaches a mistake.
_ACT_WORDS = re.compile(
    r"\b(?:"
    rf"(?:delet|wip|eras|unsend|clear)\w*(?= (?:it|that|them|all|the whole|his|her|your|the|my|this|half)\b)"
    r"|delete|wipe|unsend|empty the bin|press it"
    r"|(?:one|a|quick|little|quiet) (?:\w+ )?look (?:through|at)|take (?:a|one) (?:\w+ )?look|have (?:a|one) (?:\w+ )?look"
    rf"|look(?:s|ed|ing)? (?:through|at) (?:\w+ ){{0,4}}{_EVIDENCE}|scroll\w*"
    r"|turn the phone over|look for the page|find the file|see a few of the messages|see that it has really gone"
    r"|look from the outside|bring it back|unlock it|read (?:his|her|their|the) messages"
    rf"|(?:photograph|screenshot)\w*|take pictures of|saves? (?:the|whatever|it|her|his|all)\b"
    rf"|(?:send|forward)s? (?:it|them|you|everything|that|the {_EVIDENCE})\b(?= (?:to|your|you|me|whatever)\b)"
    r"|forward (?:you|me|everything)|show (?:you|me|him|her) (?:one|it|them|what they send)|on his phone what"
    r"|keep (?:it|them) (?:somewhere )?safe"
    r"|(?:open|check|search|print|download|copy|remove|read through|get rid of) it\b(?! (?:up|from))"
    r"|(?:open|check|search|print|download|copy|film|remove|read through|go through|get rid of|take (?:a )?(?:copy|photos?) of)"
    rf" (?:his|her|their|the|that|this|one) (?:\w+ )?{_EVIDENCE}"
    rf"|(?:to see|see) (?:his|her|the|that) {_EVIDENCE}|asks? to see it|close (?:his|her|the) account"
    r"|what is on (?:it|his|her)|takes? the (?:game|app) off|uninstall\w*"
    r"|(?:type|write)s? .{0,30}\bas (?:him|her)\b|answer for (?:him|her)"
    r"|(?:help|let|have|ask)s? (?:him|her|[A-Z]\w+) (?:to )?(?:write (?:back|that|to)|tell (?:him|her|them)|ask for|answer)"
    r"|report button|reports? (?:it|the account|the profile) to the (?:app|game|site)"
    r"|reset|restart|switch(?:es|ing)? (?:it|the \w+) off|switch off (?:it|her|his|their|the) \w+|sign (?:\S+ )+out|factory"
    r")\b",
    re.IGNORECASE,
)


def spoken_act(text: str) -> str | None:
    """The words in the text of a choice that say an act with evidence; None if it has none, or only says what is left
    undone."""
    found = _ACT_WORDS.search(_NOT_DONE.sub(" … ", text))
    return found[0] if found else None


def act_problems(choice: Choice) -> Iterator[tuple[str, str]]:
    """What is wrong with the acts of a choice: each time the key at which it stands, and the message."""
    if choice.acts is None:
        words = spoken_act(choice.text)
        if words:
            yield (
                "text",
                (
                    f"'{words}' sounds like an act with evidence: say with 'acts' what the choice does, or with 'acts: []' "
                    "and 'no_act' why it does nothing of that kind (see docs/writing-content.md)"
                ),
            )
    for act in choice.acts or ():
        rule = ACT_RULES[act]
        if choice.quality != rule.quality:
            yield "quality", f"the act '{act}' is always {rule.quality}, never {choice.quality}: {rule.reason}"
    if choice.acts == () and not choice.no_act:
        yield (
            "acts",
            "'acts: []' needs 'no_act': why the choice does nothing with evidence, although its words sound so",
        )
    if choice.no_act and choice.acts != ():
        yield "no_act", "'no_act' is the reason for 'acts: []'"
