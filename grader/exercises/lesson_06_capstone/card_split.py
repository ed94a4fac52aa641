"""What a model card's text says of the split: were held-out cells kept apart, did they help, how were they drawn?"""

import re

from grader.exercises.lesson_06_capstone.card_language import clauses, says

_HELD = r"held[- ]?out|\btest(?:ing)?\b|\bevaluation\b|\bholdout\b|\bother quarter\b|\bjudg\w+"
_KEPT_APART = (
    r"\bheld[- ]?(?:out|back)\b|\bholdout\b|\bkept (?:\w+ ){0,7}(?:apart|separate\w*|aside|back|away|out)\b|\b(?:put|set|laid|left) (?:\w+ ){0,2}(?:aside|apart|out)\b|"
    r"\bseparate\w*\b|\bapart\b|\baside\b|\bunseen\b|\bdisjoint\b|\btest(?:ed|ing)?\b|\breserved?\b|\bevaluat\w+|\bonly (?:\w+ ){0,3}(?:at the end|once)\b|"
    r"\b(?:stayed|stay|kept|left) (?:\w+ ){0,2}out of\b|\b(?:put|set|laid) (?:\w+ ){0,4}to one side\b|\bhid(?:den|es?|ing)?\b|\bwithh[eo]ld\b|"
    r"\btrain\w* (?:\w+ )?(?:used|saw|got) (?:\w+ ){0,3}only\b|\btrained on\? no\b|\bnone of [^.;]*\btrained on\b|"
    r"(?:\bnever|\bnot|n't|\bneither|\bno|\bnone|\bnothing) (?:[\w-]+ ){0,7}(?:used|seen|trained|in|shown|touched|looked|part|took|take)\b"
)
_USED = r"\b(?:train\w*|fit|fitted|fitting|learn\w*|tun(?:e|ed|ing)|cho(?:se|sen|ose)|choosing|select\w*|pick\w*|stopp?(?:ed|ing)?|optimi[sz]\w+|early stopping|kept the best|took the best|best epoch|best recipe)\b"
_ON_HELD_OUT = (
    rf"{_USED}(?: (?!and\b|then\b)\w+){{0,9}} (?:on|with|by|using|from|for|where|at) (?:\w+ ){{0,4}}(?:held[- ]?out|test(?:ing)?|evaluation)\b"
    rf"|(?:held[- ]?out|\btest\b|evaluation)(?: \w+){{0,5}} (?:also |too |to |for |in |in the |during )+(?:\w+ ){{0,2}}?{_USED}"
    rf"|(?:held[- ]?out|\btest\b)(?: \w+){{0,6}} {_USED}|{_USED}(?: \w+){{0,3}} used (?:\w+ ){{0,2}}(?:test|held[- ]?out)\b"
    r"|(?:held[- ]?out|\btest\b)(?: \w+){0,4} (?:mixed|added|included|merged|moved|went|put) (?:\w+ )?(?:in|into|to|with)\b"
    rf"|(?:held[- ]?out|\btest\b)(?: \w+){{0,9}} used (?:to|for|in) (?:\w+ ){{0,2}}?{_USED}"
    r"|\bon the same (?:cells|photographs|images|data) (?:that|which|as|we|i)\b.*\btrain"
    r"|\btrain\w*(?: (?!and\b|then\b)\w+){0,4} on (?:them|these|those)\b(?!\? no)"
    rf"|{_USED}[^.;]* (?:best|well|highest) on (?:\w+ ){{0,2}}(?:those|these|them|the same)\b"
    r"|(?:held[- ]?out|\btest\b|\b656)(?: (?!rest\b|other\b|others\b)[\w,]+){0,6} (?:part|subset|sample|portion) of (?:\w+ ){0,8}train"
    r"|\bnobody kept\b|\b(?:of )?(?:them|those|these|they)(?: \w+){0,3} (?:added|moved|merged|mixed) (?:\w+ )?(?:in|into|to|with) (?:\w+ ){0,2}train"
    r"|\b(?:they|these|those)(?: \w+){0,2} (?:part|used|seen|included) (?:\w+ ){0,2}?(?:of|in) (?:\w+ ){0,3}train"
    r"|(?:held[- ]?out|\btest)\b(?: \w+){0,3} (?:part of|among|inside|in) (?:the )?other ones\b"
    r"|\b(?:validation|choosing) and (?:the )?test (?:cells|set)s? (?:are|is|were) the same\b"
    r"|\bbest (?:\w+ )?on (?:the )?(?:\d+ )?(?:held[- ]?out|test)\b"
    rf"|\bincluding (?:\w+ ){{0,2}}(?:held[- ]?out|test)\b"
    r"|\btrain\w* on (?:all|every|everything|the whole)\b"
)


