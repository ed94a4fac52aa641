"""What a model card's text says of the data: which photographs, how many of them, and who labelled them."""

import re

from grader.exercises.lesson_06_capstone.card_canonical import Canonical
from grader.exercises.lesson_06_capstone.card_clauses import affirmed, clauses, denied, gap, near
from grader.exercises.lesson_06_capstone.card_language import listed
from grader.exercises.lesson_06_capstone.card_slots import contents_of, number_of, photographs_of

# Of the ELPV data set (Deitsch et al. 2019) and of the split: all, training, held out, choosing, the rest of the
# training cells; of one label; of one kind of silicon.
_CELLS = frozenset([2624, 1968, 656, 492, 1476, 1508, 295, 106, 715, 1803, 821, 1074, 1550])
_MODULES = frozenset([44, 18, 26])
_LEAST = 14  # smaller numbers count something else: "4 levels of cells"
_NAMED = r"\bSOLAR\b|\bEL\b|\bbuerhop\b|\bdeitsch\b|\belpv\b|\b2624 (?:\w+ ){0,3}(?:CELL|PHOTO)\b"
_KNOWS = (
    r"EXPERT|engineers?|researchers?|scientists?|authors?|deitsch|buerhop|inspectors?|people who know|persons? who know|"
    r"physicists?|trained|skilled|qualified|scholars?"
)
_LAYMEN = (
    r"we|i|us|me|our|my|ourselves|myself|students?|class|pupils?|children|teacher|friends?|crowd|workers|volunteers|amateurs?|"
    r"plumber|pilots?|somebody|someone|anyone|network|program|programme|computer|machine|algorithm|script|robot|software|"
    r"ai|generator|intern|interns|users?|visitors|customers|secretary|public|child|kids?|boss|sister|brother"
)
_JUDGED = r"(?:LABEL\w*|judg\w+|gave|given|giv\w+|rat\w+|assess\w*|said|say\w*|assign\w*|estimat\w*|decid\w+|attach\w*|wrote|noted|put|opinions?|inspect\w*|look\w*|mark\w*|stated|probab\w+|evaluat\w+|annotat\w+|classif\w+|sure)\b"
_MAY_LABEL = rf"\b(?:{_KNOWS}|hand|type|kind|probability|DEFECT|them|whom|humans?|steps|levels)\b"
_BY_WHOM = rf"LABEL(?:LED)? {gap(3)}(?:by|from)\b((?: \w+){{1,6}})"
_LAYMEN_LABEL = (
    rf"\b(?:{_LAYMEN}) (?:(?!NOT\b|network\b)\w+ ){{0,3}}(?:LABELLED|judged|rated|marked)\b|network (?:has |itself |automatically )*LABELLED|"
    rf"LABEL(?:LED)? {near(3)}(?:by|from) {near(3)}(?:{_LAYMEN})\b|LABEL {gap(6)}(?:is|are|was|were) {gap(3)}random\w*|"
    rf"LABELLED {gap(8)}(?:with|using) (?:an? |the |our )?(?:script|program|network|model|algorithm|computer|tool|software)\b|"
    rf"LABEL (?:are|is|were|was) (?:\w+ )?(?:wrong|false|useless|nonsense|incorrect)\b|"
    rf"LABEL {gap(8)}(?:survey|passers|guess|bought|crowd\w*|made up|guessed|invented|dice)\b|"
    r"LABELLED (?:\w+ )?(?:automatically|at random|randomly)"
)
_NOT_BY_US = r"\b(?:we|i) (?:\w+ )?NOT\b|\b(?:ourselves|myself|by us|sure|certain|agree\w*|unanimous|always|from (?:us|me))\b"
_PARTLY = (
    r"\bunlabel+ed\b|\b(?:half|third|quarter|some|part|most|few|many) of (?:\w+ ){0,4}(?:was|were|has been|have been|are|is) LABELLED\b|\bthe rest (?:\w+ )?by\b|"
    r"\bEXPERT as (?!DEFECT|LABEL|good|\d|how|an?\b|to|well|either|probab|being|more|certain|functional|bad|whether|the)\w+|LABEL (?:\w+ ){0,3}(?:are|is|were) (?:all )?(?:zero|one|good|the same|empty)\b|\bCELL are all (?:good|DEFECT)\b"
)
_NO_EXPERT = (
    r"NOT (?:\w+ ){0,3}(?:EXPERT)\b|EXPERT (?:\w+ )?(?:have |has |had |did |do |were |was )?NOT (?:\w+ )?(?:LABELLED|look\w*|see|saw|seen|gave|given|rate\w*|judge\w*|ever)|"
    r"NOT (?:\w+ ){0,6}LABEL(?:LED)?\b|LABEL(?:LED)? (?:\w+ ){0,2}by NOT"
)
_NOT_ELPV = rf"NOT (?:\w+ ){{0,4}}(?:elpv|buerhop|2624|44)\b|elpv (?:dataset |PHOTO )?{gap(3)}NOT {gap(2)}(?:used|use|needed|exist|taken|part)"
_NO_DATASET = r"\bNOT to do with (?:\w+ )?(?:SOLAR|CELL|PHOTO|EL)\b|\bPHOTO of (?:whole |entire |complete |full )?(?:SOLAR )?MODULE\b|^(?:and |but )?NOT PHOTO (?:were|was|are|is|exist\w*)\b(?! (?:\w+ )?(?:our|ours|mine|my))|\bonly 44\b(?! (?:\w+ )?MODULE)|\belpv is an? (?!(?:\w+ ){0,4}(?:dataset|set|collection|benchmark|repository|source|archive|series|PHOTO)\b)\w+"
_OTHER_ORIGIN = (
    rf"\b(?:we|i|our|my|teacher|students?|class|friends?)\b (?:\w+ ){{0,4}}(?:filmed|shot|photographed|recorded)\b|"
    rf"\b(?:we|i) (?:\w+ ){{0,2}}(?:took|made|collected|gathered|downloaded) {gap(4)}(?:own|ourselves|myself|roofs?|web|internet)\b|\b(?:our|my) own (?:\w+ )?(?:PHOTO|CELL|dataset|CAMERA|data)\b|by our teacher|"
    r"\b(?:phone|smartphone|drone|satellite|webcam|google|instagram|facebook|telescope|microscope)\b|\b(?:daylight|aerial|thermal|infrared|visible light|holiday) (?:\w+ )?PHOTO|"
    r"\b(?:artificial|synthetic|imaginary|generated|simulated|fake|invented|rendered|drawings?|drawn by|cartoons?|paintings?|sketches)\b|\broofs?\b|\btowns?\b|\b(?:noise|sounds?|recordings?|videos?|films?|texts?)\b"
)


