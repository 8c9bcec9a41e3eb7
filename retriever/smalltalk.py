"""What people say that is no question gets a short reply and is never searched for.

Told by the words alone: small talk holds one of its key words and beside that only fillers ("Thanks, that was very
helpful!"). Of a message that goes on with a question ("Great, and what is a biosimilar?") it is taken off.
"""

import re
from collections.abc import Mapping, Sequence

_KEYS: Mapping[str, frozenset[str]] = {
    "thanks": frozenset("thanks thank thx cheers appreciate appreciated merci danke gracias".split()),
    "bye": frozenset("bye goodbye farewell goodnight tschüss adios".split()),
    "greeting": frozenset(
        "hello hi hey hiya howdy greetings morning evening afternoon hallo bonjour hola salut".split()
    ),
    "nod": frozenset(
        """ok okay alright yes yeah yep no nope sure great perfect cool nice good fine awesome excellent wonderful
        brilliant amazing super lovely fantastic helpful useful interesting clear understood noted agreed wow aha
        exactly sorry correct impressive""".split()
    ),
}
_EVERY_KEY = frozenset[str]().union(*_KEYS.values())
_FILLERS = frozenset(
    """a again all and answer answers are beaucoup bit bot day dear everyone everything for from friend guys have help i
    im indeed information is it its job just ll lot lots m me most much my now of oh one our people pincite pretty
    quite really right s so that thats the then there these this time to today too truly u very was well will work you
    ya your""".split()
)
# Said as a whole: what the key words do not tell.
_WHOLE: Sequence[tuple[str, re.Pattern[str]]] = (
    (
        "greeting",
        re.compile(
            r"(who|what) are you|how are you( doing)?( today)?|help( me)?( please)?|what (can|do) you (do|know)"
            r"|(what|how) (can|should|could) i ask( you)?|(can|could) you help( me)?|how (do|can) you help( me)?"
            r"|are you (an? )?(human|bot|robot|person|ai|machine|real)|what is pincite|how (do|can) i use (this|you)"
        ),
    ),
    (
        "library",
        re.compile(
            r"(how many|what|which) (documents|files)"
            r"( (do|can) (you|i) (have|search|ask)| are (there|in (the|my|this) library))"
            r"|(list|show)( me)?( all)?( my| the)? (documents|files)"
            r"|what( is| s) (in )?(the|my|this) library( about)?"
        ),
    ),
    ("bye", re.compile(r"see you( later| soon| tomorrow)?|that( is| s| was| will be) (all|it)( for (now|today))?")),
    (
        "nod",
        re.compile(
            r"(i )?got it|i see|((that|it|this) )?makes sense|never ?mind|no (problem|worries)|fair enough"
            r"|(all |that( is| s) |you( are| re) )?right( then)?"
        ),
    ),
    (
        "doubt",
        re.compile(
            r"(but )?(really|((are you|you are|you re) ((really|quite|absolutely|very) )?(sure|certain|positive)"
            r"|is (that|this|it) ((really|actually) )?(right|correct|true|so|accurate)|can i trust (you|this|that|it)"
            r"|how (sure|certain) are you|(how|where) do you know)( (about|of|on)? ?(that|this|it))?( from)?)"
        ),
    ),
    (
        "complaint",
        re.compile(
            r"((that|this|it)( is| s| was)? |you( are| re) )?(wrong|incorrect|bad|nonsense|useless"
            r"|(not|isn t|wasn t) (very |really )?(helpful|useful|right|correct|true|good|what i (asked|meant|wanted)))"
        ),
    ),
)
# Names that look like small talk.
_NAMES = frozenset(("NICE", "FINE", "CLEAR", "COOL", "HI"))
_ASKING = frozenset(
    """what whats how why when where which who whose is are was were do does did can could should would will has have
    please tell""".split()
)
_JOINING = frozenset(("and", "so", "now", "but", "then"))
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_NODDING = re.compile(
    "[\N{THUMBS UP SIGN}\N{OK HAND SIGN}\N{PERSON WITH FOLDED HANDS}\N{WAVING HAND SIGN}\N{GRINNING FACE}]"
)
# An option of a command is asked about: --help, -h.
_OPTION = re.compile(r"\s*--?\w")
_PARTING = re.compile(r"\s*[,.!;:…\n–—]+\s*|\s+-+\s+")
# What is said behind a question of how to answer it: "List the steps.", "Please answer in one sentence."
_TELLS = frozenset(
    """answer be briefly cite describe explain give in include keep list mention name provide quote reply respond show
    specify state summarise summarize tell use write""".split()
)
_FORM = _TELLS.union(
    """a all an and as brief bullet bullets by citation citations clause clauses concise concisely detail detailed
    details each english every exact exactly few five four from full fully it item items it its line lines me
    more no number numbers of on one only or order page pages paragraph paragraphs plain please point points
    possible reference references relevant section sections sentence sentences short shortly simple simply
    source sources step steps table that the their them these this three to two us verbatim with word wording
    words your""".split()
)
_BEHIND = re.compile(r"\?\s+(?P<rest>[^?]+)$")
_REPLIES: Mapping[str, str] = {
    "thanks": "You're welcome!",
    "bye": "Goodbye!",
    "greeting": "Hello!",
    "nod": "All right.",
    "library": "The list of documents names all that are here.",
    "doubt": "What is quoted stands word for word in the document that is named beside it: open it to read on.",
    "complaint": "Sorry. Other words may find what you look for.",
}


