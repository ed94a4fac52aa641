"""What a model card's text says of limits: where the network fails, and what it has never seen."""

from grader.exercises.lesson_06_capstone.card_canonical import Canonical
from grader.exercises.lesson_06_capstone.card_clauses import affirmed, clauses, denied, gap, near

# Of what a limit can be: a text that says "it fails on rainy Sundays" names none of these.
_CASES = (
    r"CELL|DEFECT|CAMERA|MODULE|PHOTO|EL|elpv|SOLAR (?:plants?|parks?|CELL|MODULE)|silicon|\w*crystalline|mono|poly|bifacial|thin film|factor(?:y|ies)|plants?|parks?|makers?|"
    r"manufacturers?|fabricants?|brands?|producers?|dataset|data|lights?|lighting|daylight|outdoors?|resolutions?|colou?rs?|laborator\w+|labs?|"
    r"kinds?|types?|technolog\w+|weather|dirt|dust|snow|rain|field|conditions?|sources?|elsewhere|scratch\w*|doubtful|uncertain|unsure|"
    r"unclear|ambiguous|borderline|hesitated|disagreed|EXPERT|probabilit\w+|currents?|exposures?|setups?|set ups?|devices?|places?|"
    r"countries|ones|cases|(?:other|another|new|different|own) makes?|negatives|positives|ratings?|lens\w*|sensors?|angles?|faint|small|hairline"
)
_FAILS = (
    r"miss|misses|missed|missing|overlook\w*|forget\w*|skips?|skipped|slip\w*|escap\w+|unnoticed|undetected|unfound|fail\w*|errs?|erring|errors?|wrong\w*|"
    r"mistak\w+|confus\w+|struggl\w+|stumbl\w+|trouble|troubles|weak\w*|poor\w*|worse|worst|hard|harder|hardest|difficult\w*|unsure|uncertain|"
    r"unreliab\w+|inaccura\w+|misclassif\w+|misjudg\w+|false alarms?|false|less|lower|lowest|limited|drops?|bad|badly|prone|fool\w*|doubts?|"
    r"problems?|issues?|limit|limits|weakness\w*|blind|ignor\w+|lost|loses?|(?:call\w*|classed|LABELLED|rated) (?:\w+ ){0,3}(?:good|intact|fine)|tak\w+ (?:\w+ ){0,4}?for|lets? (?:\w+ ){0,7}?(?:pass|slip|through|by)|(?:pass\w*|waves?) (?:\w+ ){0,4}?(?:as good|through|by)|"
    r"tricky|mix\w*|sensitive|depend\w*|suffers?|least|falls?|underestimat\w*|overestimat\w*|caution|careful|care|beware|unsuitable|disagree\w*"
)
_SUCCEEDS = (
    r"find\w*|found|detect\w*|recogni[sz]\w+|catch\w*|caught|spot\w*|sees?|identif\w+|tell|tells|explain\w*|say|know|perfect\w*|reliab\w+|"
    r"sure|certain|guarantee\w*|trust\w*|calibrat\w+|every|all|accurate\w*|good|reach\w*|rely|handle\w*|cope\w*|right|correct\w*|well|works?|suitable|use|used"
)
_MET = (
    r"see|sees|saw|seen|test|tests|tested|try|tries|tried|shown|show|met|meet|know|knows|known|check\w*|measur\w+|assess\w*|evaluat\w+|"
    r"experience\w*|given|TRAIN|look\w*|encounter\w*|ever|used|cover\w*|contain\w*|include\w*|occur\w*|for|put to|heard|have|had|familiar"
)
_UNMET = r"untested|untried|unknown|unseen|unfamiliar|foreign|unclear|unexplored|unproven|new|lie outside|outside|outwith|other|another|different|elsewhere|beyond|unverified"
_ONE = r"\b(?:only|just|same|sole|nothing else|limited|restricted)\b|\b(?:one|single) (?:\w+ )?(?:dataset|CAMERA|source|lab\w*|kind|type|factory|maker?|place|setup|country|resolution)\b"
_PART = r"\b(?:only|just|merely|about|around|roughly|some|every|one in|one of|\d+ of|more than|over)\b (?:\w+ ){0,5}(?:\d+ %|\d+ of|\w+ of|fourth|fifth|third|quarter|half|fifths|thirds|four|five|three)|\d+ (?:of|%)|%"
_ALL = r"every|(?<!of )(?<!above )(?<!at )all|each|any|always|everything|everywhere|anywhere|whatever|whichever|any kind|no matter|whole|entire|100 %|without exception"
_NEVER_FAILS = (
    rf"(?<!NOT )NOT {gap(5)}(?:miss|misses|missed|missing|overlooks?|overlooked|fails?|failed|failures?|failing|errs?|errors?|mistakes?|mistaken|wrong|weakness\w*|limits?|limitations?|problems?|flaws?|drawbacks?|shortcomings?|blind spots?|troubles?|struggles?|doubts?|new to it|surpris\w+|confus\w+|fool\w*|difficult\w*|stumbl\w+|slips?|escapes?)\b|"
    r"\b(?:bad|weak|wrong) (?:at|in|on|with) NOT\b|\b(?:miss|misses|missed|overlooks?|overlooked) (?:\w+ )?NOT\b|\bfail\w* (?:on|in|for|with) NOT\b|"
    r"NOT (?:\w+ )?(?:found|seen|met|observed|noticed|had|find|see|aware) (?:\w+ )?(?:any|an?|one|single)\b.*\b(?:fail\w*|errors?|mistakes?|wrong|miss\w*)\b|"
    r"NOT limited\b|^NOT known\b|\bNOT to (?:report|say|worry|fear|mention)\b|^NOT [,.]|^NOT$|\bNOT new\b|\bCAMERA (?:is|are) NOT new\b|"
    r"(?:limits|limitations|weaknesses|failures|errors|mistakes)\b,? (?:\w+ ){0,3}?NOT\b|\bNOT (?:that|are|at all|at present|we|i|whatsoever|of them)\b|\b(?:there|ours|it|mine) (?:is|are|has|have) NOT$"
)
_PERFECT = (
    r"\bso few\b|\bcan be (?:forgotten|ignored|neglected)\b|\b(?:everything|all) there is\b|\bhard to miss\b|\b(?:unlimited|limitless|flawless\w*|infallible|error free|perfect|perfectly|foolproof)\b|"
    r"(?:limits|limitations|weaknesses|failures|errors|mistakes)\b,? (?:\w+ ){0,8}?(?:gone|over|solved|past|fixed)\b"
)
_ALWAYS_GOOD = (
    rf"\b(?:always|equally|just as|completely|entirely|fully|absolutely|totally|extremely|very|great|blindly|100 %|guaranteed|certainly) (?:\w+ ){{0,2}}?(?:works?|right|correct\w*|finds?|found|reliabl\w+|accura\w+|sure|well|good|strong|strength|robust|safe|trusted|certain|detected|recogni[sz]\w+|trustworthy)\b|"
    rf"\b(?:finds?|found|detects?|detected|catch\w*|caught|recogni[sz]es?|spots?|identif\w+|sees?|handles?|works?|correct|right|reliab\w+|accurate|trust\w*|good|suitable|robust|usable|used|use|perform\w*|performance|excellent) (?:[\w,]+ ){{0,5}}?(?:{_ALL})\b|"
    rf"\b(?:trusted|trust\w*|rel(?:y|ied)) (?:\w+ ){{0,4}}(?:blindly|completely|fully)|\b(?:every|all|each) (?:\w+ ){{0,3}}?(?:DEFECT|CELL)(?: \w+){{0,3}}? (?:is|are|will be|gets?|was|were|has been|have been) (?:\w+ )?(?:found|detected|caught|recogni[sz]ed|right|correct)|"
    rf"\b(?:its|the) (?:great |greatest |real )?strengths?\b|\brobust (?:against|to) (?:all|any|every)|\bgenius\b|\b(?<!NOT )as good as\b|\bsame accuracy\b|\b(?:best|well|fine|great|perfectly|better|easier|easy) (?:with|on|for) (?:\w+ )?(?:other|new|any|unseen|unknown|different)\b|\bprobably (?:fine|ok|okay|good)\b"
)
_MET_ALL = rf"\b(?:tested|tried|seen|saw|shown|evaluated|checked|TRAIN|knows|known) {gap(4)}(?:all|every|many|various|several|dozens?|numerous|two|three|four|five|six|seven|eight|nine|ten|twelve|\d+|hundreds?|thousands?|lots|plenty|both|different|most|any|other)\b (?:\w+ ){{0,4}}?(?:{_CASES}|makes?|sorts?|continents?|world)\b"
_MADE_BY_ALL = rf"\b(?:taken|made|recorded|photographed) {gap(4)}(?:all|every|many|various|several|hundreds|different|most|any|other)\b (?:\w+ ){{0,4}}?CAMERA\b"
_TURNED_ROUND = (
    r"\b(?:mostly|mainly|chiefly|only) (?:\w+ )?(?:fails?|errs?|wrong|mistaken|misses) (?:\w+ ){0,2}?good (?:CELL|ones)\b|"
    r"\b(?:fails?|failing|wrong|errs?|rejects?|misses|calls?|mistak\w+|confus\w+) (?:\w+ ){0,3}?(?:all|most|every|each|nearly all|almost all|the) (?:\w+ ){0,3}?good\b|\brejects? (?:\w+ ){0,2}(?:all|most|every|each)|"
    r"\b(?:doubtful|uncertain|hesitat\w+|unsure|borderline|disagreed)\b (?:[\w,]+ ){0,7}?(?:best|eas(?:y|iest|ier)|right most|most often right|most reliabl\w+|no problem|always right|right)\b|"
    r"\b(?:best|right|correct|strong\w*|reliab\w+|easy|easiest)\b (?:\w+ ){0,5}?(?:doubtful|uncertain|hesitat\w+|unsure|borderline|disagreed)\b|\bDEFECT (?:\w+ ){0,3}(?:always|all|every time) (?:\w+ )?(?:found|detected|right|caught)|"
    r"\bgood (?:CELL|ones)\b.*\bcalls? (?:\w+ ){0,4}?(?:each|every|all|most)\b.*\bDEFECT|"
    r"\bcalls? (?:all|each|every|most|nearly all)\b (?:\w+ ){0,3}DEFECT|\b(?:other|new) CAMERA\b (?:\w+ ){0,4}(?:fewer|better|easier)\b|\bonly (?:the )?(?:clear|obvious|certain) ones\b|"
    r"\bonly where (?:\w+ ){0,4}(?:certain|sure)\b"
)
_TOO_FEW = rf"\btoo (?:honest|careful|clever|accurate|good)\b|\b(?:miss\w*|overlook\w*|fail\w*|wrong) (?:\w+ ){{0,4}}?(?:0\.\d+|[01]|1\.\d+|half an?) (?:%|per mille)|\b(?:miss\w*|overlook\w*) {near(3)}(?:one|1) (?:in|of|out of) (?:a |\d{{3,}}|hundred|thousand)"
_NOT_MET = r"\bNOT (?:\w+ ){0,2}(?:other|another|new|different)\b.*\b(?:test\w*|tri\w+|see\w*|saw|check\w*)|NOT (?:\w+ ){0,3}(?:know|known|clear|say|sure|tell|measured|sees?|saw|been|seen|tested|tried|checked)\b(?! (?:where|limit|weakn|problem|fail|error))"
_NOT_ITS_OWN = rf"NOT {near(4)}(?:works?|used?|cope|handle|read|seen|see|saw|know|knows|TRAIN|tested) {near(4)}(?:EL|elpv|crystalline)\b"
_BEYOND = r"\b(?:outside|other|beyond|than|except|only|NOT in|alone|new|another)\b"
_RESTRICTS = r"\b(?:only|should|must|needs?|before (?:you|use|using|it is|relying)|miss\w*|fail\w*|overlook\w*|far from|less|worse|worst|weak\w*|poor\w*|if|caution|care|unless|once|hard\w*|unknown)\b"


