"""Whether a model card's text admits that cells of one module stand on both sides of the split, or denies it."""

from grader.exercises.lesson_06_capstone.card_canonical import Canonical
from grader.exercises.lesson_06_capstone.card_clauses import affirmed, clauses, denied, gap, near

_TEST = r"test\w*|held|holdout|judg\w+|evaluat\w+|other"
_LEAK = r"\bleak\w*|\bcontaminat\w*"
_OVERLAP = (
    r"\bboth (?:the |of the |of our |our )?(?:sides|sets?|parts?|halves|splits?|places|groups?|ends|piles?|partitions?|subsets?|portions?|TRAIN|test)\b|\bboth (?:in|on|among)\b|\b(?:in|on|among) both\b|\beither side\b|"
    r"\btwo (?:sides|parts|sets|halves|groups)\b|\bshar(?:e|es|ed|ing)\b|\boverlap\w*|\bstraddl\w*|\bacross the (?:split|two|border|boundary)\b|\bspread\b|\bsplit up\b|\b(?:tore|tears|torn|divided|cut) (?:\w+ ){0,3}(?:apart|between)\b|"
    rf"\bsame (?:\w+ )?MODULE\b|\bidentical MODULE\b|\b(?:known|seen|knows|saw|met|know) (?:\w+ ){{0,2}}(?:from|in|during|before|already) (?:\w+ )?TRAIN\b|\b(?:knows?|seen|saw) (?:\w+ ){{0,3}}MODULE\b|\bone MODULE\b|\bsingle MODULE\b|"
    r"\bsiblings?\b|\bsisters?\b|\bbrothers?\b|\bcousins?\b|\btwins?\b|\brelatives?\b|\bneighbou?r\w*\b|\bmix(?:ed|es)?\b|\blook alike\b|\bresembl\w+|\bcorrelat\w+|"
    rf"(?=.*\bMODULE\b)(?=.*\bTRAIN\b).*\b(?:{_TEST})\b|\bMODULE (?:\w+ ){{0,4}}(?:TRAIN|were TRAIN)\b|\ba MODULE can\b"
)
_APART = (
    r"\bseparat\w+|\b(?:kept|keeps?|keeping|stay\w*) (?:\w+ ){0,3}(?:apart|together|whole)\b|\bdisjoint\b|\bisolat\w+|\b(?:have|has|contain|come from|use|were) different MODULE\b|\bMODULE (?:\w+ ){0,4}(?:are|were) (?:all )?different\b|"
    r"\b(?:split|splits|splitting|drawn|draw|divided|separated|made|done|held out|assigned|grouped|went|cut|sampl\w+) (?:\w+ ){0,3}by (?:whole |entire )?MODULE\b|\bsplit (?:is|was) (?:\w+ , )?NOT by MODULE|\bMODULE wise\b|\bper MODULE\b|\bwhole MODULE\b|\brespects? (?!to)(?:\w+ ){0,2}MODULE\b|\b(?:one|same|single) side (?:\w+ )?(?:only|of)\b|\bonly (?:\w+ )?(?:on |in )?one (?:side|part|set)\b|\b(?:on|to) (?:one|the same|a single) side\b|\bwithheld\b|\b(?:glued|put|held|left|tied|grouped|bundled) together\b|\bdifferent MODULE (?:\w+ )?(?:on|in) (?:each|both|either)\b|\bas a whole\b|\bone MODULE in TRAIN and (?:another|an?|the)\b|\beither (?:in |into |on |to )?(?:the )?(?:TRAIN|test|one)\b"
)
_KNOWN = r"\b(?:know|knows|known|record\w*|told|tell|tells|given|say|says|state\w*|list\w*|reveal\w*|name|names|named|note\w*|indicat\w+|publish\w*|wrote|written|document\w*|identif\w+|ids?|column|labels?|LABEL|information|which|check\w*|exclude\w*|rule|sure|guarantee\w*|promise\w*|prevent\w*|avoid\w*|ensure\w*)\b"
_HIGH = (
    r"\boptimis\w+|\btoo (?:\w+ )?(?:good|high|rosy|nice|optimis\w+|elevated|great|big|large|positive|favou?rable)\b|\bflatter\w*|\binflat\w+|\bover[- ]?(?:estimat|stat|rat)\w*|\bover (?:estimat|stat)\w*|\bupper (?:bound|limit)\b|\bbiased upwards?\b|\bupward\w*|"
    r"\bbetter than\b|\bhigher than\b|\bbetter (?:\w+ )?(?:than|for|on)\b|\bexceeds?\b|\beasier\b|\bbigger\b|\blook\w* (?:better|too good)\b|\bbias\w*|\bprofits?\b|\braises?\b"
)
_LOW = r"\b(?:less|lower|worse|weaker|drops?|dropped|fall\w*|fell|fewer|decreas\w*|shrink\w*|reduc\w*|smaller|below|harder|sink\w*|poorer|not as good|not so good|points)\b"
_NEW = (
    r"\b(?:new|unseen|unknown|other|fresh|another|foreign|different|strange\w*|own|never|outside|elsewhere)\b"
)
_WARNS = (
    rf"NOT for new\b|NOT (?:\w+ ){{0,2}}(?:measured|tested|tried|checked|evaluated) (?:on|for|with) (?:\w+ )?new\b|NOT (?!reason|need|cause|doubt){near(4)}(?:trust|rely|read|mistake|quote|interpret|understand|expect|assume|promis\w+|carr(?:y|ies) over|transfer\w*|hold|holds|generali[sz]\w+|taken?|prov\w+|representative|count on|repeat\w*|reach\w*|reproduc\w*|happy|valid|apply|applies|honest|independent|what you)\b|"
    r"\b(?:says?|tells?(?: us| you)?|proves?|means?) (?:very )?(?:little|less)\b|\bholds? only\b|\bonly (?:valid|holds?|true)\b|\b(?:with|take) (?:\w+ )?(?:caution|care|a grain)\b"
)
_HARMLESS = (
    r"NOT (?:[\w,]+ ){0,6}?(?:roles?|difference|consequences?|matters?|affect\w*|influence\w*|change\w*|effects?|impact|problems?|issues?|concerns?|harm\w*|hurts?|worr\w+|danger\w*|risk\w*|reason|bad|serious|relevant|important|warning|need\w*)\b|"
    r"(?:^|\b(?:which|that|this|it) )is (?:\w+ )?(?:good|fine|okay|ok|intended|an advantage|right|welcome|useful)\b|\b(?:on purpose|intended|what we want\w*)\b|\ba good thing\b|\bharmless\b|\bnegligible\b|\birrelevant\b|\bunimportant\b|\b(?:can|may|could) (?:safely )?(?:be )?(?:safely )?(?:ignored?|neglect\w*|forg[eo]t\w*)\b|\bfine anyway\b|"
    r"\bis (?:also |even |really |rather )?(?:an advantage|a good thing|a plus|an asset|helpful|beneficial)\b|\b(?:is|are|be) (?:\w+ ){0,2}safe\b|\b(?:only happens?|happens? only)\b|\bexaggerat\w+|\bonly (?:in )?theory\b|\bin theory\b"
)
_HOLDS = (
    r"\b(?:the |exactly the |about the )?same (?:\w+ )?(?:accuracy|result|number|performance|score)\b|\b(?:just|equally|exactly) (?:as )?(?:good|well|accura\w+|high|right)\b|\bas (?:good|well|accurate|high) (?:on|for|with) (?:a )?(?:new|other|any|every)\b|"
    r"\baccuracy is (?:quite |very |really )?(?:good|fine|okay|ok)\b|\baccuracy (?:\w+ ){0,4}?(?:is|stays|remains|be|are) (?:\w+ )?(?:the same|equal|unchanged|constant|identical)\b|"
    r"\b(?:fully|completely|entirely|perfectly) (?:honest|reliable|trustworthy|fair|representative|valid)\b|\bmore (?:reliable|accurate|trustworthy|robust|honest|exact|true)\b|\bsafe(?:ly)? to (?:ignore|trust)\b|\b(?:can|may|should) (?:\w+ )?(?:rely|trust|count) (?:\w+ ){0,3}(?:accuracy|number|it)\b|\bgive (?:\w+ )?the same\b|"
    r"\b(?:stays?|is|are|remains?|makes? (?:the |our |this |that )?(?:accuracy|test|result|number|it|split)) (?:\w+ )?(?:unbiased|correct|valid|right|fair|honest|exact|true|real|reliable|trustworthy)\b|\b(?:holds?|valid|applies|carries over|transfers?|works?|generali[sz]es?|is (?:true|right|good|correct)) (?:\w+ ){0,3}?(?:for|on|to|of|with) (?:\w+ ){0,2}?(?:new|any|every|all|other|each|unseen)\b"
)
_GONE = r"\b(?:fix(?:ed|es)?|solv(?:ed|es)|handled|repaired|corrected|cured|rul(?:e|es|ed|ing) out|exclud\w+|prevent\w*|avoid\w*|eliminat\w+|remov\w+|impossible|deleted|banned|took care|takes care|stops?)\b|\bkeeps? (?:the |all |any )?(?:CELL|MODULE|them|it) from\b"
_UP_ON_NEW = (
    rf"{_NEW} (?:\w+ )?(?:MODULE|one|ones)\b {gap(6)}(?:higher|better|more accura\w+|rise|rises|increase\w*|grow\w*|improv\w*)\b|\b(?:higher|better|rise|increase\w*|improv\w*) (?:(?!than)\w+ ){{0,4}}?(?:on|for|with) (?:\w+ ){{0,2}}?{_NEW} (?:\w+ )?MODULE\b|"
    r"\b(?:lowers?|reduces?|decreases?|worsens?|spoils?|pulls? down|drags? down) (?:the|our|this|measured|its) (?:\w+ )?accuracy\b(?! (?:on|for|of) (?:\w+ )?(?:new|other|unseen))|\b(?:be|is) (?:even )?(?:better|higher) (?:in practice|later|elsewhere|in use|in reality)\b|"
    r"\b(?:accuracy|number|result|score|it|figure) (?:\w+ ){0,4}?(?:too|rather|probably) (?:\w+ )?(?:low|bad|pessimistic|small|modest|strict|harsh)\b|\btoo (?:pessimistic|low|modest|strict|harsh)\b|\bunderestimat\w+|\blower bound\b|\bNOT be (?:\w+ )?lower\b|\btrue one is better\b"
)
_ONE_CELL = r"\b(?:every|each) MODULE (?:\w+ ){0,3}(?:exactly|only|just) one CELL\b|\bone CELL (?:per|of each|from each) MODULE\b|NOT two CELL\b"
_OTHER_MEANING = r"\bsides of (?:the|an?|each|every) (?:MODULE|CELL|glass)\b|\b(?:python|software|import\w*|pip|library|libraries|memory leak|of memory|gigabytes?|kernel|water|rain|oil|gas|moisture|rust\w*|electric\w*|current leak\w*|privacy|secret|hack\w*|nvidia|cooling|roof)\b"
_ELLIPTIC = r"^(?:but )?(?:ours|these|they|mine) are (?:all )?on (?:one|the same) side\b|\banswer (?:was|is) NOT\b|^(?:but |so |hence |and |therefore )?(?:ours|it|we|there|mine|here) (?:has|have|is|are) NOT$|^NOT (?:\w+ )?(?:in|on) both\b(?!.*CELL)"
_REPAIRED = (
    r"\b(?:we|i|have|has|was|been) (?:\w+ )?(?:repaired|fixed|solved|corrected|removed|eliminated|cured|healed) (?:this|it|that|the leak\w*|any leak\w*|all leak\w*|the problem)\b|"
    r"\b(?:split|shuffl\w+|stratif\w+|draw|drawing|network|it|training|TRAIN) (?:\w+ )?(?:corrects?|takes? care|compensat\w+|fix(?:es)?|solves?|removes?|balances?|handles?|accounts?|prevents?|avoids?|rules? out) |"
    r"\b(?:leak\w*|problem|this) (?:\w+ ){0,3}(?:was|is|were|has been|have been|got) (?:\w+ )?(?:repaired|fixed|solved|corrected|removed|eliminated|cured)\b"
)
_RATHER = (
    r"\b(?:rather than|instead of) (?:by |of |over |the |whole )*MODULE\b|\bCELL (?:rather than|instead of)\b"
)


