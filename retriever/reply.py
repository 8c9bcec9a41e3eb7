"""What is made of a language model's words: plain sentences with the numbers they cite.

Characters that are not seen, thoughts, links, images, tags and markup are taken out. No pattern takes more than linear
time on any text: they run over the reply again and again while it comes in.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ingest import CutShortError, sentences

from .answers import readable

# The reply is read anew when it has grown by so many characters, if a sentence may have ended in them.
GROWN = 20


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence of the model: plain text, and the passages it cites, by number (from 1, as they were given).

    `altered`: a link, an address, an image or a tag was taken out of it.
    """

    text: str
    cites: tuple[int, ...]
    altered: bool = False


_NUMBERS = r"\d+(?:\s*[,;]\s*\d+)*"
HAS_MARK = re.compile(rf"\s*\[({_NUMBERS})\]")
# A number longer than this counts no passage, and Python would refuse to read the longest.
_MOST_DIGITS = 4
_MARKS_AFTER_STOP = re.compile(rf"([.!?])((?:\s*\[{_NUMBERS}\])+)")
_THINK = r"(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|analysis)"
_THOUGHT = re.compile(
    rf"<{_THINK}>.*?(?:</{_THINK}>|\Z)|\[THINK\].*?(?:\[/THINK\]|\Z)"
    r"|<\|channel\|>(?:analysis|commentary).*?(?:<\|channel\|>final<\|message\|>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
# A thought that the server opened for the model, so that only its end is seen.
_THOUGHT_BEFORE = re.compile(rf"\A(?:(?!<{_THINK}>|\[THINK\]).)*?(?:</{_THINK}>|\[/THINK\])", re.DOTALL | re.IGNORECASE)
# Where the model's turn is over, though it goes on: with what the next speaker says.
_OVER = re.compile(
    r"(?:<\|(?:im_end|eot_id|end|return|endoftext|end_of_turn)\|>|</s>|<end_of_turn>|\n(?:User|Human): ).*\Z", re.DOTALL
)
_CONTROL = re.compile(r"<\|\w{1,30}\|>(?:assistant\b|final\b)?")
_IMAGE = re.compile(r"!\[[^\]\n]{0,300}\](?:\([^)\n]{0,900}\)|\[[^\]\n]{0,300}\])?")
_LINK = re.compile(r"\[(?!\d+\])([^\]\n]{0,300})\]\s*(?:\([^)\n]{0,900}\)|\[[^\]\n]{0,300}\])")
_LINKED_MARK = re.compile(r"(\[\d+\])\((?=\S{0,900}[/:.])[^)\n]{0,900}\)")
_DEFINITION = re.compile(r"^[^\S\n]*\[[^\]\d\n][^\]\n]*\]:.*$", re.MULTILINE)
_TAG = re.compile(r"<[/!?]?[a-zA-Z][^<>]*(?:>|$)")
_ADDRESS = re.compile(
    r"<?\b(?:[a-z][a-z0-9+.-]{0,30}://|www\.|mailto:|javascript:|data:)[^\s<>\])]*[>)]?"
    r"|(?<![\w-])(?<![\w-]\.)(?:[\w-]+\.)+[a-z]{2,}/\S*",
    re.IGNORECASE,
)
# A mark as other models write it: 【1】, [^1], [Source 1], (passage 1).
_OTHER_MARK = re.compile(
    r"[【［\[]\^?(?:(?:source|passage|document|doc|ref)s?\.? *)?#?(\d{1,3})(?:[†:][^】\]\n]{0,40})?[】］\]]"
    r"|\((?:source|passage|document)s?\.? *#?(\d{1,3})\)",
    re.IGNORECASE,
)
_RAISED_MARK = re.compile(r"<sup>\s?\[?(\d{1,2})\]?\s?</sup>", re.IGNORECASE)
_ROUND_MARK = re.compile(r"(?<=[^\W\d] )\(([1-9])\)(?=\s*(?:[.!?\n]|\Z))")
_RANGE = re.compile(r"\[([1-9])\s?[-–]\s?([1-9])\]")
_BY_NAME = re.compile(
    r"(?:according to|as (?:stated|described|mentioned) in|based on|in|per) "
    r"(?:(?:the )?(?:passage|source|document)s? ?[\[(]?(\d{1,2})[\])]?|the (?:passage|source|document)s?), "
    r"|according to, ",
    re.IGNORECASE,
)
# The end of an item, or of a line with marks, that has no stop, its marks aside.
_ITEM_ENDS = re.compile(
    rf"(?<=\w)((?:\s*\[{_NUMBERS}\])*)[^\S\n]*(?=\n\s*(?:[-*+•]|\d{{1,2}}[.)])\s)"
    rf"|(?<=[\w%)\"”])((?:\s*\[{_NUMBERS}\])+)[^\S\n]*(?=\n\s*[^\sa-z])"
)
# How a reply ends whose last sentence is whole.
_FINISHED = re.compile(r"[.!?…。][\"'”’)]*(?:\s?\[\d[^\]\n]*\])+\Z|(?<!\d)[.!?…。][\"'”’)]*\Z")
_HEADING = re.compile(r"^ ?#{1,6} ([^\n]*)$", re.MULTILINE)
_TABLE_HEAD = re.compile(r"^[^|\n]*\|[^\n]*\n(?=[ |:]*-)(?=[^|\n]*\|)[ |:-]+$", re.MULTILINE)
_TABLE_EDGE = re.compile(r"^[^\S\n]?\|[^\S\n]?|[^\S\n]?\|[^\S\n]?$", re.MULTILINE)
_SIGN = "\ue000"
_MARKUP = re.compile(
    r"^[^\S\n]{0,3}(?:#{1,6}|>|[-*+•]|\d{1,2}[.)])[^\S\n]+|\*\*|__|`+|^[^\S\n]*(?:-{3,}|={3,}|\*{3,})[^\S\n]*$",
    re.MULTILINE,
)
_BLANKS, _BLANK_LINES = re.compile(r"[^\S\n]+"), re.compile(r"\n\s*\n")
_OF_TWO_SCRIPTS = re.compile(r"\b(?=\w*[A-Za-z])(?=\w*[\u0370-\u052f])\w+")
_LINE_BREAKS = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")


def legible(text: str) -> str:
    """`text` without characters that are not seen, or make others look otherwise; letters and digits in plain form.

    Arabic and Indian scripts keep the joiners that they are spelt with.

    >>> legible("wi\\u200bth\\x1b \\u202e15\\u202c mg\\x00\\r\\nＡ \\ud800")
    'with 15 mg\\nA �'
    """
    text = _LINE_BREAKS.sub("\n", readable(text))
    shown = []
    for i, char in enumerate(text):
        if unicodedata.category(char) in ("Cc", "Cf") and char not in "\n\t":
            if char in "\u200c\u200d" and i and "\u0600" <= text[i - 1] <= "\u0dff":
                shown.append(char)
        elif char.isalnum() and unicodedata.decomposition(char).startswith(("<wide>", "<narrow>", "<font>")):
            shown.append(unicodedata.normalize("NFKC", char))
        else:
            shown.append(char)
    return _BLANK_LINES.sub("\n\n", _BLANKS.sub(" ", "".join(shown)))


_REFUSAL = re.compile(
    r"\bI(?:['’]m| am)? (?:sorry|cannot|can['’]t|could not|couldn['’]t|unable|(?:do not|don['’]t) (?:know|have))\b"
    r"|\b(?:passages?|documents?|sources?|context|texts?|information)\b[^.]{0,60}\b(?:not?|insufficient|cannot|\w+n['’]t)\b"
    r"|\bno (?:answer|information|mention)\b|\b(?:cannot|can['’]t|unable to) (?:be )?answer|\bnot enough information"
    r"|\bnicht (?:beantwort|enthalten|erwähnt)|\bkeine (?:antwort|information|angabe)"
    r"|\bne (?:peux|puis|peut|contien|répond|mention|précis|donn|dis)\w* pas\b|\baucune (?:réponse|information)"
    r"|\bno (?:puedo|se puede) responder|\bno (?:contien|mencion|proporcion|indica)|\bno hay (?:respuesta|información)"
    r"|\bnon (?:posso|è possibile) rispondere|\bnon (?:conten|contien|menzion|fornisc)"
    r"|\bnessuna (?:risposta|informazione)"
    r"|\bnão (?:posso|é possível) responder|\bnão (?:cont|mencion)|\bnenhuma (?:resposta|informação)"
    r"|无法回答|没有(?:答案|提到|提及|相关)|回答できません|答えられません|記載(?:が|は)?(?:ありません|ない)",
    re.IGNORECASE,
)


def refuses(sentence: str) -> bool:
    """Whether `sentence` looks like one that says that there is no answer, in one of some languages.

    >>> refuses("I cannot answer from the passages."), refuses("Die Frage kann ich nicht beantworten.")
    (True, True)
    >>> refuses("The moon is made of cheese.")
    False
    """
    return bool(_REFUSAL.search(sentence))


def disguised(sentence: str, source: str) -> bool:
    """Whether a word of `sentence` has Latin letters and others that may look like them, and is not in `source`.

    >>> disguised("wi\u0442hout food", "with food"), disguised("IFN\u03b3 rises", "So IFN\u03b3 rises.")
    (True, False)
    """
    return any(word[0] not in source for word in _OF_TWO_SCRIPTS.finditer(sentence))


def plain(text: str) -> str:
    """`text` of a model as plain prose: no thoughts, links, addresses, images, tags or markup; [n] stays.

    >>> plain("**Yes**, see [the label](http://x.example/?q=1) ![](http://x.example/p.png) <b>now</b> [2].")
    'Yes, see the label now [2].'
    """
    return _BLANKS.sub(" ", _stripped(legible(text)).replace(_SIGN, "")).replace(" .", ".")


def _stripped(text: str) -> str:
    """`text` as `plain` gives it, with a sign where something was taken out that could load or lead elsewhere."""
    for pattern, put in (
        (_THOUGHT, ""),
        (_THOUGHT_BEFORE, ""),
        (_OVER, ""),
        (_CONTROL, ""),
        (_IMAGE, _SIGN),
        (_DEFINITION, _SIGN),
        (_LINKED_MARK, rf"\1{_SIGN}"),
        (_LINK, rf"\1{_SIGN}"),
        (_TAG, _SIGN),
        (_ADDRESS, _SIGN),
        (_MARKUP, ""),
    ):
        text = pattern.sub(put, text)
    return text


def sentences_of(pieces: Iterable[str], mark: str) -> Iterator[Written]:
    """The model's sentences, each soon after it is complete; `mark` is the word its passages were marked with.

    An empty one says that those before it were a thought. CutShortError after the last whole one of a reply cut short.
    """
    whole = ""
    given = read = 0
    ended = thought = False
    cut: CutShortError | None = None

    def parsed(all_of_it: bool) -> Iterator[Written]:
        nonlocal given, thought
        found = _parsed(whole, mark) if all_of_it else _parsed(_without_open_mark(whole), mark)[:-1]
        if given and not thought and _THOUGHT_BEFORE.match(whole):
            thought, given = True, 0
            yield Written("", ())
        yield from found[given:]
        given = max(given, len(found))

    try:
        for piece in pieces:
            whole += piece
            ended = ended or any(c in piece for c in ".!?\n]")
            if ended and len(whole) >= read + GROWN:
                read, ended = len(whole), False
                yield from parsed(all_of_it=False)
    except CutShortError as exc:
        cut = exc
    yield from parsed(all_of_it=not cut or bool(_FINISHED.search(whole.rstrip())))
    if cut:
        raise cut


def _without_open_mark(text: str) -> str:
    """`text` up to the bracket that it opens in its last line and does not close."""
    opened = text.find("[", max(text.rfind("]"), text.rfind("\n")) + 1)
    return text if opened < 0 else text[:opened]


def _parsed(text: str, mark: str) -> list[Written]:
    text = re.sub(rf"</?passage[^<>\n]*>|{mark}\|?", "", legible(text).replace(_SIGN, ""))
    text = _OTHER_MARK.sub(lambda m: f"[{m[1] or m[2]}]", _RAISED_MARK.sub(r"[\1]", text))
    text = _RANGE.sub(lambda m: f"[{', '.join(map(str, range(int(m[1]), int(m[2]) + 1)))}]", text)
    text = _TABLE_EDGE.sub("", _TABLE_HEAD.sub("", _ROUND_MARK.sub(r"[\1]", text)))
    text = _stripped(_ITEM_ENDS.sub(r"\1\2.", _HEADING.sub(r"\1\n", text)))
    text = _MARKS_AFTER_STOP.sub(r"\2\1", text)
    found = []
    for start, end in sentences(text):
        sentence = text[start:end]
        numbers = [n for group in HAS_MARK.findall(sentence) for n in re.findall(r"\d+", group)]
        cites = dict.fromkeys(int(n) for n in numbers if len(n) <= _MOST_DIGITS)
        # No square bracket is left, so nothing can be read as a link, whatever the patterns above missed.
        bare = " ".join(HAS_MARK.sub("", sentence).replace(_SIGN, "").replace("[", "(").replace("]", ")").split())
        bare = bare.replace(" .", ".")
        if named := _BY_NAME.match(bare):
            cites = cites or ({int(named[1]): None} if named[1] else {})
            bare = bare[named.end() :][:1].upper() + bare[named.end() + 1 :]
        if re.search(r"\w", bare):
            found.append(Written(bare, tuple(cites), _SIGN in sentence))
    return found
