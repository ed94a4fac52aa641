"""What a model card's text says of the licence: is commercial use excluded, or allowed?"""

import re

from grader.exercises.lesson_06_capstone.card_canonical import Canonical
from grader.exercises.lesson_06_capstone.card_clauses import affirmed, clauses, negations

_NON = r"\bnoncommercial\w*|\bnonprofit|\bNOT for profit|\bby nc\b|\bnc sa\b|\bnc\b|\bnichtkommerziell|\bNOT (?:for )?(?:the )?commercial\w*"
_COMMERCE = (
    r"\bcommerc\w+|\bsell\w*|\bsold\b|\bsale\b|\bmoney\b|\bprofits?\b|\bbusiness(?:es)?\b|\bcompan(?:y|ies)\b|\bfirms?\b|\bearn\w*|\bcash\b|"
    r"\bmoneti[sz]\w+|\bpaid\b|\bcharge\b|\bkommerziell\w*|\bfor a fee\b|\btrade\b|\bindustry\b"
)
_FORBIDS = (
    r"\bforb[aio]d\w*|\bprohibit\w*|\bexclu\w+|\bbann?(?:ed|s)?\b|\bdisallow\w*|\brul(?:e|es|ed) (?:\w+ ){0,2}out\b|\billegal\b|\bunlawful\b|\boff limits\b|\brefus\w+|"
    r"\bden(?:y|ied|ies)\b|\bprevent\w*|\bbreak\w*|\bbars\b|\bbarred\b|\bviolat\w+|\bout\b(?! of)|\btaboo\b|"
    r"\blimits? on\b|\blimitations? (?:on|for)\b|\brestrict\w*\b(?! to)|\bbreach\w*|\binfring\w+|\bcontrary to\b|\bagainst\b|\bout of (?:the )?question\b|\bverboten\b|"
    r"\b(?:requires?|needs?|only (?:\w+ )?(?:with|after|if)) (?:\w+ ){0,4}(?:permission|consent|agreement|separate|another|other|different)\b"
)
_ONLY_STUDY = (
    r"(?:research|education\w*|teaching|academic|private|personal|study|studies|TRAIN|hobby)\b(?: \w+){0,3} only\b|"
    r"\bonly (?:\w+ ){0,4}(?:research|education\w*|teaching|academic|private|personal|study|TRAIN|hobby)\b"
)
_ANYTHING_GOES = (
    r"\bNOT restrictions?\b|\bNOT (?:any )?restrictions?\b|\bunrestricted\b|\bany purposes?\b|\ball purposes\b|\b(?:any|every) use\b|"
    r"\bwhat(?:ever)? you (?:want|like|wish)\b|\beverything is (?:allowed|permitted)\b|\bfor anything\b|\bpublic domain\b|\bgo ahead\b|\bup to you\b|\bhelp yourself\b"
)
_NOT_BINDING = (
    r"\bNOT (?:\w+ ){0,2}(?:matter|apply|applies|bind\w*|concern|extend|carry over|count|longer|any more|anymore|any longer|mind|care|worry|object|hurt)\b|\bNOT (?:\w+ ){0,4}?(?:problem|issue|trouble|crime|difficulty|secret|big deal)\b|\birrelevant\b|\b(?:can|may) be ignored\b|"
    r"\bpolite wish\b|\bNOT (?:\w+ ){0,2}(?:check\w*|notic\w*|find out|mention\w*|say|speak|tell)\b|\bonly a (?:\w+ )?(?:wish|recommendation|suggestion)\b|\bexpire\w*|\b(?:stands|means|is short) (?:\w+ )?(?:for )?(?:new|nice|no conditions?)\b"
)
# Commerce is allowed to some, for a while or for a fee: the licence knows no such exception.
_EXCEPTION = (
    r"\b(?:after|for the first|until) (?:\w+ ){0,2}(?:years?|months?|that)\b|\bsmall (?:companies|firms)\b|\bfewer than\b|\bonly (?:compan\w+|firms|businesses) (?:may|can|are)\b|"
    r"\b(?:if|after|once|as long as|provided) (?:they|you|one|we) (?:\w+ )?(?:pay|pays|cite|name|ask us|publish)\b"
)
_ALLOWED = r"\bcommercial\w* (?:use |usage )?(?:is|are) (?:(?!NOT)\w+ )?(?:okay|ok|fine|allowed|permitted|possible|welcome)\b"
_SAID = r"\b(?:allowed|permitted|possible|okay|ok|fine|legal|yes|welcome|free|sell|sold|may|can)\b"