_UNLESS = rf"{_RESTRICTS}|\b(?:may|might|could|would)\b"


def denies_limits(text: Canonical) -> str:
    """The words that read as if there were no limits."""
    for clause in clauses(text):
        said = affirmed(clause, _NEVER_FAILS)
        if said and not clause.says(_NOT_MET):
            return said
        if said := affirmed(clause, rf"{_ALWAYS_GOOD}|{_PERFECT}", unless=_RESTRICTS):
            return said
    return ""


def wrong_limits(text: Canonical) -> str:
    """The words that say of the limits what is not so: other cells are hard than are, or more was tried."""
    for clause in clauses(text):
        if said := affirmed(clause, rf"{_TURNED_ROUND}|{_TOO_FEW}"):
            return said
        if said := affirmed(clause, _MET_ALL, unless=_UNLESS):
            return said
        if not denied(clause) and (said := affirmed(clause, _MADE_BY_ALL, unless=_UNLESS)):
            return said
        if not clause.says(_BEYOND) and (said := clause.find(_NOT_ITS_OWN)):
            return said
    return ""


def names_a_limit(text: Canonical) -> bool:
    """Whether it says on what the network fails, or what kind of photographs it has not seen."""
    return any(_limit(clause) for clause in clauses(text))


def _limit(clause: Canonical) -> bool:
    if not clause.says(rf"\b(?:{_CASES})\b"):
        return False
    if clause.says(r"\b(?:\w*commercial\w*|licence|license|stratif\w*|drawn)\b") or (
        clause.says(r"\bTRAIN\b")
        and not clause.says(r"\b(?:CAMERA|only|one|outdoors?|daylight|other|another|single)\b")
    ):
        return False
    if denied(clause):
        if clause.says(rf"\b(?:other|another|different|new) (?:\w+ )?(?:{_CASES})\b"):
            return True
        return (clause.says(rf"\b(?:{_MET})\b") and clause.says(rf"\b(?:{_CASES})\b")) or clause.says(
            rf"NOT {gap(6)}(?:{_SUCCEEDS})\b"
        )
    return clause.says(rf"\b(?:{_FAILS}|{_UNMET})\b") or clause.says(_ONE) or clause.says(_PART)