def split_claims(text: str) -> tuple[bool, bool]:
    """Whether held-out cells are said to be kept apart, and whether they are said to have helped."""
    helped = False
    apart = says(
        r"\btrained on\? (?:no|never)\b|\bnone of the (?:\w+ )?(?:cells|photographs)[^.;]*\btrained on\b",
        text,
    )
    text = re.sub(r"\btraining (?:cells|photographs|data|set|part|quarters?)\b", "other ones", text)
    text = re.sub(
        r"\b(?:held|kept|left|set|put) (?:out|apart|away|aside|separate) (?:of|from) [^.;:]*",
        "held out",
        text,
    )
    text = re.sub(r"\b(?:chosen|selected|picked) (?:at random|randomly|by chance)", "drawn", text)
    text = re.sub(r"\b(?:at random|randomly) (?:chosen|selected|picked)", "drawn", text)
    for clause in clauses(text):
        never = says(r"\bnever\b|\bnot\b|n't\b|\bno\b|\bwithout\b|\bneither\b|\bnothing\b|\bnone\b", clause)
        helped |= says(_ON_HELD_OUT, clause) and not never
        for_nothing = says(
            r"\b(?:no|nothing|none|without)\b(?: \w+){0,4} (?:held[- ]?out|test|apart|aside|separate\w*|holdout|reserved)|"
            r"(?:\bnot|n't|\bnever) (?:been |even |really )?(?:held[- ]?(?:out|back)|kept|keep|hold|set|put|separate\w*|reserved?)\b"
            r"(?! (?:cells|ones|set|photographs|quarter))",
            clause,
        )
        for_nothing &= not says(
            r"\b(?:used|seen|saw|touched|looked|played|took|shown|entered)\b|" + _USED, clause
        ) or says(r"(?:not|n't|never) (?:\w+ )?(?:kept|keep|held|hold)", clause)
        helped |= for_nothing
        apart |= says(_KEPT_APART, clause) and not for_nothing
    return apart, helped


_BY_MODULES = (
    r"\b(?:whole|entire|complete) (?:modules|panels) (?:\w+ ){0,3}(?:held|kept|drawn|put|set|left)\b|"
    r"\bno (?:module|panel)s? (?:\w+ ){0,4}(?:both|two)\b|\b(?:split|drawn|divided|separated|held out) by (?:whole )?(?:module|panel)s?\b"
)
_SWAPPED = (
    r"\b1[,. ]?968\b(?: (?!train\w*|other|rest|left)[\w-]+){0,7} (?:held[- ]?(?:out|back)|tested|test)\b|"
    r"\b656 (?:\w+ )?(?:cells |photographs |images )?(?:were |are )?(?:used )?(?:for|to) train"
)
_NOT_AT_RANDOM = r"(?:\bnot|n't|\bnever) (?:\w+ )?(?:drawn|chosen|picked|selected|taken|split) (?:at random|randomly|by chance)|\bnot random\w*|\bthe (?:first|last|newest|oldest) (?:\d[\d,]*|cells|photographs)\b|\bby (?:\w+ )?dates?\b|\bsorted by\b"


def wrong_split(text: str) -> str:
    """What is said of the split and is not so, in words; "" for nothing."""
    for clause in clauses(text):
        if says(_BY_MODULES, clause) and not says(
            r"\b(?:not|n't|never|cannot|than|of|without)\b.*\bby\b", clause
        ):
            return "whole modules were held out"
        if says(_SWAPPED, clause) and not says(r"\b(?:not|never|none)\b|n't\b", clause):
            return "1,968 cells were held out, or 656 trained on"
        if says(_NOT_AT_RANDOM, clause):
            return "the cells were not drawn at random"
    return ""