# What stands for a statement, and the statement: an answer, a sign, an exception that is none.
_WRITTEN_OUT = (
    (r"\b(?:any|every|all)\w* (?:\w+ )?(?:but|except|other than) (?:for )?(?:an? )?commercial(?: one| purposes?)?\b", "; NOT commercial ;"),
    (r"= (?:false|NOT|0)\b", "is NOT allowed"),
    (r"[:?] NOT(?: (?:allowed|permitted|possible))?(?= [,.;!]|$)", "is NOT allowed ;"),
    (r"^NOT [,:.;!-]", "it is NOT allowed commercially ;"),
    (r"[:?](?= (?:NOT )?(?:forb\w+|prohib\w+|exclud\w+|allowed|permitted|possible|yes|fine|is)\b)", "is"),
    (r":", ";"),
    (r",(?= (?:see |as |under )?cc by nc)", ";"),
    (r"NOT (?:any )?conditions?", ""),
)  # fmt: skip
_ALLOWS = (
    rf"^(?:yes|sure|of course)\b.*|(?:{_FORBIDS}) (?:any|every|all)\w* (?:\w+ )?(?:but|except|other than) (?:for )?(?:an? )?commercial|"
    r"(?<!NOT )\bonly (?:for )?commercial\w*|\bNOT (?:licen[cs]e|permission|consent)\b.*\b(?:needed|required|necessary)\b"
)


def licence_claims(text: Canonical) -> tuple[bool, str]:
    """Whether commercial use is said to be excluded, and the words by which it is said to be allowed."""
    if said := text.find(_ALLOWS):
        return False, said
    for pattern, statement in _WRITTEN_OUT:
        text = text.replaced(pattern, statement)
    excluded, allowed = False, ""
    for clause in clauses(text):
        excludes, says_allowed = _claim(clause)
        excluded |= excludes
        allowed = allowed or says_allowed
    return excluded, allowed


def _claim(clause: Canonical) -> tuple[bool, str]:
    whole = clause.find(".*")
    if clause.says(r"\bNOT only (?:\w+ ){0,3}noncommercial") or clause.says(r"\bonly (?:for )?the PHOTO\b"):
        return False, whole
    if clause.says(_NOT_BINDING) or (clause.says(_ANYTHING_GOES) and not clause.says(_NON)):
        return False, "" if clause.says(r"\bNOT for any\w*|\bNOT (?:\w+ ){0,2}unrestricted") else whole
    if affirmed(clause, _ALLOWED) and not clause.says(r"\b(?:only|until|unless|if)\b"):
        return False, whole
    if affirmed(clause, _EXCEPTION) and clause.says(_COMMERCE):
        return False, whole
    if len(clause.tags) < 4 and not clause.says(rf"{_NON}|{_SAID}|NOT"):
        return False, ""  # "commercial use:" alone claims nothing
    if not clause.says(rf"{_NON}|{_COMMERCE}"):
        return clause.says(_ONLY_STUDY) and negations(clause) % 2 == 0, ""
    rest = re.sub(_NON, " ", str(clause))
    named = clause.says(_NON) and not re.search(
        _COMMERCE, rest
    )  # "noncommercial: it may not be sold" turns once
    if named and not clause.says(r"\bnon\w+|NOT (?:for )?(?:the )?commercial") and re.search(_FORBIDS, rest):
        named = False  # "CC BY-NC-SA forbids it"
    turned = (
        int(named) + negations(Canonical(tuple(rest.split()), ())) + len(re.findall(_FORBIDS, rest))
    ) % 2 == 1
    return turned, "" if turned else whole
