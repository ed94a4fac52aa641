"""What each text of a model card must say and must not: claims on plain sentences."""

import re

from grader.exercises.lesson_06_capstone.card_language import clauses, negations, says

_MODULES = 44  # of the ELPV data set (Deitsch et al. 2019)
_CELLS = 2624

# ---- the licence
_NON = r"\bnon[- ]?commercial\w*|\bnon[- ]?profit|\bnot[- ]for[- ]profit|\bby[- ]nc\b|\bnc[- ]sa\b|\bnc\b|\bnichtkommerziell"
_COMMERCE = (
    r"\bcommerc\w+|\bsell\w*|\bsold\b|\bsale\b|\bmoney\b|\bprofits?\b|\bbusiness(?:es)?\b|\bcompan(?:y|ies)\b|"
    r"\bmoneti[sz]\w+|\bpaid\b|\bcharge\b|\bkommerziell\w*"
)
_FORBIDS = (
    r"\bforb[aio]d\w*|\bprohibit\w*|\bexclu\w+|\bbann?(?:ed|s)?\b|\bdisallow\w*|\brul(?:e|es|ed) out\b|\billegal\b|"
    r"\bunlawful\b|\boff[- ]limits\b|\brefus\w+|\bden(?:y|ied|ies)\b|\bprevent\w*|\bbars\b|\bbarred\b|\bviolat\w+|"
    r"\blimits? on\b|\blimitations? (?:on|for)\b|\brestrict\w*\b(?! to)|\bbreach\w*|\binfring\w+|\bcontrary to\b|\bagainst\b|\bout of the question\b|\bverboten\b|"
    r"\b(?:requires?|needs?|only (?:\w+ )?(?:with|after|if)) (?:\w+ ){0,4}(?:permission|consent|agreement|separate|another|other|different)\b"
)
_ONLY_STUDY = (
    r"(?:research|education\w*|teaching|academic|private|personal|study|studies|learning)\b(?: \w+){0,3} only\b|"
    r"\bonly (?:\w+ ){0,4}(?:research|education\w*|teaching|academic|private|personal|study|learning)\b"
)
_ANYTHING_GOES = (
    r"\bno restrictions?\b|\bwithout (?:any )?restrictions?\b|\bunrestricted\b|\bany purposes?\b|\ball purposes\b|\bany use\b|"
    r"\bwhat(?:ever)? you (?:want|like|wish)\b|\beverything is (?:allowed|permitted)\b|\bfor anything\b|\bpublic domain\b"
)
_NOT_BINDING = (
    r"(?:\bnot|n't|\bno longer|\bnever) (?:\w+ ){0,2}(?:matter|apply|applies|bind\w*|concern|extend|carry over|count)\b|"
    r"\birrelevant\b|\bcan be ignored\b|\bmay be ignored\b"
)


def licence_claims(text: str) -> tuple[bool, bool]:
    """Whether commercial use is said to be excluded, and whether it is said to be allowed."""
    excluded, allowed = says(r"^no\b\s*[,:.;!-]", text), says(r"^yes\b", text)
    allowed |= says(r"\bno (?:licen[cs]e|permission|consent)\b.*\b(?:needed|required|necessary)\b", text)
    text = re.sub(r"^(?:no|yes)\b\s*[,:.;!-]", "", text)
    text = re.sub(r"[:?]\s*(?=(?:not|never) (?:allowed|permitted|possible)\b)", " is ", text)
    text = re.sub(
        r"[:?]\s*(?:no|none|never|not (?:allowed|permitted))\s*(?=[,.;!]|$)", " is not allowed; ", text
    )
    for clause in clauses(text):
        if says(r"\bnon[- ]?commercial", clause) and says(
            r"\bnot only (?:\w+ ){0,3}non[- ]?commercial", text
        ):
            allowed = True
            continue
        if says(_NOT_BINDING, clause) or (says(_ANYTHING_GOES, clause) and not says(_NON, clause)):
            allowed |= not says(r"\bnot for any\w*|\bnot (?:\w+ ){0,2}unrestricted", clause)
            continue
        if not says(rf"{_NON}|{_COMMERCE}", clause):
            excluded |= says(_ONLY_STUDY, clause) and negations(clause) % 2 == 0
            continue
        rest = re.sub(_NON, " ", clause)
        named = says(_NON, clause) and not says(
            _COMMERCE, rest
        )  # "non-commercial: it may not be sold" turns once
        if named and not says(r"\bnon[- ]", clause) and says(_FORBIDS, rest):
            named = False  # "CC BY-NC-SA forbids it"
        turned = (int(named) + negations(rest, _FORBIDS)) % 2 == 1
        excluded |= turned
        allowed |= not turned
    return excluded, allowed


