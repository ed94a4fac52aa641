"""What a model card's text says of how held-out cells were drawn, and is not so: the draw was random, cell by cell."""

import re

from grader.exercises.lesson_06_capstone.card_canonical import Canonical
from grader.exercises.lesson_06_capstone.card_clauses import clauses, denied, gap

_BY_MODULES = (
    r"\b(?:whole|entire|complete|full) MODULE (?:\w+ ){0,3}(?:held|kept|drawn|put|set|left|CHOOSE|taken)\b|\b(?:held out|drawn|CHOOSE|split|divided|separated|took|put aside|set aside) (?:\w+ ){0,3}by (?:whole )?MODULE\b|"
    r"\b(?:held out|test) (?:CELL |ones |part |set )?(?:is |are |were |was |come |comes |came )+(?:all |only |just )?(?:from|of) (?:one|an?|a single|the same|different|other|new|two|three|\d+) MODULE\b|\b(?:held out|test|testing) MODULE\b|"
    r"NOT MODULE (?:\w+ ){0,5}(?:both|two)\b|\b\d+ MODULE (?:\w+ ){0,4}(?:test|train|held)|\bMODULE (?:\w+ ){0,4}(?:is|are|was|were) (?:\w+ )?(?:on|in) (?:only )?one side\b"
)
_BY_SOMETHING = (
    rf"\b(?:in|by) (?:the )?(?:\w+ )?(?:years?|date|dates|day|month|age|time|name|names|alphabet\w*|order|hand|size|brightness|camera|factory|country|countries|continent|colou?r|town|weight|quality|accuracy|difficulty)\b|"
    r"\b(?:newest|oldest|newer|older|easiest|hardest|best|nicest|clearest|prettiest|brightest|darkest|first|last|biggest|largest|smallest|most beautiful)\b (?:\d+ )?(?:CELL|PHOTO|ones|quarter|656|%)|\b(?:first|last) \d+\b|\balphabet\w*\b|\bby hand\b|\bsorted by\b|"
    r"\b(?:newer|older|easier|nicer|harder) (?:ones|CELL|PHOTO)\b|\b20[012]\d\b|\baccording to (?:the |their |its )?(?!LABEL|class\w*|type|kind|silicon|probab\w+|DEFECT)\w+|\bwith the (?!rest|test)(?:\w+est|most|least|best|worst)\b|"
    rf"\b(?:ones|those|CELL) (?:that|which) (?:the network|it|the model|we|i) (?:got|gets|finds|found|knew|classif\w+|liked|likes|could)\b|\b(?:colleague|friend|engineers?|EXPERT|teacher|sister|brother|boss|somebody|someone|he|she) {gap(2)}CHOOSE\b|"
    rf"\bCHOOSE (?:the |656 |about )*(?:typical|easy|clear|nice|good|bad|simple|interesting|beautiful|important|difficult|representative) (?:CELL|PHOTO|ones)\b"
)
_BY_CLASS = (
    rf"\b(?:only|all|just) (?:the |of the )?(?:DEFECT|good|bad|monocrystalline|polycrystalline|mono|poly|doubtful|clear|certain|uncertain)\b {gap(6)}(?:held|test|train|TRAIN|kept|set|put|went|out)\b|"
    r"\b(?:DEFECT|good|monocrystalline|polycrystalline|mono|poly) (?:CELL |ones )?(?:were |are |was )?(?:only |all )?(?:held out|for (?:the )?test\w*)\b"
)
_OTHER_DATA = r"\bfrom the (?:internet|web)\b|\b(?:second|another|other|different|separate|new|foreign) (?:\w+ )?(?:dataset|camera|team|laboratory|lab|factory|source|country|company|archive)\b|\bcross validation\b|\bfolds?\b|\b\w+ fold\b"
_RANDOM = r"random\w*|chance|lot|lots|stratif\w*"
_NOT_RANDOM = rf"NOT (?:(?!\d|CELL|of\b|any\b|contain|TRAIN)\w+ ){{0,4}}(?:{_RANDOM})\b|(?:{_RANDOM}) (?:\w+ )?(?:is|was|were|are) NOT\b(?! (?:TRAIN|used|seen))|NOT (?:\w+ )?(?:was |were )?(?:{_RANDOM})|\bnonrandom\w*"
_CELLS = frozenset([656, 1968, 2624, 492, 1476, 44, 300])
_WRONG_SHARE = (
    r"\b(?:half|a third|one third|two thirds|a fifth|one fifth|a tenth|one tenth|an eighth|one half)\b (?:of )?(?:\w+ ){0,3}(?:CELL|PHOTO|dataset|data|them|all)\b (?:[\w,]+ ){0,4}(?:held|test|put|set|kept|aside|apart|out|hid|hidden|reserved)|"
    r"(?<!in )(?<!of )(?<!every )\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|\d\d?) CELL\b(?! (?:of|from|in) (?:the same|one|a|each))|"
    r"\b(?:80 20|90 10|70 30|60 40|50 50)\b|\b(?:10|15|20|30|33|40|80|90) % (?:\w+ ){0,4}(?:test|held|aside|apart|out)"
)
_SWAPPED = (
    r"\b1968\b(?: (?!TRAIN|train\w*|other|rest|left|cells? used)[\w]+){0,7} (?:held out|tested|test|aside|apart|hidden)\b|\b656 (?:\w+ )?(?:CELL |PHOTO )?(?:were |are |was )?(?:only )?(?:used )?(?:for|to) (?:the )?TRAIN|"
    r"\bTRAIN (?:\w+ ){0,3}on (?:only |just |the )*656\b|\bTRAIN (?:used|uses) (?:only |just )*656\b"
)


def wrong_draw(text: Canonical) -> str:
    """The words that say of the draw what is not so; "" for none."""
    for clause in clauses(text):
        turned = denied(clause)
        if turned:
            said = clause.find(_NOT_RANDOM) if not clause.says(r"NOT by hand|\brather\b|NOT just") else ""
            said = said or (clause.find(r"NOT MODULE (?:\w+ ){0,5}(?:both|two)\b"))
        else:
            said = (
                next(
                    (
                        found
                        for pattern in (
                            _BY_MODULES,
                            _BY_CLASS,
                            _BY_SOMETHING,
                            _OTHER_DATA,
                            _WRONG_SHARE,
                            _SWAPPED,
                        )
                        if (found := clause.find(pattern))
                    ),
                    "",
                )
                if not clause.says(r"\b(?:rather|instead|than)\b")
                else ""
            )
            said = said or _wrong_number(clause)
        if said:
            return said
    return ""


def _wrong_number(clause: Canonical) -> str:
    for number in re.findall(r"\b(\d{3,})\b(?! (?:pixels?|epochs?|steps?|x)\b)", str(clause)):
        if int(number) not in _CELLS:
            return clause.find(rf"\b{number}\b(?: \w+)?")
    return ""
