"""What a model card's text says of the split: were held-out cells kept apart, did they help, how were they drawn?"""

from grader.exercises.lesson_06_capstone.card_canonical import Canonical
from grader.exercises.lesson_06_capstone.card_clauses import affirmed, clauses, denied, gap

# Further tags, of this field alone: cells that are held out, the rest of them, and a random draw.
_RETAGGED = (
    (r"\bTRAIN (?:and CHOOSE )?(?:CELL|set|sets|part|dataset|data|quarters?|PHOTO|ones|half|side|portion|pile|subset|group)\b", "REST"),
    (r"\b(?:remaining|other) (?:3 quarters|three quarters|1968|CELL|PHOTO|ones)\b|\b(?:the )?(?:rest|remainder)\b|\bthe others\b|\b1968\b(?: CELL)?", "REST"),
    (r"\bCHOOSE ((?:[\w,]+ ){0,6}?)(?=(?:random\w*|chance|lot|lots|hazard|draw|lottery|dice)\b)", r"DRAW \1"),
    (r"\b((?:random\w*|lottery)(?: and \w+)?) CHOOSE\b", r"\1 DRAW"),
    (r"\bheld out\b(?: (?:CELL|set|part|ones|quarter|PHOTO|side|pile|half))?", "HELD"),
    (r"\b(?:test|tests|testing|evaluation|judging|exam)\b(?: (?:CELL|set|sets|part|ones|quarter|PHOTO|side|half|data|dataset|accuracy|score))?", "TEST"),
    (r"\bCELL (?:of|for) (?:the )?TEST\b", "TEST"),
    (r"\b656\b(?: (?:\w+ ){0,2}?(?:CELL|PHOTO|ones))?", "HELD656"),
)  # fmt: skip
_SEEN = (
    r"TRAIN|CHOOSE|used?|using|employed|seen|saw|see|sees|shown|touch\w*|look\w*|part|entered|enter\w*|participat\w+|included?|meet|met|given|"
    r"learn\w*|taken|took|involved|fed|known|knows|contain\w*|get|got|have|has|had|peek\w*|consult\w*|memori[sz]\w+|overlap\w*|common|exchang\w+|share[sd]?|mixed"
)
_SET_ASIDE = (
    rf"\bHELD\b|\b(?:put|puts|set|laid|left|leav\w+|keep|keeps|kept|took|taken|take|takes|lock\w*|stay\w*|remain\w*|plac\w+|mov\w+|stor\w+|sav\w+|ran|pulled|split|drawn|pick\w*|extracted) "
    rf"{gap(9)}(?:aside|apart|away|out|back|separate\w*|untouched|alone|outside|one side|side|secret|unseen|closed|locked|sealed|unused|drawer|safe|vault|box)\b|"
    r"\b(?:saved|spared|hid|hides?|hidden|hiding|withh[eo]ld\w*|withheld|reserv\w+|excluded?|excluding|exclusion|postponed|separat\w+|isolat\w+|disjoint|omitted|spared?|removed|unseen|apart|aside|sealed|locked)\b|"
    rf"\bkept {gap(5)}for (?:the |a )?(?:\w+ )?(?:TEST|end|final\w*|measur\w+|check\w*)\b|\boutside (?:of )?(?:the )?TRAIN\b"
)
_ONLY_THE_REST = (
    rf"\bTRAIN {gap(5)}(?:only|just|solely|exclusively) {gap(4)}REST|\b(?:only|just|solely|exclusively) {gap(5)}REST\b|"
    rf"\bTRAIN {gap(4)}(?:on|with|from|used|uses|saw|got) (?:the )?REST\b|\bREST {gap(4)}(?:only|alone|TRAIN|to TRAIN|for TRAIN)|TRAIN {gap(3)}REST {gap(4)}only\b"
)
_ONCE = (
    rf"(?:HELD|HELD656|TEST|25 %|quarter|them|it|these|those) {gap(9)}\b(?:only|once|a single time|one time|at the (?:very )?end|(?:until|after) (?:the )?(?:\w+ ){{0,2}}(?:end|TRAIN|final))\b|"
    rf"\bonly (?:\w+ ){{0,3}}(?:TEST|tested|measured|evaluat\w+|at the end|once)\b|\b(?:tested|measured|evaluated|judged) (?:only )?once\b|\bTEST only\b|\bused for :? ?(?:the )?(?:final|measur\w*|TEST|number|report\w*)\b"
)
_UNUSED = rf"NOT {gap(9)}(?:{_SEEN}|among)\b|REST (?:\w+ ){{0,2}}NOT\b|\b(?:TRAIN|it|computer|network|model) {gap(4)}NOT {gap(4)}(?:{_SEEN})|TRAIN {gap(3)}NOT\b|NOT {gap(3)}in (?:both|the TRAIN|the REST|TRAIN|REST)\b"
_THEM = r"(?:their LABEL|HELD|HELD656|TEST|the quarter|25 %|them|these|those|they|the same(?: CELL)?)"
_HELPED = (
    rf"\b(?:TRAIN|CHOOSE|stopp?(?:ed|ing)?|hyperparameters?) (?:(?!and\b|then\b|REST\b|NOT\b)[\w,]+ ){{0,8}}?(?:on|with|from|by|using|where|used|saw|included) (?:(?!REST)\w+ ){{0,4}}?{_THEM}\b(?!\? no)",
    rf"\b{_THEM} (?:(?!REST\b|NOT\b)[\w,]+ ){{0,8}}?(?:used|helped|served?|serving|taken|needed|decided|told|guided) (?:\w+ ){{0,4}}?(?:for|to|in|during|us|which|as|while) (?:(?!REST\b|NOT\b|only\b)\w+ ){{0,7}}?(?:TRAIN|CHOOSE|stop\w*|recipe|learning|find)\b",
    rf"\bCHOOSE {gap(8)}(?:best|highest) (?:TEST|HELD\w*)\b",
    r"\bon (?:the )?(?:remaining |other )?HELD656 (?:as well|too|also)\b",
    rf"\b{_THEM} (?:\w+ ){{0,6}}?(?:(?:mixed|added|merged|moved|put|thrown|went|returned|fed|given|shown|joined|poured|included) (?:\w+ )*?(?:in|into|to|with|together|back)\b (?:(?!until\b|before\b|after\b)\w+ ){{0,3}}?(?:TRAIN|REST|again|network|CELL)|thrown together)",
    r"\b(?:included?|including|includes) (?:the |also |even )*(?:HELD|HELD656|TEST)\b|\bfeeding (?:them|these|HELD|TEST)\b",
    rf"\b(?:best|highest|well|good|better) (?:\w+ )?on (?:\w+ ){{0,3}}?{_THEM}\b",
    rf"\b{_THEM} (?:\w+ ){{0,6}}?(?:also |all |part |subset |sample |random part |portion )+(?:of |among |in |from |contained in )+(?:the )?(?:\w+ ){{0,5}}?(?:TRAIN|REST)\b",
    rf"\b{_THEM} {gap(4)}(?:copied|copies|taken|drawn|come|came) (?:from|of|out of) (?:the )?REST\b",
    rf"\b{_THEM} {gap(8)}and (?:then |later |afterwards |also )?TRAIN (?:on|with)\b(?! (?:the |all |all the )?(?:REST|other|\d|only|a\b))",
    rf"\b{_THEM} (?:\w+ ){{0,5}}?(?:also |both |part )+(?:in |of )?(?:\w+ ){{0,3}}?(?:TRAIN|REST)\b",
    r"\bTRAIN (?:\w+ ){0,4}?on (?:all|every|everything|the whole|2624|both)\b|\b(?:all|whole|every|2624) (?:\w+ ){0,3}(?:were |are |was |is )?(?:used |taken |needed )?(?:for|in) (?:the )?TRAIN\b",
    r"\b(?:TEST|validation) (?:CELL )?and (?:the )?(?:TEST|validation|TRAIN) (?:\w+ ){0,2}(?:are|is|were|was) (?:exactly )?(?:the )?(?:same|identical)\b|\bsame (?:\w+ ){0,3}(?:that|which|as|we|i|the network)\b.*\bTRAIN|\bnobody kept\b",
    rf"\bTRAIN {gap(5)}(?:on|with) (?:them|these|those|it|HELD\w*) (?:too|also|as well|later|again|afterwards)|\b(?:also|then|later|afterwards|again) TRAIN (?:\w+ ){{0,3}}(?:on|with) (?:them|these|those|it|HELD\w*|TEST)\b",
    r"\b(?:all|every) (?:CELL|of them|2624)(?: CELL)? (?:were|was|are|got) (?:\w+ )?TRAIN\b|\boverlap\w* (?:in|by|with)\b|\b(?:HELD\w*|TEST|REST) (?:\w+ ){0,4}overlap\b",
    rf"\b(?:put|moved?|added?|mov\w+|took|gave) (?:some |half |part |all |a few |many |most )?(?:of )?{_THEM} (?:\w+ )?(?:in|into|to) (?:the )?(?:TRAIN|REST)\b",
    rf"\b{_THEM} (?:were|was|are|have been) (?:\w+ )?(?:seen|learned|memori[sz]ed|known) (?:by|to) (?:the )?(?:network|model|it)\b(?! (?:only|once|after|at))",
    r"\b(?:swapp\w+|exchang\w+|redrew|redrawn|chang\w+|repeat\w+|replac\w+)\b.*\b(?:until|whenever|better|fine|easier|bad)\b",
    r"\bTRAIN (?:\w+ )?on (?:the )?REST and (?:also )?(?:on |with )?(?:the )?(?:TEST|HELD\w*)\b",
    r"\bTRAIN (?:\w+ )?(?:uses?|used|with|has|had|takes?|on) (?:the )?(?:full|whole|entire|complete) (?:data|dataset|CELL|of)\b",
    rf"\b(?:use|used|using|uses|took|with the help of) (?:the )?(?:\w+ )?{_THEM} {gap(3)}(?:to|for|when|while|in order) {gap(4)}(?:TRAIN|CHOOSE|recipe|find|stop\w*|best|decid\w*|improv\w*)",
    rf"\bTRAIN\b.*\b(?:shown|given|fed|saw|got|received) (?:\w+ ){{0,2}}?{_THEM}\b.*\b(?:again|often|each|every|times|LABEL)\b",
    r"\bTEST accuracy (?:\w+ ){0,4}(?:each|every) epoch|\bearly stopp?ing (?:\w+ ){0,3}TEST|\bTEST (?:\w+ ){0,4}(?:CHOOSE|early stopping)",
)  # fmt: skip
_OF_CELLS = r"\b(?:CELL|PHOTO|HELD\w*|TEST|REST|quarter|fourth|dataset|samples?|examples?|data)\b|%"
_OF_A_SPLIT = r"\b(?:TRAIN|HELD\w*|TEST|REST|DRAW|split\w*|random\w*|stratif\w*)\b"
_DETAIL = (  # "held-out cells are cells that are held out" tells none
    r"\b(?:TRAIN|REST|random\w*|stratif\w*|HELD656|25|quarter|fourth|DRAW|drawn|draw|lot|chance|end|final\w*|TEST|measur\w*|evaluat\w*|before|aside|apart|CHOOSE|model|network|seen|once|recipe|until|looked|used)\b"
)
_NONE_APART = (
    r"NOT (?:\w+ )?(?:HELD|TEST|separate|split|CELL (?:\w+ ){0,2}HELD|reserved)\b(?! (?:\w+ ){0,3}(?:was|were|is|are|has|have|in|of|from|ever|entered|used|seen|played|took|saw))|"
    r"NOT need (?:\w+ ){0,2}HELD|"
    r"NOT (?:\w+ )?(?:keep|kept|hold|held|put|set|separate\w*|reserve\w*)\b|(?:HELD|TEST) (?:\w+ ){0,2}NOT (?:\w+ ){0,2}(?:kept|keep|set|put|separate\w*|apart)\b"
)