# ---- numbers of modules and cells
def wrong_modules(text: str) -> int:
    """A number of modules above the data set's, 0 for none."""
    named = [
        int(re.sub(r"\D", "", number))
        for number in re.findall(r"\b(\d{1,3}(?:,\d{3})+|\d+) (?:\w+ )?(?:modules|panels)\b", text)
    ]
    return max((number for number in named if number > _MODULES), default=0)


def too_many_cells(text: str) -> int:
    """A number of cells or photographs above the data set's, 0 for none."""
    kinds = r"(?:cells|photographs|photos|images|pictures|samples)"
    named = [
        int(re.sub(r"\D", "", n))
        for n in re.findall(rf"\b(\d{{1,3}}(?:,\d{{3}})+|\d+) (?:\w+ ){{0,3}}?{kinds}\b", text)
    ]
    return max((number for number in named if number > _CELLS), default=0)


# ---- the split
_HELD = r"held[- ]?out|\btest(?:ing)?\b|\bevaluation\b|\bholdout\b|\bother quarter\b|\bjudg\w+"
_KEPT_APART = (
    r"\bheld[- ]?(?:out|back)\b|\bholdout\b|\bkept (?:\w+ ){0,2}(?:apart|separate\w*|aside|back|away|out)\b|\b(?:put|set|laid|left) (?:\w+ ){0,2}(?:aside|apart|out)\b|"
    r"\bseparate\w*\b|\bapart\b|\baside\b|\bunseen\b|\bdisjoint\b|\btest(?:ed|ing)?\b|\breserved?\b|\bevaluat\w+|\bonly (?:\w+ ){0,3}(?:at the end|once)\b|"
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
    r"|\btrain\w*(?: \w+){0,4} on (?:them|these|those)\b"
    r"|(?:held[- ]?out|\btest)\b(?: \w+){0,3} (?:part of|among|inside|in) (?:the )?other ones\b"
    r"|\b(?:validation|choosing) and (?:the )?test (?:cells|set)s? (?:are|is|were) the same\b"
    r"|\bbest (?:\w+ )?on (?:the )?(?:\d+ )?(?:held[- ]?out|test)\b"
    rf"|\bincluding (?:\w+ ){{0,2}}(?:held[- ]?out|test)\b"
    r"|\btrain\w* on (?:all|every|everything|the whole)\b"
)


def split_claims(text: str) -> tuple[bool, bool]:
    """Whether held-out cells are said to be kept apart, and whether they are said to have helped."""
    apart = helped = False
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


