"""Sentences -> the text of an answer: short, in whole sentences, each mark with its exact quote.

Past 500 lines: the cases of lists, rows, clauses and titles are small texts, each beside what is quoted of it.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from ingest import Passage, sentences
from retriever import Citation
from retriever.cells import direct_cell
from retriever.choose import Sentence
from retriever.direct import direct_answer
from retriever.search import Candidate
from retriever.write import MAX_QUOTES, declined, write

OFFSET = 100


def passage(text: str, document: str = "d.md") -> Passage:
    return Passage(document, "Title", None, 1, OFFSET, OFFSET + len(text), text)


def sentence(of: Passage, text: str, score: float) -> Sentence:
    start = of.start + of.text.index(text)
    candidate = Candidate(1, of, np.zeros((0, 1), np.float32), 1.0, {}, {}, 0.0)
    return Sentence(candidate, start, start + len(text), text, score, {})


def written(*ranked: Sentence, question: str = "What is it?") -> tuple[str, Sequence[Citation]]:
    text, citations = write(question, ranked, lambda of, offset: offset)
    assert [c.number for c in citations] == list(range(1, len(citations) + 1))
    assert list(dict.fromkeys(re.findall(r" \[(\d)\]", text))) == [str(c.number) for c in citations]
    for citation in citations:
        assert citation.page == citation.start, "the page of the quote, not of the passage"
    return text, citations


def test_one_likely_sentence_is_the_answer() -> None:
    of = passage("Cats purr. Dogs bark loudly.")
    text, citations = written(sentence(of, "Dogs bark loudly.", 9), sentence(of, "Cats purr.", 1))
    assert text == "Dogs bark loudly. [1]"
    assert [(c.start, c.end, c.quote) for c in citations] == [(OFFSET + 11, OFFSET + 28, "Dogs bark loudly.")]


def test_a_mark_names_a_citation_and_nothing_else() -> None:
    of = passage("Coffee delays sleep.[2][3] Then row[12] is read.")
    text, citations = written(sentence(of, "Coffee delays sleep.[2][3]", 5), sentence(of, "Then row[12] is read.", 5))
    assert text == "Coffee delays sleep. Then row[\u206012] is read. [1]"
    assert citations[0].quote == of.text


def test_several_likely_sentences_are_quoted_each() -> None:
    of = passage("Cats purr. Cows are large. Dogs bark.")
    text, _ = written(sentence(of, "Dogs bark.", 5), sentence(of, "Cats purr.", 4.8))
    assert text == "Dogs bark. [1] Cats purr. [2]"


def test_sentences_that_follow_one_another_are_one_quote() -> None:
    of = passage("Cats purr. Dogs bark. Cows are large.")
    text, citations = written(sentence(of, "Dogs bark.", 5), sentence(of, "Cats purr.", 4.8))
    assert text == "Cats purr. Dogs bark. [1]"
    assert [c.quote for c in citations] == ["Cats purr. Dogs bark."]


def test_there_are_few_quotes() -> None:
    names = ["Ants dig.", "Bees hum.", "Cats purr.", "Dogs bark.", "Eels glide.", "Foxes steal."]
    _, citations = written(*(sentence(passage(name, f"{name}md"), name, 5) for name in names))
    assert 1 < len(citations) <= MAX_QUOTES


def test_unlikely_sentences_are_left_out() -> None:
    of = passage("Cats purr. Dogs bark. Ants dig.")
    ranked = [sentence(of, "Dogs bark.", 5), sentence(of, "Cats purr.", 4.5), sentence(of, "Ants dig.", -1)]
    assert [c.quote for c in written(*ranked)[1]] == ["Cats purr. Dogs bark."]


def test_a_quote_ends_with_its_paragraph() -> None:
    of = passage("Cats purr.\n\nDogs bark.")
    ranked = [sentence(of, "Dogs bark.", 5), sentence(of, "Cats purr.", 4.9)]
    assert [c.quote for c in written(*ranked)[1]] == ["Dogs bark.", "Cats purr."]


def test_what_was_said_is_not_said_again() -> None:
    one, other = passage("Small dogs bark at night."), passage("At night small dogs bark too.", "e.md")
    ranked = [
        sentence(one, one.text, 5),
        sentence(other, other.text, 4.9),
        sentence(passage("Cats purr."), "Cats purr.", 4.8),
    ]
    assert [c.quote for c in written(*ranked)[1]] == [one.text, "Cats purr."]


@pytest.mark.parametrize("opening", ["It", "This drug", "They", "However, it", "In these cases it", "The latter"])
def test_a_sentence_that_leans_brings_the_one_before(opening: str) -> None:
    of = passage(f"Rest helps. Nivolumab blocks PD-1. {opening} is given by drip. It works.")
    text, (citation,) = written(sentence(of, f"{opening} is given by drip.", 5))
    assert citation.quote == f"Nivolumab blocks PD-1. {opening} is given by drip."
    assert text == f"{citation.quote} [1]"


def test_a_sentence_leans_only_inside_its_paragraph() -> None:
    of = passage("Nivolumab blocks PD-1.\n\nIt is given by drip.")
    assert written(sentence(of, "It is given by drip.", 5))[1][0].quote == "It is given by drip."


def test_a_quote_is_not_told_twice_with_the_sentence_before_it() -> None:
    of = passage("Nivolumab blocks PD-1. It is given by drip.")
    ranked = [sentence(of, "It is given by drip.", 5), sentence(of, "Nivolumab blocks PD-1.", 4.9)]
    assert [c.quote for c in written(*ranked)[1]] == [of.text]


def test_a_list_is_quoted_with_its_items() -> None:
    of = passage("Signs are:\n- fever\n- rash\n\nCall a doctor.")
    text, (citation,) = written(sentence(of, "Signs are:", 5))
    assert citation.quote == "Signs are:\n- fever\n- rash"
    assert text == "Signs are:\n- fever\n- rash [1]"


CODE = "@task\ndef send(to: str) -> None:\n    mail(to)"
DEFINED = f"It is easy. To define a task, write:\n\n{CODE}\n\nThen run it."


@pytest.mark.parametrize(
    ("text", "chosen", "quote", "shown"),
    [
        (DEFINED, "To define a task, write:", f"To define a task, write:\n\n{CODE}", None),
        (DEFINED, "mail(to)", f"To define a task, write:\n\n{CODE}", None),
        ("Install it:\n\npip install quill\n\nDone.", "pip install quill", "Install it:\n\npip install quill", None),
        ("Write:\n\nimport q\n\n" + CODE, "mail(to)", "Write:\n\nimport q\n\n" + CODE, None),
        ("In this Act:\n\n“child” means a minor;\n\n“day” means a day;", "“day” means a day;", "“day” means a day;", None),
        ("See:\n\nFilename: a.toml\n\n[a.b]\nopt-level = 0\n\nIt is.", "See:", "See:\n\nFilename: a.toml\n\n[a.b]\nopt-level = 0", None),
        ("Call it.\n\npip install quill", "pip install quill", "pip install quill", None),
        ("Fields:\n\nName: a | Type: b\nName: c | Type: d", "Fields:", "", "Fields:\nName: a | Type: b\nName: c | Type: d"),
        ("Mind this:\n\nCall a doctor.\n\nRest.", "Mind this:", "Mind this:\n\nCall a doctor.", None),
        ("Three ways –\n- swim\n- fly", "Three ways –", "Three ways –\n- swim\n- fly", None),
        ("She shall not:\n\n(a) sing; or\n\n(b) dance.\n\nSo it is.", "(b) dance.", "", "She shall not:\n(a) sing; or\n(b) dance."),
    ],
)  # fmt: skip
def test_what_is_announced_is_quoted_with_its_announcement(
    text: str, chosen: str, quote: str, shown: str | None
) -> None:
    told, (citation,) = written(sentence(passage(text), chosen, 5), question="How is it done?")
    assert citation.quote == (quote or text.removesuffix("\n\nSo it is."))
    assert told == f"{shown or quote} [1]"


def test_code_is_quoted_in_whole_lines() -> None:
    lines = [f"$ git pull . branch/{n} --of={n}" for n in range(60)]
    text, (citation,) = written(sentence(passage("\n".join(lines)), ". branch/7 --of=7\n$ git pull .", 5))
    assert citation.quote == "\n".join(lines[7:9])
    assert text == f"…\n{citation.quote} … [1]"


def test_a_list_ends_where_the_next_section_begins() -> None:
    fees = "4. Fees\n(1) The fee is 85 pounds.\n(2) Charities pay none."
    of = passage(f"3. Duties\n(1) Register it.\n(2) Paint it.\n\n{fees}\n\n5. Offences\n(1) It is a crime.")
    text, citations = written(sentence(of, fees, 9))
    assert [c.quote for c in citations] == [fees]
    assert text.endswith("Charities pay none. [1]")


def test_code_that_goes_on_in_the_next_passage_is_shown_to() -> None:
    code = "$ git pull . a\n$ git push . a\n"
    for text, shown in ((code, " …"), (f"{code}\n", ""), (code.rstrip(), "")):
        assert written(sentence(passage(text), "$ git pull . a\n$ git push . a", 5))[0] == f"{code.rstrip()}{shown} [1]"


def test_of_what_is_too_long_as_much_is_quoted_as_a_reader_takes_in() -> None:
    items = [f"- the {n}th thing of many that there are;" for n in range(30)]
    of = passage("Mind these:\n" + "\n".join(items))
    text, (citation,) = written(sentence(of, "Mind these:", 5))
    assert citation.quote == "\n".join(["Mind these:", *items[:14]])
    assert text == f"{citation.quote} … [1]"


def test_a_term_that_its_definition_says_again_is_said_once() -> None:
    for text, quote in (
        ("Off-label: off-label use is use without a licence.", "off-label use is use without a licence."),
        ("Tachycardia: a heart rate above 100.", "Tachycardia: a heart rate above 100."),
    ):
        assert written(sentence(passage(text), text, 5))[1][0].quote == quote


def test_a_heading_is_quoted_with_what_it_heads_and_not_beside_an_answer() -> None:
    of = passage("Title\n\nCats purr. They sleep.")
    assert written(sentence(of, "Title", 5))[1][0].quote == "Title\n\nCats purr."
    other = passage("Dogs bark.", "e.md")
    assert written(sentence(other, other.text, 5.1), sentence(of, "Title", 5))[0] == "Dogs bark. [1]"


def test_line_breaks_inside_a_sentence_become_spaces() -> None:
    of = passage("Nivolumab\nblocks   PD-1.")
    text, (citation,) = written(sentence(of, of.text, 5))
    assert citation.quote == of.text
    assert text == "Nivolumab blocks PD-1. [1]"


def test_neighbours_between_which_the_likelihood_is_spread_are_one_quote_first() -> None:
    """Either alone is less likely than a third one elsewhere; together they are worth more."""
    of, other = passage("Cats purr. Dogs bark."), passage("Ants dig.", "e.md")
    ranked = [sentence(other, other.text, 5.1), sentence(of, "Dogs bark.", 5), sentence(of, "Cats purr.", 5)]
    assert [c.quote for c in written(*ranked)[1]] == [of.text, other.text]


def test_a_word_has_its_price() -> None:
    """A long neighbour that is somewhat likely is not worth its words; a short one is."""
    for long, quote in ((1, "Dogs bark. It is so, so."), (20, "Dogs bark.")):
        more = f"It is so{', so' * long}."
        of = passage(f"Dogs bark. {more}")
        ranked = [sentence(of, "Dogs bark.", 5), sentence(of, more, 2.3)]
        assert written(*ranked)[1][0].quote == quote


@pytest.mark.parametrize(
    ("question", "one", "other", "said"),
    [
        (
            "How much notice is needed?",
            "Either party may end this Agreement by sixty (60) days' written notice.",
            "Either party may end this Agreement by ninety (90) days' written notice.",
            True,
        ),
        (
            "What is the fee?",
            "The annual fee is £120,000 without VAT.",
            "The annual fee is £150,000 without VAT.",
            True,
        ),
        (
            "Who owns the rights?",
            "All rights in the Deliverables shall belong to the Supplier on creation.",
            "All rights in the Deliverables shall belong to the Customer on creation.",
            True,
        ),
        (
            "Which law governs the agreement?",
            "5.1 This Agreement is governed by the laws of England and Wales.",
            "5.1 This Agreement is governed by the laws of Germany.",
            True,
        ),
        (
            "When does the policy take effect?",
            "The policy takes effect on 1 January 2023.",
            "The policy takes effect on 1 April 2023.",
            True,
        ),
        ("When are the bins emptied?", "The bins are emptied on Mondays.", "The bins are emptied on Fridays.", True),
        ("When is the launch?", "The launch of the app is in March.", "The launch of the app is in September.", True),
        ("What is in the shop?", "The shop has bread on Mondays.", "The shop has bread on Fridays.", False),
        ("When is the ward round?", "The round of ward A is on Monday.", "The round of ward B is on Friday.", False),
        (
            "May the parts be sold?",
            "The parts may be sold to nobody but the Customer.",
            "The parts may be sold to nobody but the Supplier.",
            False,
        ),
    ],
)
def test_two_versions_of_a_clause_are_both_shown(question: str, one: str, other: str, said: bool) -> None:
    versions = [passage(one, "old.md"), passage(other, "new.md")]
    text, citations = written(*(sentence(of, of.text, 5) for of in versions), question=question)
    assert {c.quote for c in citations} == {one, other}
    assert ("The sources differ" in text) == said


def test_sources_that_differ_in_their_numbers_are_both_shown() -> None:
    one, other = passage("The response rate was 40 %."), passage("The response rate was 55 %.", "e.md")
    ranked = sentence(one, one.text, 5), sentence(other, other.text, 4.9)
    text, citations = written(*ranked, question="What is the response rate?")
    assert [c.quote for c in citations] == [one.text, other.text]
    assert text.endswith("The sources differ: compare [1] and [2].")
    text, citations = written(sentence(one, one.text, 5), sentence(passage(one.text, "e.md"), one.text, 4.9))
    assert len(citations) == 1
    assert "differ" not in text


def test_the_title_tells_what_a_sentence_that_differs_is_of() -> None:
    one = passage("The maximum dose of Velorin is 40 mg.")
    of = replace(passage("Take it daily. The maximum dose is 80 mg.", "e.md"), title="Velorin")
    ranked = (
        sentence(one, one.text, 9),
        sentence(of, "The maximum dose is 80 mg.", 5),
        sentence(of, "Take it daily.", 1),
    )
    text, _ = written(*ranked, question="What is the maximum dose of Velorin?")
    assert text == f"{one.text} [1] The maximum dose is 80 mg. [2]\n\nThe sources differ: compare [1] and [2]."
    of = replace(of, title="Halden")
    others = sentence(one, one.text, 9), sentence(of, "The maximum dose is 80 mg.", 5)
    assert written(*others, question="What is the maximum dose of Velorin?")[0] == f"{one.text} [1]"


def test_of_two_dates_neither_is_the_one() -> None:
    one, other = (
        passage("The next meeting is on 5 March 2024."),
        passage("The next meeting is on 9 April 2024.", "e.md"),
    )
    ranked = sentence(one, one.text, 9), sentence(other, other.text, 5)
    text, _ = written(*ranked, question="When is the next meeting?")
    assert text == f"{one.text} [1] {other.text} [2]\n\nThe sources differ: compare [1] and [2]."


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        (
            "4. Term\nThis Agreement remains in force for three years.",
            "This Agreement remains in force for three years.",
        ),
        ("Abstract\nWe asked 1,842 patients. They told us.", "We asked 1,842 patients."),
        ("2. Trees\nThey grow in the garden of the king.", "Trees\nThey grow in the garden of the king."),
        (
            "We were told by\nBergen Rowing in May\nthat it rains.",
            "We were told by\nBergen Rowing in May\nthat it rains.",
        ),
        ("I like it.\nGood Evening\nHe said no more that night.", "Good Evening\nHe said no more that night."),
    ],
)
def test_a_line_that_is_the_title_of_a_sentence_is_no_part_of_it(text: str, quote: str) -> None:
    of = passage(text)
    first = next(text[s:e] for s, e in sentences(text) if quote[-12:] in text[s:e])
    assert written(sentence(of, first, 5))[1][0].quote == quote


LIST = "Side effects are:\n- fever;\n- chills, mostly mild;\n- Rash may last. It itches.\n\nNobody dies."


@pytest.mark.parametrize(
    ("question", "chosen", "quote"),
    [
        ("What are the side effects?", "- Rash may last.", LIST.partition("\n\n")[0]),
        ("Does it last?", "- Rash may last.", "Rash may last."),
        ("Does it last?", "- chills, mostly mild;", LIST.partition("\n\n")[0]),
        ("Which drugs are at fault?", "- Rash may last.", "Rash may last."),
        ("Does anyone die?", "Nobody dies.", "Nobody dies."),
        ("What are the causes of death?", "Nobody dies.", "Nobody dies."),
    ],
)
def test_a_list_is_whole_where_it_is_asked_for_or_its_item_is_no_sentence(
    question: str, chosen: str, quote: str
) -> None:
    assert written(sentence(passage(LIST), chosen, 5), question=question)[1][0].quote == quote


@pytest.mark.parametrize(
    ("question", "whole"),
    [
        ("How do I make a backup?", True),
        ("What are the steps of a backup?", True),
        ("When do I make a backup?", False),
        ("How do I set a passphrase?", False),
    ],
)
def test_of_steps_all_are_quoted_where_it_is_asked_how(question: str, whole: bool) -> None:
    of = replace(passage("1. Name a folder.\n2. Set a passphrase.\n3. Run it."), heading="Making a backup")
    told = written(sentence(of, "1. Name a folder.", 9), sentence(of, "2. Set a passphrase.", 1), question=question)
    assert told[0] == (f"{of.text} [1]" if whole else "Name a folder. [1]")


BURNS = "1. Cool the burn.\n2. Take off rings.\n3. If it is large, call 999.\n4. Never use ice."


@pytest.mark.parametrize("mark", ["{}.", "({})", "{})"])
@pytest.mark.parametrize(
    ("question", "chosen"),
    [
        ("I burnt my hand, what now?", [2]),
        ("What should I do about a burn?", [1]),
        ("What is to be done?", [3]),
        ("treatment of burns", [0, 1, 2]),
        ("My hand is burnt", [1, 2, 3]),
        ("How do I treat it?", [0, 1]),
    ],
)
def test_of_a_procedure_all_steps_are_quoted_where_it_is_asked_what_to_do_or_some_are_quoted(
    question: str, chosen: list[int], mark: str
) -> None:
    steps = [f"{mark.format(n)} {line[3:]}" for n, line in enumerate(BURNS.split("\n"), 1)]
    of = replace(passage("\n".join(steps)), heading="Accidents")
    told, (citation,) = written(*(sentence(of, steps[n], 5) for n in chosen), question=question)
    assert (citation.quote, told) == (of.text, f"{of.text} [1]")


def test_of_a_procedure_the_one_step_that_answers_is_quoted_alone() -> None:
    of = passage(BURNS)
    assert written(sentence(of, "4. Never use ice.", 5), question="May I use ice?")[0] == "Never use ice. [1]"


def test_a_list_that_is_cut_at_its_beginning_is_shown_to() -> None:
    of = passage("1. The rent is 900.\n2. The deposit is 50.\n3. Pets are forbidden.\n4. Keys are handed over.")
    lines = of.text.split("\n")
    for first, last, shown in ((0, 2, "{} …"), (1, 3, "…\n{} …"), (2, 4, "…\n{}")):
        told = written(*(sentence(of, line, 5) for line in lines[first:last]), question="Is it so?")[0]
        assert told == f"{shown.format(chr(10).join(lines[first:last]))} [1]"


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("hotel limit london", "Hotel in London: up to £160 a night"),
        ("What is the limit for a hotel?", None),
        ("List the limits for London", None),
    ],
)
def test_of_labelled_items_the_one_that_is_asked_for_is_quoted_alone(question: str, quoted: str | None) -> None:
    of = passage("- Hotel in London: up to £160 a night\n- Hotel elsewhere: up to £110 a night\n- Dinner: £28")
    ranked = [sentence(of, line, 5) for line in of.text.split("\n")[:2]]
    assert written(*ranked, question=question)[1][0].quote == (quoted or of.text)


@pytest.mark.parametrize("between", ["\n", "\n\n"])
@pytest.mark.parametrize(
    ("question", "whole"),
    [
        ("What are the side effects?", True),
        ("What are the common side effects?", False),
        ("Is headache a side effect?", False),
        ("What are the storage conditions?", False),
    ],
)
def test_of_labelled_paragraphs_all_are_quoted_where_such_are_asked_for(
    question: str, whole: bool, between: str
) -> None:
    lines = ["Common (1 in 10): headache.", "Rare (1 in 1,000): swelling. Get help then."]
    text = between.join(["They are mild.", *lines, "Tell your doctor."])
    of = replace(passage(text), heading="4. Side effects")
    told = written(sentence(of, lines[0], 9), sentence(of, "They are mild.", 1), question=question)
    assert told[1][0].quote == (between.join(lines) if whole else lines[0])


def test_the_first_of_items_that_run_on_keeps_its_mark() -> None:
    gifts = "(a) £20 to Ann; (b) £5 to Bob; and (c) £2 to Eve."
    assert written(sentence(passage(gifts), gifts, 5), question="Who gets £5?")[1][0].quote == gifts
    alone = "(a) £20 to Ann, see (b)."
    assert written(sentence(passage(alone), alone, 5), question="Who gets £20?")[1][0].quote == "£20 to Ann, see (b)."


def test_a_long_list_is_not_quoted_beside_the_answer() -> None:
    long = passage("Mind these:\n" + "\n".join(f"- the {n}th thing of many that there are;" for n in range(12)), "e.md")
    ranked = [
        sentence(passage("Cats purr."), "Cats purr.", 5),
        sentence(long, "- the 3th thing of many that there are;", 5),
    ]
    assert written(*ranked)[0] == "Cats purr. [1]"


def test_of_several_items_the_whole_list_is_quoted() -> None:
    of = passage("1. Cut it.\n2. Boil it.\n3. Eat it.")
    ranked = [sentence(of, "1. Cut it.", 5), sentence(of, "2. Boil it.", 5)]
    assert written(*ranked, question="How is it made?")[0] == f"{of.text} [1]"
    long = passage(of.text + "\n4. Wash up" + " and again" * 70 + ".")
    assert written(*(sentence(long, s.text, 5) for s in ranked))[0] == "1. Cut it.\n2. Boil it. … [1]"


def test_of_clauses_only_those_that_answer_are_quoted_unless_a_procedure_is_asked_for() -> None:
    of = passage("1. The rent is 900.\n2. The deposit is 50.\n3. Pets are forbidden.\n4. Keys are handed over.")
    first, second = (sentence(of, line, 5) for line in of.text.split("\n")[:2])
    for question in ("What is the rent?", "Is there a rent?", "How much is the rent?"):
        assert "Pets" not in written(first, second, question=question)[0]
    for question in ("How is it let?", "List the terms of the rent"):
        assert written(first, second, question=question)[0] == f"{of.text} [1]"


def test_a_row_is_quoted_alone_and_a_sentence_as_likely_before_it() -> None:
    rows = "Drug: A | Dose: 1 mg\nDrug: B | Dose: 2 mg"
    of, other = passage(rows), passage("The dose of A is one milligram.", "e.md")
    first, second = (sentence(of, row, score) for row, score in zip(rows.split("\n"), (5.1, 4.9), strict=True))
    text, citations = written(first, sentence(other, other.text, 5), second)
    assert text.startswith(f"{other.text} [1]\n\n{first.text} [2]")
    assert [c.quote for c in citations][:2] == [other.text, first.text]
    assert all("\n" not in c.quote for c in citations)


def test_of_a_table_all_rows_are_quoted_where_such_rows_are_asked_for() -> None:
    table = "\n".join(f"Code: {n} | Meaning: Reason {n}" for n in (400, 401, 403))
    of = passage(f"Errors\n\nSee below.\n\n{table}\n\nCall us.")
    ranked = [sentence(of, f"Code: {n} | Meaning: Reason {n}", score) for n, score in ((401, 5), (400, 4.9))]
    for question in ("List the codes", "Which codes are there and what is their meaning?"):
        assert [c.quote for c in written(*ranked, question=question)[1]] == [table]
    cut = passage(f"{table}\n")
    assert written(sentence(cut, table.split("\n")[0], 5), question="List the codes")[0] == f"{table} … [1]"
    for question in ("Which codes are for a timeout?", "What is code 401?"):
        assert "\n" not in written(*ranked, question=question)[1][0].quote


def test_what_only_announces_comes_after_a_sentence_as_likely_and_then_says_nothing() -> None:
    code, told = passage("Make one like this:"), passage("They are made by make.", "e.md")
    ranked = [sentence(code, "Make one like this:", 5.1), sentence(told, told.text, 5)]
    assert [c.quote for c in written(*ranked)[1]] == [told.text]


@pytest.mark.parametrize(
    "leaning",
    [
        *("However, dogs bark.", "But dogs bark.", "Dogs of the house therefore bark.", "In turn, dogs bark."),
        *("Other animals bark.", "Everyone else barks.", "Dogs bark as well.", "Dogs bark, too.[2]"),
    ],
)
def test_a_quote_does_not_begin_in_the_middle_of_a_thought(leaning: str) -> None:
    of = passage(f"Cats purr loudly here. {leaning}")
    assert written(sentence(of, leaning, 9), sentence(of, "Cats purr loudly here.", 1))[1][0].quote == of.text
    alone = passage(leaning)
    assert written(sentence(alone, leaning, 9))[1][0].quote == leaning


@pytest.mark.parametrize(
    "alone", ["Other than dogs nobody barks.", "Dogs bark as well as wolves.", "Dogs bark too much."]
)
def test_what_only_looks_as_if_it_leaned_is_quoted_alone(alone: str) -> None:
    of = passage(f"Cats purr loudly here. {alone} Cows moo as well.")
    assert written(sentence(of, alone, 9), sentence(of, "Cats purr loudly here.", 1))[1][0].quote == alone
    both = written(*(sentence(of, text, 9) for text in (alone, "Cows moo as well.")))
    assert both[1][0].quote == f"{alone} Cows moo as well."


def test_a_little_news_is_not_worth_what_repeats_before_it() -> None:
    one, two = passage("The antibody TGN1412 made volunteers ill."), "TGN1412, an antibody, made volunteers ill."
    of = passage(f"{two} It rained.", "e.md")
    ranked = [sentence(one, one.text, 5), sentence(of, two, 4.9), sentence(of, "It rained.", 2.5)]
    assert [c.quote for c in written(*ranked)[1]] == [one.text]


def test_nor_with_a_thought_that_leans_itself() -> None:
    of = passage("Cats purr loudly here. They like it. However, dogs bark.")
    scores = zip(("However, dogs bark.", "They like it.", "Cats purr loudly here."), (9, 2, 1), strict=True)
    assert written(*(sentence(of, text, score) for text, score in scores))[1][0].quote == of.text


def test_the_same_in_other_words_is_told_and_not_quoted_again() -> None:
    """What repeats counts as told, so that nothing less likely takes its place."""
    one = passage("Six volunteers in London fell critically ill after the antibody TGN1412 in 2006.")
    two = passage("The antibody TGN1412 made volunteers in London critically ill in 2006, a disaster.", "e.md")
    far = passage("Antibodies are proteins.", "f.md")
    ranked = [sentence(of, of.text, score) for of, score in ((one, 5.0), (two, 4.9), (far, 4.0))]
    assert [c.quote for c in written(*ranked)[1]] == [one.text]


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (
            "What is the response rate?",
            "In ZUMA-1 the response rate was 40 %.",
            "In ZUMA-7 the response rate was 55 %.",
        ),
        (
            "What is the response rate?",
            "The response rate to the antibody was 40 %.",
            "The response rate to the vaccine was 55 %.",
        ),
        ("Which drug is used?", "The response rate was 40 %.", "The response rate was 55 %."),
        ("Who wrote the report?", "Bob Hill wrote the report.", "Eve Green wrote the report."),
        ("What is the dose?", "Drug: Avelumab | Dose: 800 mg", "Drug: Dostarlimab | Dose: 500 mg"),
    ],
)
def test_sources_that_speak_of_different_things_do_not_differ(question: str, one: str, other: str) -> None:
    ranked = [sentence(of, of.text, 5) for of in (passage(one), passage(other, "e.md"))]
    text, citations = written(*ranked, question=question)
    assert len(citations) == 2
    assert "differ" not in text


def test_one_document_does_not_contradict_itself() -> None:
    of = passage("The response rate was 40 %.\n\nThe response rate was 55 %.")
    ranked = [sentence(of, text, 5) for text in of.text.split("\n\n")]
    assert "differ" not in written(*ranked, question="What is the response rate?")[0]


@pytest.mark.parametrize(
    ("question", "sentence", "direct"),
    [
        ("When was the cat born?", "The cat was born on 3 May 1998.", "3 May 1998"),
        ("In what year did the war of 1812 end?", "The war of 1812 ended in 1815.", "1815"),
        ("When is it due?", "Deadline: 2025-01-17 | Court: Bristol", "2025-01-17"),
        ("When is it due?", "It is due on 17/01/2025.", "17/01/2025"),
        ("How many spoons are there?", "There are twenty-four spoons.", "twenty-four"),
        ("What percentage responds?", "In all, 42.9 % respond.", "42.9 %"),
        ("How long does a member speak?", "A member speaks for up to four minutes.", "up to four minutes"),
        (
            "How soon is it answered?",
            "It is answered within two to three working days.",
            "within two to three working days",
        ),
        ("How old was she?", "She was seven months old when it moved.", "seven months old"),
        ("How far is it?", "It is 12.5 km from here.", "12.5 km"),
        ("How much is the rent?", "The rent is £1,250 a month.", "£1,250"),
        ("How much of it is water?", "Some 71% of it is water.", "71%"),
        ("How long is the lease?", "The lease begins in June and runs for 24 months.", "24 months"),
        ("How long is the bridge?", "The bridge of 3 years is 300 m long.", "300 m"),
        ("How long is it?", "It takes 3 days or, by sea, 3 weeks.", None),
        ("How long is the crossing?", "The crossing to Vik, 12 km away, takes 50 minutes.", None),
        ("How long is the tunnel?", "The tunnel is 2 km long and was dug in 3 years.", "2 km"),
        ("When is the regatta?", "The regatta was moved from 17 May to 24 May.", None),
        ("How much is the rent?", "The rent was raised from £400 to £450.", None),
        ("When is the regatta?", "The regatta was moved to 24 May.", "24 May"),
        ("How many pupils passed?", "18 of the 30 pupils passed.", None),
        ("How long does a 10 day course last?", "A 10 day course is long.", None),
        ("Who leads the team?", "The team is led by Ada King of Ockham.", None),
        ("When did it end?", "It ended in 1815 or 1816.", None),
        ("When is the fair?", "The fair is held from 3 to 7 May 2025.", "from 3 to 7 May 2025"),
        ("When is it replaced?", "It is replaced between 14 and 18 October 2024.", "between 14 and 18 October 2024"),
        ("When is the class?", "The class is in York on 12, 13 and 19 June.", "12, 13 and 19 June"),
        ("When is the fair?", "The fair is from 30 April to 7 May.", "from 30 April to 7 May"),
        ("When did it run?", "It ran in the winter of 1973–74.", "winter of 1973–74"),
        ("When did it run?", "It ran from 1914 to 1918.", "from 1914 to 1918"),
        ("When was it built?", "It was built before 1500.", "before 1500"),
        ("When is it open?", "It is open from April to September.", "from April to September"),
        ("When was it built?", "It was not finished until 1500.", "1500"),
        ("When was it built?", "In the early 1990s three of them were built.", "early 1990s"),
        ("When will it be back?", "Freezer 1 was cleaned on 30 April, freezer 2 will be in June.", None),
        ("When does it open?", "It opens on the first Monday in May.", "first Monday in May"),
        ("How much is a ticket?", "A ticket is £20-30, children pay half.", "£20-30"),
        ("How much is a ticket?", "A ticket is 20 to 30 euros.", "20 to 30 euros"),
        ("How many pupils?", "Some 30-40 pupils take part.", "30-40"),
        ("How many came?", "Between 300 and 400 came.", "Between 300 and 400"),
        ("How many came?", "It was a 12/14 split.", None),
        ("How long does it rest?", "It rests for 2 1/2 hours.", "2 1/2 hours"),
        ("How long does it rest?", "It rests for 2½ hours.", "2½ hours"),
        ("How long does it rest?", "It rests for an hour and twenty minutes.", "an hour and twenty minutes"),
        ("How tall is he?", "He is 6 ft 2 in tall.", "6 ft 2 in"),
        ("What is a cat?", "A cat is a pet since 1998.", None),
        ("How many of the 12 spoons?", "All 12 spoons.", None),
    ],
)
def test_the_thing_asked_for(question: str, sentence: str, direct: str | None) -> None:
    assert direct_answer(question, sentence) == direct


def test_the_thing_asked_for_comes_first_where_that_is_sure() -> None:
    of = passage("The cat of the house was born in May 1998. Nobody knows when the old dog was born.")
    cat, dog = of.text.split(". ")[0] + ".", of.text.split(". ")[1]
    question = "When was the cat born?"
    text, citations = written(sentence(of, cat, 9), sentence(of, dog, 1), question=question)
    assert text == f"May 1998 [1]\n\n{cat} [1]"
    assert "May 1998" in citations[0].quote
    assert written(sentence(of, cat, 5), sentence(of, dog, 5), question=question)[0] == f"{of.text} [1]"


@pytest.mark.parametrize(
    ("question", "text", "best"),
    [
        ("When is the library open?", "The library is closed on 25 December.", 0),
        ("How many children did he have?", "He had no children but kept two dogs.", 0),
        ("How many came?", "Not all of those 12 people came.", 0),
        ("How long is it valid?", "The permit is not valid for more than two years.", 0),
        ("How many puppies died?", "All but three of the puppies died.", 0),
        ("How wide is the canal?", "The canal is 21 miles long.", 0),
        ("How high is the bridge?", "The bridge is iron. Its towers are 12 m high.", 1),
        ("When did Anna die?", "Anna Berg was born in 1931.", 0),
        ("When was the hall renovated?", "The hall was built in 1911 by Emil Krantz.", 0),
        ("How much profit was made in 2021?", "In 2023 profit was £2.1 million.", 0),
        ("When was freezer 2 defrosted?", "Freezer 1 was defrosted on 30 April. Freezer 2 will follow soon.", 0),
        ("When was the esk bridge opened?", "The Tarn bridge was opened in 1904. The Esk bridge is being built.", 0),
        ("When was the treaty with Esk signed?", "The treaty was signed there in 1904. Then Esk broke it.", 0),
        ("How long is probation?", "During probation the notice period is one week.", 0),
        (
            "How long does the renewal take?",
            "The permit is valid for one year, and its renewal is decided by the board.",
            0,
        ),
        ("When do the trips leave?", "Trips leave at 11.00 and 13.00 from Easter to the end of September.", 0),
        ("When is it open?", "It is open Tuesday to Sunday, 10 am to 5 pm (4 pm from November to March).", 0),
        ("How many employees are in Norway?", "It has 312 employees: 204 in Hull and 86 in Leeds.", 0),
        ("How many machines are missing?", "312 machines came back; 41 are still missing.", 0),
        ("How many sheep were sheared?", "Of the 46 sheep, 12 were sheared; 34 are still waiting.", 0),
        ("How long can I book an eight?", "Singles can be booked for two hours, eights for three.", 0),
        ("How much is parking on weekdays?", "Parking costs £3 on weekends and nothing on weekdays.", 0),
        ("How much is a permit for visitors?", "A permit costs £30 for residents, double for visitors.", 0),
        ("How much does a dog cost?", "Dogs stay free, cats cost £4 per night.", 0),
        ("How much is the bus?", "The bus is free for holders of the £5 card.", 0),
        ("When did the lease end?", "The lease, signed on 3 May 2020, ended after a dispute.", 0),
        ("How much do visitors pay?", "Members pay £3 at the door. Everyone else pays £8.", 0),
    ],
)
def test_no_short_answer_is_given_that_may_be_of_something_else(question: str, text: str, best: int) -> None:
    of = passage(text)
    told = [of.text[s:e] for s, e in sentences(of.text)]
    ranked = [sentence(of, told.pop(best), 9), *(sentence(of, other, 1) for other in told)]
    assert direct_answer(question, ranked[0].text), "else nothing is withheld"
    assert " [1]\n\n" not in written(*ranked, question=question)[0]


@pytest.mark.parametrize(
    ("question", "text", "short"),
    [
        ("When is the library closed?", "The library is closed on 25 December.", "25 December"),
        ("How many dogs did he keep?", "He had no children but kept two dogs.", "two"),
        ("How long is the hall?", "The hall is 30 metres long and seats 400 people.", "30 metres"),
        (
            "When was the Tarn bridge opened?",
            "The Tarn bridge was opened in 1904. The Esk bridge is being built.",
            "1904",
        ),
        ("How long is the notice period in probation?", "During probation the notice period is one week.", "one week"),
        ("When was it opened?", "The bridge was not opened until 1904.", "1904"),
        ("When did the strike start?", "The strike began in May 1889. Troops were sent in June 1889.", "May 1889"),
        ("When do such days expire?", "Five days may be carried over; they lapse on 31 March.", "31 March"),
        ("How many rooms does the museum have?", "Built in 1936, the museum has 60 rooms on 4 floors.", "60"),
        ("How many machines came back?", "312 machines came back; 41 are still missing.", "312"),
        ("How much is parking on weekends?", "Parking costs £3 on weekends and nothing on weekdays.", "£3"),
        ("When was the lease signed?", "The lease, signed on 3 May 2020, ended after a dispute.", "3 May 2020"),
        ("When did the lease end?", "After a dispute, on 3 May 2020, the lease of the hall ended.", "3 May 2020"),
        ("How many people came?", "In 1936 many people came.", None),
    ],
)
def test_a_short_answer_of_what_is_asked_is_given(question: str, text: str, short: str | None) -> None:
    of = passage(text)
    first, *others = (sentence(of, of.text[s:e], 1) for s, e in sentences(of.text))
    given, mark, _ = written(replace(first, score=9), *others, question=question)[0].partition(" [1]\n\n")
    assert (given if mark else None) == short


@pytest.mark.parametrize(
    ("question", "one", "other", "given"),
    [
        (
            "How many nights may a guest stay?",
            "Guests stay up to 14 nights.",
            "One guest is put up for seven nights.",
            False,
        ),
        (
            "How many days of holiday do I get?",
            "You get 25 days of holiday.",
            "We have 27 days of annual leave.",
            False,
        ),
        ("How long is the canal?", "The canal is 21 miles long.", "The canal was a waterway of nineteen miles.", False),
        ("When is the fair?", "The fair is held from 3 to 7 May 2025.", "The fair was held on 4 June 2024.", False),
        (
            "How long is the Tarn canal?",
            "The Tarn canal is 21 miles long.",
            "The Esk canal is nineteen miles long.",
            True,
        ),
        ("How long is the canal?", "The canal is 21 miles long.", "We saw a canal of twenty-one miles.", True),
        ("How long is the canal?", "The canal is 21 miles long.", "The canal was dug in two years.", True),
    ],
)
def test_no_short_answer_is_given_where_another_document_has_another(
    question: str, one: str, other: str, given: bool
) -> None:
    ranked = [sentence(passage(one), one, 9), sentence(passage(other, "e.md"), other, 1)]
    assert (" [1]\n\n" in written(*ranked, question=question)[0]) == given


@pytest.mark.parametrize("moved", ["The date was moved from 17 May to 24 May.", "It is on 24 May instead of 17 May."])
def test_a_date_that_is_moved_is_told_with_the_move(moved: str) -> None:
    held = "The regatta will take place on 17 May 2025."
    ranked = [sentence(passage(held), held, 9), sentence(passage(moved, "e.md"), moved, 1)]
    assert written(*ranked, question="When is the regatta?")[0] == f"{held} [1] {moved} [2]"


ROWS = "Product: Osprey saw | SKU: OS-2 | Price (EUR): 149\nProduct: Kestrel drill | SKU: KD-1 | Price (EUR): 90"


@pytest.mark.parametrize(
    ("question", "cell"),
    [
        ("What is the price of the Osprey saw?", "Price (EUR): 149"),
        ("What is the SKU number of the saw?", "SKU: OS-2"),
        ("Which product has the SKU OS-2?", "Product: Osprey saw"),
        ("What is the price of the saw in the catalogue?", "Price (EUR): 149"),
        ("What is the price of the Heron saw?", None),
        ("What is the colour of the saw with this price?", None),
        ("What are the price and SKU of the saw?", None),
        ("What is the price?", None),
    ],
)
def test_the_cell_asked_for(question: str, cell: str | None) -> None:
    assert direct_cell(question, ROWS.split("\n")[0], "Our catalogue") == cell


def test_the_cell_asked_for_comes_first_and_no_other_row_beside_it() -> None:
    of = passage(ROWS)
    saw, drill = ROWS.split("\n")
    rows = sentence(of, saw, 5), sentence(of, drill, 5)
    assert written(*rows, question="What is the price of the saw?")[0] == f"Price (EUR): 149 [1]\n\n{saw} [1]"
    assert written(*rows, question="What do they cost?")[0] == f"{saw} [1]\n\n{drill} [2]"


def test_a_refusal_says_what_is_missing() -> None:
    assert declined([]) == "Not in your documents."
    assert (
        declined(["children", "sea sickness"]) == "Not in your documents: nothing found on “children”, “sea sickness”."
    )