def reply(message: str, documents: int) -> str | None:
    """What to say to `message` with that many documents in the library; None if it is more than small talk.

    >>> reply("Thanks, that was very helpful!", 3)
    "You're welcome! Ask about anything in your 3 documents, in a sentence or a few words."
    >>> reply("Thanks, and in children?", 3)
    """
    said = kind(message)
    if said is None:
        return None
    if not documents:
        return f"{_REPLIES[said]} Your library is empty: add documents, then ask about them."
    yours = "document" if documents == 1 else f"{documents:,} documents"
    return f"{_REPLIES[said]} Ask about anything in your {yours}, in a sentence or a few words."


def without(message: str) -> str:
    """`message` without the small talk in front of a question, and what is said behind it of how to answer.

    >>> without("Great, and what is a biosimilar?"), without("ok so how is it made")
    ('What is a biosimilar?', 'How is it made')
    >>> without("Hello world programs"), without("Thanks!")
    ('Hello world programs', 'Thanks!')
    >>> without("How is it made? List the steps."), without("How is it made? Name the makers.")
    ('How is it made?', 'How is it made? Name the makers.')
    """
    behind = _BEHIND.search(message)
    sentences = [said for said in re.split("[.!;]", behind["rest"]) if _WORD.search(said)] if behind else []
    if behind and sentences and all(map(_tells_how, sentences)):
        message = message[: behind.start() + 1]
    rest = message
    while parting := _PARTING.search(rest):
        if not rest[parting.end() :].strip() or kind(rest[: parting.start()]) is None:
            break
        rest = rest[parting.end() :]
    found = list(_WORD.finditer(rest))
    said = [match.group().lower() for match in found]
    for i in range(1, min(len(said), 8)) if said[:1] and said[0] in _EVERY_KEY else ():
        if said[i] in _ASKING | _JOINING and kind(rest[: found[i].start()]):
            rest = rest[found[i].start() :]
            break
    if rest == message or not _WORD.search(rest):
        return message
    joined = re.match(r"(\w+),?\s+(\w+)", rest)
    if joined and joined[1].lower() in _JOINING and joined[2].lower() in _ASKING:
        rest = rest[joined.start(2) :]
    return rest[0].upper() + rest[1:]


def _tells_how(said: str) -> bool:
    """Whether a sentence says only how to answer."""
    parts = [word.lower() for word in _WORD.findall(said)]
    first = next((part for part in parts if part not in ("and", "please")), "please")
    return _FORM.issuperset(parts) and (first in _TELLS or first == "please")


def kind(message: str) -> str | None:
    """Which kind of small talk `message` is; None if any part of it says more."""
    if _OPTION.match(message):
        return None
    kinds = [_kind_of_part(part) for part in _PARTING.split(message) if _WORD.search(part)]
    if not kinds:
        return "nod" if _NODDING.search(message) else None
    # "Ok, thanks!" is thanks.
    return None if None in kinds else next((kind for kind in kinds if kind != "nod"), "nod")


def _kind_of_part(said: str) -> str | None:
    parts = [part for word in _WORD.findall(said) for part in re.split("['’]", word.lower())]
    whole = " ".join(parts)
    for kind, pattern in _WHOLE:
        if pattern.fullmatch(whole):
            return kind
    if not _EVERY_KEY.union(_FILLERS).issuperset(parts) or said.strip() in _NAMES:
        return None
    asks = "?" in said or parts[0] in _ASKING
    kinds = (kind for kind, keys in _KEYS.items() if not keys.isdisjoint(parts))
    return next((kind for kind in kinds if kind == "greeting" or not asks), None)