def other_meaning(text: Canonical) -> str:
    """A word which shows that another kind of leak or module is meant; "" for none."""
    return text.find(_OTHER_MEANING)


def admits(text: Canonical) -> bool:
    """Whether it says that modules may be on both sides, or what that does to the accuracy on a new one."""
    return any(_claim(clause)[0] for clause in clauses(text))


def denies(text: Canonical) -> str:
    """The words that deny the leak, explain it away, or turn its effect round; "" for none."""
    return next((said for clause in clauses(text) if (said := _claim(clause)[1])), "")


_NEVER_MET = (  # "a module that the network has not seen" is a new one, and denies nothing
    r"\bMODULE ((?:that |which |who |it |the network |was |were |has |have |is |are )*)NOT ((?:(?:been|yet|ever|also|being|a) )?(?:seen|met|photographed|used|TRAIN|shown|in|part))\b"
)


def _claim(whole: Canonical) -> tuple[bool, str]:
    """Whether a clause admits the leak or its effect, and the words by which it denies them."""
    clause = whole.replaced(_NEVER_MET, r"MODULE \1never \2")
    turned = denied(clause)
    if (
        said := clause.find(_ELLIPTIC)
        or affirmed(clause, r"\bchecked\b.*\bdifferent MODULE")
        or affirmed(clause, _REPAIRED)
    ):
        return False, said
    if not turned and (said := clause.find(rf"{_UP_ON_NEW}|{_ONE_CELL}")):
        return False, said
    if turned and clause.says(rf"NOT {gap(3)}be {gap(2)}lower|NOT two CELL"):
        return False, clause.find(r"NOT .*")
    if turned and clause.says(_WARNS):
        return True, ""
    if not turned and clause.says(
        r"\b(?:says?|tells?|proves?|means?) (?:\w+ ){0,2}(?:little|less)\b|\bholds? only\b|\bonly for\b|\bcaution\b|\bgrain of\b"
    ):
        return True, ""
    if said := affirmed(clause, _HARMLESS):
        return False, said
    if said := clause.find(_HOLDS):
        if not turned and not clause.says(rf"{_HIGH}|\bwould\b|\bonly\b"):
            return False, said
        if turned and clause.says(
            rf"NOT {gap(5)}(?:same|just|as good|as well|honest|true|valid|right|rely|trust|hold\w*|correct|real)"
        ):
            return True, ""
    if clause.says(r"\bwould\b") and clause.says(_APART) and clause.says(rf"{_HIGH}|{_LOW}"):
        return True, ""
    if clause.says(r"\b(?:would|should|ought|must)\b") and not turned and clause.says(_APART):
        return False, ""  # what another split would do
    if clause.says(_RATHER):
        return not turned, ""
    unknown = (
        turned
        and clause.says(rf"NOT {near(4)}(?<!that ){_KNOWN}")
        and not clause.says(rf"{_LEAK}|NOT MODULE (?:\w+ )?(?:is|are|on|in)\b")
    )
    if unknown:
        return clause.says(r"\bMODULE\b"), ""
    if clause.says(_LEAK):
        return _leak(clause, turned)
    apart = clause.says(rf"{_APART}|{_GONE}")
    if clause.says(r"\bMODULE\b") and clause.says(rf"{_OVERLAP}|{_APART}"):
        if apart != turned:
            return False, clause.find(rf"(?:NOT )?.*(?:{_APART}|{_GONE})") if apart else clause.find("NOT .*")
        if clause.says(r"NOT (?:\w+ ){0,2}CELL\b"):
            return False, ""  # of cells, which are indeed on one side only
        return True, ""
    if clause.says(rf"{_OVERLAP}|{_HIGH}|{_LOW}"):
        if turned and (said := clause.find(rf"NOT {gap(4)}(?:{_HIGH}|{_LOW})")):
            return False, said
        return not turned, ""
    return False, ""


def _leak(clause: Canonical, turned: bool) -> tuple[bool, str]:
    if clause.says(_GONE) != turned:
        return False, clause.find(rf"NOT .*|.*(?:{_LEAK}).*")
    return clause.says(
        r"\b(?:MODULE|CELL|split|TRAIN|test|accuracy|there|this|possible|may|can|could|flatters?)\b"
    ), ""
