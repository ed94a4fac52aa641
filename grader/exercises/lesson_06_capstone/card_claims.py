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
    text = re.sub(
        r"\b(?:any|every|all)\w* (?:\w+ )?(?:but|except|other than) (?:for )?(?:an? )?commercial(?: one| purposes?)?\b",
        "; not commercial; ",
        text,
    )  # "for any purpose but a commercial one"
    allowed |= says(
        r"(?<!non-)(?<!non )\bcommercial\w*(?: use| sale)?,? (?:is|are|would be|should be) (?:(?!not\b|never\b|only\b)\w+ )?"
        r"(?:fine|ok|okay|allowed|permitted|possible|no problem)\b",
        text,
    ) and not says(r"\bno commercial", text)
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


def too_few_cells(text: str) -> int:
    """A number of cells that is called the whole data set's and is another; 0 for none."""
    numbers = re.findall(
        r"\b(\d{1,3}(?:,\d{3})+|\d+) (?:\w+ ){0,3}?(?:cells|photographs|photos|images|pictures)(?: \w+){0,4} (?:in all|altogether|in total)\b",
        text,
    )
    named = [int(re.sub(r"\D", "", number)) for number in numbers]
    return next((number for number in named if number != _CELLS), 0)


# ---- who gave the labels
_LAYMEN = r"network|model|computer|program|machine|we|i|us|me|ourselves|myself|students?|crowd|workers|volunteers|amateurs?|plumber|nobody"
_BY_LAYMEN = (
    rf"\b(?:labell?ed|annotated)(?: \w+){{0,2}} by (?:\w+ ){{0,3}}(?:{_LAYMEN})\b|"
    rf"\b(?:{_LAYMEN})(?: (?!network\b)\w+){{0,2}} (?:labell?ed|annotated)\b"
)


def labelled_by_laymen(text: str) -> bool:
    """Whether somebody else than experts is said to have given the labels."""
    return any(
        says(_BY_LAYMEN, clause) and not says(r"\bnot\b|n't\b|\bexperts\b.*\bby\b", clause)
        for clause in clauses(text)
    )


# ---- the limits
_LIMITS = r"limit(?:s|ation|ations)?|weakness(?:es)?|flaws?|drawbacks?|shortcomings?|failures?|mistakes|errors|problems?|blind spots?"
_NO_LIMITS = (
    rf"\b(?:no|without|not any|zero|nothing|never any|not have any|free of|free from|n't (?:have )?any|hardly any|lacks?) (?:\w+ ){{0,3}}(?:{_LIMITS})\b|"
    r"\bnone (?:that|are|is|at|we|i|known|whatsoever)\b|\bthere (?:are|is) none\b|\bunlimited\b|\blimitless\b|\bnot limited\b|\bno known\b|"
    r"\bnever (?:\w+ ){0,2}(?:fails?|failed|errs?|wrong|misses|missed|makes?|made|mistaken)\b|\b(?:cannot|does not|doesn't|did not|didn't|will not) (?:\w+ )?(?:fail|err|miss anything|make (?:any )?mistakes|be wrong)\b|"
    r"\b(?:has |have )?seen (?:every|all)\b|\bno (?:camera|module|make|maker|kind)s? (?:is|are) new\b|\bnothing is new\b|"
    r"\bmiss(?:es|ed)? (?:no|none|not one|not a single)\b|\bfail\w* (?:on|in|for|with) (?:none|nothing|no)\b|\bnothing (?:\w+ ){0,4}(?:cannot|fail|wrong|miss\w*|to (?:report|say|worry|fear))\b"
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
_WHICH_DATA = r"elpv|buerhop|2[ ,.]?624 (?:\w+ ){0,3}(?:cells|photo|image|picture)|electroluminescence|electro-luminescence|solar|photovoltaic|\bpv\b|solarzell"


_SORTS = r"sort|classif\w*|tell|distinguish|separate|score|rate"
_DENIES_THE_TASK = (
    rf"\b(?:does|do|did|can)(?: not|n't) (?:\w+ )?(?:{_SORTS})\b(?=.*\b(?:good|defect\w*|cells?)\b)(?!.*\bbut\b)|"
    r"\b(?:gives?|returns?|outputs?) no (?:scores?|labels?|answers?)\b"
)
_SOMETHING_ELSE = r"\bforecast\w*|\bwatts?\b|\bboxe?s?\b(?=.*\bcracks?\b)|\bcracks?\b(?=.*\bboxe?s?\b)|\bsegment\w*|\bmeasures? (?:\w+ )?(?:length|size|area)"


def speaks_of_the_task(text: str) -> bool:
    """Whether it names what goes in and what comes out."""
    cells = says(r"cell|solar|panel|module|electroluminescence|elpv|\bpv\b|photovolt|zelle", text)
    return cells and says(_THING, text) and says(_OUTCOME, text)


def denies_the_task(text: str) -> bool:
    """Whether it says that the network does not sort cells, or that it does something else."""
    if says(_SOMETHING_ELSE, text) and not says(r"\b(?:no|not|never|without)\b|n't\b", text):
        return True
    return says(_DENIES_THE_TASK, text)


def names_the_data(text: str) -> bool:
    """Whether it says which photographs these are."""
    return says(_WHICH_DATA, text)
