"""What a model card's text says of the task: what goes into the network, and what comes out."""

from grader.exercises.lesson_06_capstone.card_canonical import Canonical
from grader.exercises.lesson_06_capstone.card_clauses import affirmed, clauses, gap
from grader.exercises.lesson_06_capstone.card_slots import photographs_of

_SORTS = (
    r"sort\w*|classif\w*|screen\w*|flag\w*|rat(?:e|es|ed|ing)|scor(?:e|es|ed|ing)|judg\w+|separat\w+|distinguish\w*|"
    r"categori[sz]\w*|grad(?:e|es|ed|ing)|assess\w*|verdict|ordnung"
)
_SAYS = (
    rf"{_SORTS}|say|says|said|tell|tells|told|decid\w+|know|knows|recogni[sz]\w+|detect\w*|find|finds|spot\w*|see|sees|"
    r"answer\w*|giv\w+|give|return\w*|output\w*|predict\w*|LABEL\w*|determin\w+|identif\w+|check\w*"
)
_GOOD = r"good|intact|healthy|sound|fine|ok|okay|functional|undamaged|perfect|working"
_BAD = r"DEFECT|bad|suspicious"
_OUTCOME = rf"\b(?:{_BAD}|{_SORTS})\b|\b(?:whether|if|how|as|scores? for|one for) (?:\w+ ){{0,6}}(?:{_GOOD})(?= (?:or|and|CELL|[,.;/)])|$)"
_BOTH = rf"\b(?:{_GOOD})\b.*\b(?:{_BAD})\b|\b(?:{_BAD})\b.*\b(?:{_GOOD})\b"
_FINDS = rf"\b(?:flag|spot|detect|find|recogni|classif|sort|tell|decid|predict)\w* {gap(6)}(?:CELL|MODULE)\b"
_INTO_WORDS = r"\b(?:text|texts|sentence|voltages?|currents?|curves?|price|prices|list|table|spreadsheet|sounds?|noise|video|videos)\b"

