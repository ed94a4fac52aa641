"""Whether a model card's text admits that cells of one module stand on both sides of the split, or denies it."""

from grader.exercises.lesson_06_capstone.card_language import clauses, negations, says

_LEAK = r"\bleak\w*|\bcontaminat\w*"
_OVERLAP = (
    r"\bboth (?:\w+ )?(?:sides|sets|parts|halves|splits|places|groups|ends)\b|\bboth in\b|\bin both\b|\bon both\b|"
    r"\bshar(?:e|es|ed|ing)\b|\boverlap\w*|\bstraddl\w*|\bacross the (?:split|two|border|boundary)\b|\bspread over\b|"
    r"\bsplit up\b|\b(?:tore|tears|torn) (?:\w+ ){0,2}apart\b|\bsame (?:\w+ )?(?:modules?|panels?)\b|\balso in (?:the )?training\b|\b(?:known|seen|knows|saw) (?:\w+ ){0,2}(?:from|in|during) training\b|\bone (?:modules?|panels?)\b|\bsingle (?:modules?|panels?)\b|"
    r"\bsiblings?\b|\bneighbou?rs?\b|\bmix(?:ed|es)?\b|(?=.*\b(?:modules?|panels?)\b)(?=.*\btrain\w*\b).*\b(?:test\w*|held[- ]?out|judg\w+)\b|"
    r"\bcells? from (?:\w+ ){0,3}(?:modules?|panels?) (?:\w+ ){0,4}(?:train\w*|test\w*|held)"
)
_APART = (
    r"\bseparat\w+|\b(?:kept|keeps?|keeping) (?:\w+ ){0,3}(?:apart|together|whole)\b|\bdisjoint\b|\bisolat\w+|\b(?:have|has|contain|come from|use) different (?:modules|panels)\b|"
    r"\bby (?:whole )?(?:module|panel)s?\b|\bmodule[- ]wise\b|\bper module\b|\bwhole modules\b|\brespects? (?:\w+ ){0,2}modules?\b"
)
_TOO_GOOD = (
    r"\boptimis\w+|\btoo (?:good|high|rosy|nice|optimis\w+)\b|\bflatter\w*|\binflat\w+|\bover[- ]?(?:estimat|stat)\w*|\bupper bound\b|"
    r"\bbetter than\b|\bhigher than\b|\b(?:less|lower|worse|weaker|drop\w*|fall\w*|fewer|decreas\w*|shrink\w*|reduc\w*|smaller)\b|\bbias\w*"
)
_REVERSE = r"\bfix(?:ed|es)?\b|\bsolv(?:ed|es)\b|\bhandled\b|\brepaired\b|\brul(?:e|es|ed|ing) out\b|\bexclu\w+|\bprevent\w*|\bavoid\w*|\bden(?:y|ied)\b|\beliminat\w+|\bremov\w+"
_WARNS = (
    r"(?:\bnot|n't|\bnever|\bcannot|\bnor) (?:\w+ ){0,3}(?:trust|rely|read|mistake|quote|interpret|understand|expect|assume|guarantee\w*|promise|carr(?:y|ies) over|transfer\w*|hold|"
    r"holds|generali[sz]\w+|be taken|take|prove|be sure|know|be sure|be certain|make sure|ensure|representative|count on|repeat\w*|reach\w*|reproduc\w*)"
)
_LITTLE = r"\b(?:says?|tells?(?: us| you)?|proves?|means?) (?:very )?(?:little|nothing|less)\b"
_EXPLAINED_AWAY = (
    r"(?:\bno|\bnot|n't|\bnever|\bhardly|\bwithout|\bnothing|\bnor|\bneither) (?:\w+ ){0,6}(?:roles?|difference|consequences?|matters?|affect\w*|influence\w*|change\w*|effects?|"
    r"impact|problems?|issues?|concerns?|harm\w*|hurts?|worr\w+|danger|risk|reason|bad|serious|relevant|important)\b|"
    r"(?:^|\b(?:which|that|this) )is (?:good|fine|okay|ok|intended|an advantage|right)\b|\bharmless\b|\bnegligible\b|\birrelevant\b|\bunimportant\b|\b(?:can|may) be (?:safely )?(?:ignored|neglected)\b|\bfine anyway\b|"
    r"\b(?:the )?same accuracy\b|\bjust as (?:good|well|accurate|high)\b|\bequally (?:good|well|accurate|high)\b|\bas (?:good|well|accurate|high) (?:on|for) (?:a )?new\b|"
    r"\b(?:fully|completely|entirely|perfectly) (?:honest|reliable|trustworthy|fair|representative)\b|\bmore (?:reliable|accurate|trustworthy|robust|honest)\b|\b(?:has|have|is|are|found|see|sees) none\b|\bsafe(?:ly)? (?:to )?(?:ignore|trust)\b|"
    r"\b(?:stays?|is|are|remains?) (?:\w+ )?(?:unbiased|correct|valid|right|fair|honest|exact|true)\b|\b(?:holds?|is true|valid|applies) (?:\w+ ){0,3}(?:for|on) (?:\w+ ){0,2}new\b|\bis (?:honest|reliable|trustworthy)\b"
)


_WRONG_WAY = (  # as a whole, not clause by clause
    r"\bnew (?:module|panel)s? (?:\w+ ){0,3}(?:is|be|are|get|gets) (?:\w+ )?(?:higher|better)\b|\baccuracy (?:\w+ )?too low\b|\btoo pessimistic\b|"
    r"\b(?:not true|untrue|false|a myth) that\b|\bwe (?:\w+ )?(?:repaired|fixed|solved|corrected) (?:this|it|that)\b|"
    r"\b(?:every|each) (?:module|panel) (?:\w+ ){0,3}(?:exactly|only|just) one cell\b|\bone cell (?:per|of each|from each) (?:module|panel)\b"
)


def leak_claims(text: str) -> tuple[bool, bool]:
    """Whether a leak between modules is admitted, and whether it is denied or explained away."""
    admitted, denied = False, says(_WRONG_WAY, text)
    for clause in clauses(text):
        warns = says(_LITTLE, clause) or (
            says(_WARNS, clause)
            and not says(rf"(?:expect|assume) (?:\w+ ){{0,3}}(?:{_LEAK}|{_TOO_GOOD})", clause)
        )
        reliable = says(_EXPLAINED_AWAY, clause)
        if warns:
            admitted = True
            continue
        if reliable and not says(
            r"\b(?:not|n't|never|cannot) (?:\w+ ){0,4}(?:same|just as|equally|as (?:good|well|high)|honest|reliable|trustworthy|true|valid|ignored|negligible|harmless|irrelevant|fully)",
            clause,
        ):
            denied = True
            continue
        if says(r"\bwould\b", clause) and says(_APART, clause) and says(_TOO_GOOD, clause):
            turned = False  # what a split by modules would show
        elif says(rf"{_LEAK}|{_OVERLAP}|{_APART}", clause):
            apart = _REVERSE if says(_LEAK, clause) else rf"{_REVERSE}|{_APART}"
            turned = negations(clause, apart) % 2 == 1
        elif says(_TOO_GOOD, clause):
            turned = says(rf"(?:\bnot|n't|\bno|\bnever|\bwithout) (?:\w+ ){{0,3}}(?:{_TOO_GOOD})", clause)
        else:
            continue
        admitted |= not turned
        denied |= turned
    return admitted, denied