_FACTS = (
    r"\b(?:elpv|buerhop|deitsch)\b",
    r"\bEL\b",
    r"\b(?:2624|1968)\b|\b75 %|\b(?:3|three) quarters\b",
    rf"\bEXPERT\b(?=.*\b{_JUDGED})|\b{_JUDGED}.*\bEXPERT\b|\bLABEL(?:LED)?\b|\bprobabilit\w+",
    r"\b44 (?:\w+ )?MODULE\b",
    r"\bSOLAR (?:CELL|PHOTO)\b|\bCELL PHOTO\b|\bPHOTO of (?:\w+ ){0,3}CELL\b",
)


def names_the_data(text: Canonical) -> bool:
    """Whether it says which photographs these are, and something more of them."""
    facts = [text.says(fact) for fact in _FACTS]
    return text.says(_NAMED) and sum(facts) >= 2 and any(facts[:1] + facts[2:5])


def _numbers(text: Canonical, kinds: str) -> list[int]:
    """The whole numbers before words of these kinds."""
    found = re.findall(
        rf"\b(\d+) (?!%|pixels?\b)(?:(?!of\b|by\b|to\b|from\b|out\b|in\b|and\b|with\b|CELL\b|PHOTO\b|MODULE\b|\d)\w+ ){{0,3}}?(?:{kinds})\b",
        str(text),
    )
    return [int(number) for number in found]