# What else a network might tell of a cell: it gives two scores, and none of these.
_ELSE = (
    r"years?|lifetime|lifespan|age|price|prices|cost|costs|worth|watts?|power|energy|yield|voltage|current|temperature|"
    r"colou?rs?|brand|maker|manufacturer|types?|kinds?|place|places|position|positions|location|locations|cause|causes|"
    r"reason|reasons|how (?:many|much power|long|old|big|large)|number|numbers|length|size|area|weight|mood|efficiency|"
    r"monocrystalline|polycrystalline|mono|poly|box|boxes|mask|masks|outlines?|captions?|repairs?|spare|owner|names?"
)
_GIVES_ELSE = (
    rf"\b(?:say|says|tell|tells|giv\w+|give|return\w*|output\w*|predict\w*|estimat\w+|nam(?:e|es|ing)|forecast\w*|count\w*|"
    rf"measur\w+|comput\w+|calculat\w+|draw|draws|drawing|mark|marks|list|lists|show|shows|order|orders|writ\w+|find|finds|"
    rf"locat\w+|segment\w*|sort\w*|classif\w+|decid\w+|guess\w*|rat(?:e|es)|determin\w+|recogni[sz]\w+|describ\w+) {gap(7)}(?:{_ELSE})\b"
)
_MAKES_PHOTOS = (
    rf"\b(?:produc\w+|generat\w+|draw|draws|drawing|paint\w*|creat\w+|invent\w*|synthesi[sz]\w+|render\w*|repair\w*|restor\w+|"
    rf"improv\w+|enhanc\w+|sharpen\w*|colou?ri[sz]\w+|upscal\w+|compress\w*|print\w*|delet\w+|stor(?:e|es|ing)|edit\w*|clean\w*) {gap(5)}(?:PHOTO|version)\b|"
    rf"\b(?:returns?|outputs?|output is|out comes?|gives back|hands back|comes out is) (?:(?:an?|the|new|better|another|EL|of) )*PHOTO\b|"
    r"\b(?:it|network|model) (?:shows|displays|sends|finds|fetches) (?:them|you|him|her|people|us|engineers|the \w+) (?:an?|the|some|other|another|matching|similar|\w+) (?:\w+ )?PHOTO\b|"
    r"(?:^|\band |, )(?:an?|the) (?:\w+ )?PHOTO (?:of (?:\w+ ){1,4}?)?comes? out\b|"
    rf"\bPHOTO {gap(6)}(?:is|are) (?:\w+ )?(?:printed|drawn|generated|painted|repaired|deleted|stored|colou?red|sharpened|made|created|produced|improved)\b(?! (?:by|with|using) EL)|"
    r"\b(?:removes|denoises|blurs|crops|rotates|brightens) (?:\w+ ){0,3}(?:noise|background|PHOTO|dust|it)\b|"
    r"\b(?:repairs|fixes|replaces|heals|cleans|washes|cools) (?:\w+ ){0,4}(?:CELL|DEFECT|MODULE|parts?)\b"
)
_ALWAYS_ONE = (
    rf"\b(?:always|every time|each time|in (?:every|all|any) cases?|invariably|regardless|whatever|only ever)\b {gap(8)}(?:{_GOOD}|{_BAD})\b"
    rf"(?! (?:,|or|and|from|vs|versus|if|when|where))|"
    rf"\b(?:say|says|calls?|answers?|gives) (?:{_GOOD}|{_BAD}) (?:to|for) (?:every|each|all|any)\b|\b(?:{_GOOD}|{_BAD}) ,? ?(?:\w+ ){{0,2}}(?:always|every time|each time|regardless|in every case|whatever)\b"
)
_NO_PHOTO = (
    r"NOT (?:\w+ ){0,3}(?:use|uses|used|look\w*|see|sees|need\w*|take|takes|get|gets|read|reads|has|have|seen|a|any) (?:\w+ ){0,4}PHOTO|^NOT (?:\w+ )?PHOTO\b|"
    r"NOT PHOTO|PHOTO (?:\w+ ){0,3}NOT (?:\w+ ){0,2}(?:used|looked|needed|seen|taken|read|part)"
)
_NOT_SAID = (
    rf"NOT (?:\w+ ){{0,3}}(?:{_SAYS})\b {gap(9)}(?:{_GOOD}|{_BAD}|scores?|CELL)\b|NOT (?:\w+ )?(?:if|whether|for|about)\b {gap(6)}(?:{_GOOD}|{_BAD})\b|"
    rf"NOT (?:made |meant |intended )?(?:for|about|with) (?:\w+ )?(?:SOLAR|CELL|PHOTO)\b|\b(?:{_GOOD}|{_BAD}) (?:\w+ )?NOT (?:what|its|the|an)\b|"
    rf"^(?:the |an? |it is the )?(?:engineers?|people|inspectors?|EXPERT|users?|technicians?|humans?) (?:have to |must |can |themselves )*(?:decide|say|tell|judge|determine|see|know)s? {gap(4)}(?:whether|if)\b|"
    rf"NOT (?:\w+ )?scores?\b|(?:instead of|rather than) (?:\w+ ){{0,4}}(?:{_GOOD}|{_BAD})\b|"
    rf"^(?:{_GOOD}|{_BAD}) {gap(3)}(?:is|does|do|are|has) NOT (?:an? )?(?:exist|answer|possible|output|occur|come|class|there)"
)
_ANSWERS = (
    r"scores?|probabilit\w+|class|classes|LABEL|verdicts?|answers?|good|DEFECT|numbers?|how|whether|if|which|either|predictions?|decisions?|results?|yes|opinion|"
    r"judge?ment|words?|values?|hint|warning|chance|likelihood|percentage|ratings?|note|findings?|outcomes?|estimate|guess|categor\w+|status|it|them|one"
)
_RETURNS_ELSE = rf"\b(?:outputs|returns|predicts) (?!(?:(?!of\b)\w+ ){{0,4}}?(?:{_ANSWERS})\b)\w+"
_DOES_NOTHING = r"\b(?:network|it|model|inspector|program) (?:does|do|can do|says|gives|decides) NOT$"
_OF_WHOM = r"\b(?:whether|if) (?:the|an?|this|that|its) (?!CELL|PHOTO|SOLAR|MODULE|EL|single|given|individual|one|photovoltaic|person|object|sample)\w+ (?:of (?:\w+ ){1,7}?)?(?:\w+ )?(?:is|was|are|looks?)\b"
_BY_WHAT = r"\bby (?:their |its |the )?(?!hand|class|DEFECT|quality|condition|whether|scores?|LABEL|looking|EL|itself|means|how|an?|one|PHOTO|experts?|CELL|technician\w*|engineer\w*|\w+ing)\w+"
_NOT_ITS_PLACE = (  # "it cannot tell where a defect is" denies no answer
    r"NOT (?:\w+ ){0,3}\w+ (?:\w+ ){0,3}?(?:what|where|why|how|who)\b|NOT (?:need|have|having|replac\w+|trust\w*|repair\w*|miss\w*)\b|NOT (?:should|may|must)\b|"
    r"NOT (?:use|be used|used)\b|NOT an?\b"
)


def speaks_of_the_task(text: Canonical) -> bool:
    """Whether it names what goes in, a photograph of a cell, and what comes out."""
    cell = text.says(r"\b(?:CELL|SOLAR|MODULE|EL|elpv)\b")
    photo = text.says(r"\b(?:PHOTO|EL|pixels?|CAMERA|photographed)\b") or (
        text.says(_FINDS) and not text.says(_INTO_WORDS)
    )
    return cell and photo and text.says(_OUTCOME)


def denies_the_task(text: Canonical) -> str:
    """The words that read as if the network did not tell good cells from defective ones, or did something else."""
    pair = text.says(_BOTH)
    for clause in clauses(text):
        said = clause.find(_NO_PHOTO) or (not clause.says(_NOT_ITS_PLACE) and clause.find(_NOT_SAID))
        said = (
            said
            or clause.find(rf"{_DOES_NOTHING}|{_OF_WHOM}")
            or clause.find(_ALWAYS_ONE)
            or affirmed(clause, _MAKES_PHOTOS)
        )
        said = said or (not pair and affirmed(clause, rf"{_GIVES_ELSE}|{_RETURNS_ELSE}"))
        if said:
            return said
    if said := photographs_of(text):
        return said
    if not text.says(rf"\b(?:{_GOOD}|{_BAD})\b"):
        return text.find(rf"\b(?:{_ELSE})\b|{_BY_WHAT}")
    return ""