_LEFT_ALONE = r"NOT (?:(?:HELD|TEST|ever|been|be|even|really|also|CELL|was|were|were ever|is|one) ){0,3}(?:TRAIN|CHOOSE|used|seen|saw|looked|touched)\b|\bby hand\b"


def retagged(text: Canonical) -> Canonical:
    """With the further tags of this field."""
    for pattern, tag in _RETAGGED:
        text = text.replaced(pattern, tag)
    return text


def kept_apart(text: Canonical) -> bool:
    """Whether it says that held-out cells were kept out of training."""
    told = retagged(text)
    if not all(told.says(pattern) for pattern in (_OF_CELLS, _OF_A_SPLIT, _DETAIL)):
        return False
    for whole in clauses(text):
        clause = retagged(whole)
        if clause.says(_NONE_APART) and not clause.says(_LEFT_ALONE):
            continue
        if denied(clause) and clause.says(_UNUSED):
            return True
        if affirmed(clause, rf"{_SET_ASIDE}|{_ONLY_THE_REST}|{_ONCE}"):
            return True
    return told.says(  # "1,968 for training, 656 held out"; "settings were chosen on training cells"
        r"\bREST\b.*\bHELD|\bHELD\b.*\bREST|\b(?:TEST|HELD\w*)\b.*\b(?:CHOOSE|decisions?|decided) [^.]*\bREST\b"
    )


def helped(text: Canonical) -> str:
    """The words that read as if held-out cells had been trained on, chosen with, or not kept apart."""
    for whole in clauses(text):
        clause = retagged(whole)
        if denied(clause):
            if clause.says(_NONE_APART) and not clause.says(_LEFT_ALONE):
                return clause.find(_NONE_APART)
            continue
        for pattern in _HELPED:
            if said := clause.find(pattern):
                return said
    return ""