def wrong_count(text: Canonical) -> str:
    """A number of cells or modules, in words, which the data set does not have; "" for none."""
    for number in _numbers(text, "CELL|PHOTO|samples?"):
        if number > _LEAST and number not in _CELLS:
            return f"{number:,} cells"
    for number in wrong_modules(text):
        return f"{number:,} modules"
    if text.says(r"\b(?:2624|656|1968|44) (?:\w+ )?EXPERT\b"):
        return text.find(r"\b(?:2624|656|1968|44) (?:\w+ )?EXPERT\b")
    if said := number_of(text):
        return said
    if said := text.find(r"\b2624 (?:\w+ )?PHOTO of (?:only )?(?:one|a) (?:single )?CELL\b(?! each)"):
        return said
    for number in re.findall(r"\b(\d{3,}) of them\b", str(text)):
        if int(number) not in _CELLS:
            return f"{int(number):,} of them"
    if said := text.find(
        r"\bonly (?:the )?(?:good|DEFECT|bad|mono\w*|poly\w*) (?:CELL|PHOTO|ones)\b|\bonly (?:\d+|some|few|a few|half|part) (?:\w+ ){0,8}LABELLED\b"
    ):
        return said
    whole = text.find(
        r"\b(?:all|every|whole) (?:\w+ ){0,5}from (?:one|a|the same|just one|only one) (?:single )?MODULE|"
        r"\b2624 (?:\w+ ){0,4}(?:from|of|out of) (?:only |just )?(?:one|a single|the same) MODULE\b"
    )
    total = re.search(
        rf"\b(\d+) (?:\w+ ){{0,3}}?(?:CELL|PHOTO) {gap(4)}(?:in all|altogether|in total)\b", str(text)
    )
    if total and int(total[1]) != 2624:
        return f"{int(total[1]):,} cells in all"
    return whole


def wrong_modules(text: Canonical) -> list[int]:
    """Numbers of modules that are none of the data set's."""
    counted = listed("two three four five six seven eight nine ten")
    spelt = re.findall(rf"\bfrom (?:only |just )?({'|'.join(counted)}) (?:\w+ )?MODULE\b", str(text))
    named = _numbers(text, "MODULE") + [counted.index(word) + 2 for word in spelt]
    return [number for number in named if number not in _MODULES and number > 1]


def labelled_by_others(text: Canonical) -> str:
    """The words that read as if somebody else than experts had given the labels, or nobody."""
    for clause in clauses(text):
        said = clause.find(_NO_EXPERT) if denied(clause) and not clause.says(_NOT_BY_US) else ""
        said = said or affirmed(clause, _PARTLY)
        if said:
            return said
        if (said := affirmed(clause, _LAYMEN_LABEL)) and not clause.says(r"\b(?:by|from) (?:\w+ )?EXPERT"):
            return said
        agent = re.search(_BY_WHOM, str(clause))
        if (
            agent
            and not denied(clause)
            and not re.search(_MAY_LABEL, agent[1])
            and not text.says(r"\bEXPERT\b")
        ):
            return clause.quote(agent)
    return ""


def other_data(text: Canonical) -> str:
    """The words that read as if the photographs were not those of the ELPV data set."""
    if said := photographs_of(text) or contents_of(text):
        return said
    for clause in clauses(text):
        if (
            said := clause.find(_NO_DATASET)
            or (denied(clause) and clause.find(_NOT_ELPV))
            or affirmed(clause, _OTHER_ORIGIN)
        ):
            return said
    return ""