# ---- the limits
_LIMITS = r"limit(?:s|ation|ations)?|weakness(?:es)?|flaws?|drawbacks?|shortcomings?|failures?|mistakes|errors|problems?|blind spots?"
_NO_LIMITS = (
    rf"\b(?:no|without|not any|zero|nothing|never any|not have any|free of|free from|n't (?:have )?any|hardly any|lacks?) (?:\w+ ){{0,3}}(?:{_LIMITS})\b|"
    r"\bnone (?:that|are|is|at|we|i|known|whatsoever)\b|\bthere (?:are|is) none\b|\bunlimited\b|\blimitless\b|\bnot limited\b|\bno known\b|"
    r"\bnever (?:\w+ ){0,2}(?:fails?|failed|errs?|wrong|misses|missed|makes?|made|mistaken)\b|\b(?:cannot|does not|doesn't|did not|didn't|will not) (?:\w+ )?(?:fail|err|miss anything|make (?:any )?mistakes|be wrong)\b|"
    r"\bnothing (?:\w+ ){0,4}(?:cannot|fail|wrong|miss\w*|to (?:report|say|worry|fear))\b"
)
_EVERYWHERE = (
    r"\b(?:works?|good|reliable|reliably|accurate|accurately|usable|useful|suitable|right|correct|correctly|finds|succeeds?|recogni[sz]es|"
    r"trusted|perform\w*|handles?|generali[sz]es|applicable|used|use)\b.*\b(?:any|every|always|everywhere|anywhere|all kinds|all cameras|all modules|all photographs|whatever|every time)\b|"
    r"\balways (?:\w+ ){0,2}(?:works?|right|correct|finds|reliable|accurate)\b|\bperfect(?:ly)?\b|\bwithout (?:any |a |an )?(?:errors?|mistakes?|problems?|fail\w*)\b|\bflawless\w*|\binfallible\b|\b100 ?%|\berror-free\b|\bevery (?:single )?defect\w*\b"
)
_SAYS_A_LIMIT = (
    r"\bnot\b|n't\b|\bno\b|\bnever\b|\bcannot\b|\bfail\w*|\bmiss\w*|\bwrong\w*|\bmistak\w+|\berr(?:s|ors?)?\b|\bonly\b|\bother\b|\banother\b|\bdiffer\w*|"
    r"\bnew\b|\bunseen\b|\bunknown\b|\bdoubt\w*|\buncertain\w*|\bunsure\b|\bpoor\w*|\bweak\w*|\bworse\b|\bless\b|\blow\w*|\bbad\w*|\bconfus\w+|\bstruggl\w+|"
    r"\bhard\w*|\bdifficult\w*|\brare\w*|\bunt(?:ested|ried)\b|\blimited\b|\bcalled\b|\btaken for\b|\bslip\w*|\bescap\w*|\bunnoticed\b|\bundetected\b|\bone (?:in|of|out of) (?:three|four|five|six|ten)\b|\bprone\b|\bsometimes\b|\boften\b|\bmisclass\w*|\bdisagree\w*|\bambig\w*|\btroubl\w*|\bfool\w*|\bsensitive\b|\bdepend\w*|\bunreliab\w*|\binaccura\w+|\bincorrect\w*|\bblind\b|\bout of (?:three|four|five|ten)\b|\d ?%|\bper ?cent\b|\bone (?:data|kind|camera|source)|\bsingle\b|\boverlook\w*|\bwithout\b|\bunclear\b|\bproblem\w*|\bfalse\b|\bfew\b|\boutside\b"
)


def denies_limits(text: str) -> bool:
    """Whether it says that there are no limits."""
    for clause in clauses(text):
        if says(_NO_LIMITS, clause) and not says(r"\b(?:not|never) (?:\w+ )?without\b", clause):
            return True
        without = re.sub(r"\bwithout (?:any |a |an )?(?:errors?|mistakes?|problems?|fail\w*)\b", " ", clause)
        if (
            says(_EVERYWHERE, clause)
            and negations(without) == 0
            and not says(r"\bmiss\w*|\bfail\w*|\bonly\b|\boverlook\w*|\bfar from\b", clause)
        ):
            return True
    return False


def names_a_limit(text: str) -> bool:
    """Whether it says anything of where the network fails or what it has not seen."""
    return says(_SAYS_A_LIMIT, text)


# ---- the task and the data
_THING = r"cells?\b|solar|photo|image|picture|panel|module|electroluminescence|elpv|\bpv\b|foto|bild|zelle"
_OUTCOME = (
    r"defect|good|fault|broken|damage|crack|sort|classif|\btell|score|inspect|intact|healthy|sound|\bbad\b|flaw|deci[ds]|recogn|detect|spot|"
    r"flag|\bfind|label|predict|separat|distinguish|defekt|warn|judge|check|probabilit|class|ordnung"
)
_WHICH_DATA = (
    r"elpv|buerhop|2[ ,.]?624|electroluminescence|electro-luminescence|solar|photovoltaic|\bpv\b|solarzell"
)


def speaks_of_the_task(text: str) -> bool:
    """Whether it names what goes in and what comes out."""
    return says(_THING, text) and says(_OUTCOME, text)


def names_the_data(text: str) -> bool:
    """Whether it says which photographs these are."""
    return says(_WHICH_DATA, text)
