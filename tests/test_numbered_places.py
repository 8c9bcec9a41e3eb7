"""Questions that name a place by its number, answered from that place: a clause, a section, an article, a step."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest import Document, Library, Section, Settings
from retriever import Answer, Retriever, Turn
from retriever.onward import resumed
from retriever.places import ELSEWHERE, READ, READ_AMONG_MANY, mentions, reads
from tests.conftest import FakeEncoder


def msa(year: int, days: int) -> str:
    return f"""# Master Services Agreement ({year})

8. Liability ........ 3

## 8. Liability

8.1 Nothing limits liability for fraud.

8.2 Subject to clause 8.1, liability is capped at the Fees of {year}.

## 9. Termination

9.1 Either party may end this Agreement on {days} days' notice, as said in clause
9.3 And it may do so by letter.

9.2 Either party may end this Agreement at once if the other:

(a) commits a material breach; or

(b) becomes insolvent.

9.3 On termination all data shall be returned.

9.2 million records are kept until then.
"""


TEXTS = {
    "msa-2022.md": msa(2022, 60),
    "msa-2024.md": msa(2024, 90),
    "act.md": """# Tenancies Act

## Section 3 Payments

(1) A landlord must not ask for a prohibited payment.

## Section 4 Deposits

(1) A deposit must be protected within 30 days.

(2) If the landlord fails, the tenant may apply to the court.

Section 8 housing is let by the council.

3.5 million homes are let so.

3.6 million are not.

17. May was the month it came into force.
""",
    "services.md": """# Consulting contract

## 3. Term

3.1 This contract begins on 1 March.
3.2 Either party may end this contract with 60 days' written
notice, on version
3.1 of the form.
3.3 It ends at once on a breach.
""",
    "order.txt": """Order of the court

4. Costs ..... 2
5. Appeal ..... 3

4. Costs

The loser pays.

5. Appeal

It must be lodged within a month, as the judge said in accordance with clause
6.1 The judge may extend it.

6.2 An extension is final.
""",
    "regulation.txt": """Regulation on data

Article 6

1. Processing is lawful only if the person agrees.

2. Consent may be withdrawn: a) by letter; or b) by telephone.

Article 7

The burden of proof is on the controller.
""",
    "cake.txt": "How to bake a cake\n\n1. Mix the eggs\n2. Bake for an hour\n3. Cool the cake\n\nIt keeps for a week.\n\n9. Eat it\n10. Smile\n",
    "club.txt": "By-laws of the club\n\n31. It is a club.\n\n32. Two thirds must agree:\n\n    (a) to a loan; or\n    (b) to its end.\n",
    "boats.txt": """SMALL BOATS ACT

PART I
PRELIMINARY

21. Short title
This Act may be cited as the Small Boats Act.

22. Meaning of boat
(1) In this Act, a boat is a vessel of less than ten metres in length, whether it is built or altered for the
carriage of persons or of goods, and whether or not it is propelled by an engine, by sails or by oars alone.
(2) A raft is none.

PART II
DUTIES
23. Duty to register
(1) The owner of a boat shall register it within a month of the day on which it is bought, inherited or hired.
(2) Subsection (1) does not apply to a boat that is kept ashore, nor to one that a school or a club owns and lends.

24. Offences
(1) A person who fails to register a boat commits an offence, and is liable to a fine of level three.
(2) It is a defence to show that the boat was laid up ashore, as section 22(2) says of rafts.
25. Commencement
This Act comes into force in May, with the exception of section 23, for which the Minister appoints a day.
""",
    "sheds.md": "# Sheds Act\n\n41. Short title\nThis is the Sheds Act, and it may be cited by this name.\n\n42. Paint\n"
    "(1) A shed shall be\ngreen.\n(2) A hut may be red.\n\n43. Open the\nBox of nails\n",
    "packing.txt": "How to pack\n\n31. Open the\nBox of tools\n32. Fill it\n33. Close it. Then\n34. Sign\n\nIt is done.\n",
    "ann.txt": "Last will and testament\n\n31. I give my hat to Bob.\n\n32. I give my cat to Eve.\n",
    "rates.md": "# Rates\n\nTable 2. Day rates.\n\n| Role | Rate |\n| --- | --- |\n| Partner | 1600 |\n| Analyst | 680 |\n\nPrices rise.\n\ntable3: not kept\n",
}


@pytest.fixture(name="retriever", scope="module")
def _retriever(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retriever]:
    folder = tmp_path_factory.mktemp("in")
    for name, text in TEXTS.items():
        (folder / name).write_text(text, "utf-8")
    encoder = FakeEncoder()
    # The confidence of the fast encoder means nothing: only what is said to be 0 is declined.
    settings = Settings(decline_below=0.0001)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingest.library.encoder_of", lambda settings, fingerprint=None: encoder)
        with Library.open(tmp_path_factory.mktemp("places") / "library", create=True, settings=settings) as library:
            library.ingest(folder)
            yield Retriever(library)


def quotes(answer: Answer) -> list[tuple[str, str]]:
    return [(c.passage.document, " ".join(c.quote.split())) for c in answer.citations]


CLAUSE = (
    "9.2 Either party may end this Agreement at once if the other: (a) commits a material breach; or "
    "(b) becomes insolvent."
)
SECTION = (
    "Section 4 Deposits (1) A deposit must be protected within 30 days. (2) If the landlord fails, the tenant may "
    "apply to the court. Section 8 housing is let by the council. 3.5 million homes are let so. 3.6 million are not. 17. "
    "May was the month it came into force."
)
PAYMENTS = "Section 3 Payments (1) A landlord must not ask for a prohibited payment."
CAP = "8.2 Subject to clause 8.1, liability is capped at the Fees of "
APPEAL = "5. Appeal It must be lodged within a month, as the judge said in accordance with clause 6.1 The judge may extend it."
TABLE = "Table 2. Day rates. Role: Partner | Rate: 1600 Role: Analyst | Rate: 680"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What does clause 9.2 say?", [("msa-2022.md", CLAUSE), ("msa-2024.md", CLAUSE)]),
        ("What is in clause 8.2 of the 2024 MSA?", [("msa-2024.md", CAP + "2024.")]),
        ("What does the 2022 agreement say in clause 8.2?", [("msa-2022.md", CAP + "2022.")]),
        ("clause 9.2(b) of the 2022 MSA", [("msa-2022.md", "(b) becomes insolvent.")]),
        (
            "What do clauses 8.1 and 8.2 of the 2022 MSA provide?",
            [("msa-2022.md", "8.1 Nothing limits liability for fraud."), ("msa-2022.md", CAP + "2022.")],
        ),
        ("Read me section 4", [("act.md", SECTION), ("order.txt", "4. Costs The loser pays.")]),
        ("What does section 5 say?", [("order.txt", APPEAL)]),
        ("What does § 4 of the Tenancies Act require?", [("act.md", SECTION)]),
        ("What does Art. 7 say?", [("regulation.txt", "Article 7 The burden of proof is on the controller.")]),
        ("What does Article 6(1) say?", [("regulation.txt", "1. Processing is lawful only if the person agrees.")]),
        ("Quote paragraph 1 of Article 6", [("regulation.txt", "1. Processing is lawful only if the person agrees.")]),
        ("What does Article 6(2)(a) say?", [("regulation.txt", "a) by letter; or")]),
        ("What is step 2 of the cake?", [("cake.txt", "2. Bake for an hour")]),
        ("What is step 3?", [("cake.txt", "3. Cool the cake")]),
        ("What does clause 3 of the Tenancies Act say?", [("act.md", PAYMENTS)]),
        ("What does clause 7 say?", [("regulation.txt", "Article 7 The burden of proof is on the controller.")]),
        ("What does table 2 show?", [("rates.md", TABLE)]),
        ("What does s. 4 of the Tenancies Act say?", [("act.md", SECTION)]),
        ("s 4 of the Tenancies Act", [("act.md", SECTION)]),
        ("cl 8.1 of the 2022 MSA", [("msa-2022.md", "8.1 Nothing limits liability for fraud.")]),
        ("What does clause 32(a) of the bylaws say?", [("club.txt", "(a) to a loan; or")]),
        ("What does clause 32 of the will say?", [("ann.txt", "32. I give my cat to Eve.")]),
    ],
)
def test_a_place_is_quoted(retriever: Retriever, question: str, expected: list[tuple[str, str]]) -> None:
    answer = retriever.ask(question)
    assert sorted(quotes(answer)) == expected, answer.text
    assert (answer.answered, answer.confidence, answer.note) == (True, READ, None)
    for citation in answer.citations:
        assert retriever.text(citation.passage.document)[citation.start : citation.end] == citation.quote


BOAT = "23. Duty to register (1) The owner of a boat shall register it within a month of the day on which it is bought, inherited or hired. (2) Subsection (1) does not apply to a boat that is kept ashore, nor to one that a school or a club owns and lends."


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is section 21 of the Small Boats Act?", "21. Short title This Act may be cited as the Small Boats Act."),
        ("What is section 22(2)?", "(2) A raft is none."),
        ("§ 23", BOAT),
        ("What does section 24(1) of the Act say?", "(1) A person who fails to register a boat commits an offence"),
        ("What is section 41?", "41. Short title This is the Sheds Act"),
        ("What is section 42 of the Sheds Act?", "42. Paint (1) A shed shall be green. (2) A hut may be red."),
        ("What is section 42(1)?", "(1) A shed shall be green."),
        ("Section 25 of the Small Boats Act", "25. Commencement This Act comes into force in May"),
    ],
)
def test_a_section_need_not_stand_apart_from_its_heading(retriever: Retriever, question: str, expected: str) -> None:
    answer = retriever.ask(question)
    assert [said[: len(expected)] for _, said in quotes(answer)] == [expected]
    assert answer.confidence == READ


def test_a_place_is_quoted_from_every_passage_that_it_lies_in(retriever: Retriever) -> None:
    answer = retriever.ask("What is in Part II of the Small Boats Act?")
    assert len(answer.citations) > 1
    said = " ".join(said for _, said in quotes(answer))
    assert said.startswith("PART II DUTIES 23. Duty")
    assert said.endswith("appoints a day.")
    assert "…" not in answer.text


def test_what_a_list_counts_is_no_section(retriever: Retriever) -> None:
    for number in (31, 32, 33, 34):
        assert all("place" not in h.found_by for h in retriever.search(f"What does section {number} say?").hits), number


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("What does clause 9.9 say?", "clause 9.9"),
        ("What does clause 9.2 of the Tenancies Act say?", "clause 9.2"),
        ("What does clause 9.2(c) of the 2022 MSA say?", "clause 9.2(c)"),
        ("What does Article 14 say?", "Article 14"),
        ("What is step 4?", "step 4"),
        ("What is step 9?", "step 9"),
        ("What does clause 17 say?", "clause 17"),
        ("What does clause 3.5 say?", "clause 3.5"),
        ("What does section 3.5 of the cake say?", "section 3.5"),
        ("What does Schedule 8 contain?", "Schedule 8"),
        ("What does section 29 of the Small Boats Act say?", "section 29"),
        ("section 22(3) of the Small Boats Act", "section 22(3)"),
    ],
)
def test_what_is_not_there_is_named(retriever: Retriever, question: str, missing: str) -> None:
    answer = retriever.ask(question)
    assert not answer.answered
    assert answer.text == f"Not in your documents: nothing found on “{missing}”."


def test_what_is_not_there_is_named_after_a_question_too(retriever: Retriever) -> None:
    history = [Turn("user", "When does the Client pay the invoice?"), Turn("assistant", "Within 30 days.")]
    answer = retriever.ask("What does clause 9.9 say?", history)
    assert (answer.confidence, answer.text) == (0.0, "Not in your documents: nothing found on “clause 9.9”.")


def test_what_a_place_is_asked_for_is_answered_from_it(retriever: Retriever) -> None:
    cited = quotes(retriever.ask("Which material breach does clause 9.1 of the 2024 MSA name?"))
    assert cited
    assert all(name == "msa-2024.md" and said in TEXTS[name].split("9.2")[0].replace("\n", " ") for name, said in cited)


def test_the_label_counts_and_the_heading(retriever: Retriever) -> None:
    assert quotes(retriever.ask("Read me section 4"))[0] == ("act.md", SECTION)
    assert quotes(retriever.ask("What does clause 8 of the 2022 MSA say?"))[0][1].startswith("8. Liability 8.1 Nothing")


def test_what_only_resembles_a_place_is_searched_for(retriever: Retriever) -> None:
    for question in (
        "What does section 8 of the Tenancies Act say?",
        "What does chapter 2 say?",
        "What does table 3 show?",
        "What does clause 6.1 say?",
    ):
        hits = retriever.search(question).hits
        assert hits
        assert all("place" not in hit.found_by for hit in hits), question


def test_its_passage_is_found_first(retriever: Retriever) -> None:
    hits = retriever.search("What does clause 8.2 of the 2024 MSA say?").hits
    assert "8.2 Subject" in hits[0].passage.text
    assert hits[0].passage.document == "msa-2024.md"
    assert hits[0].found_by["place"] == 1
    assert all("place" not in hit.found_by for hit in hits[1:])
    assert 1 >= hits[0].score >= hits[1].score >= hits[-1].score


def test_follow_ups_keep_the_document(retriever: Retriever) -> None:
    asked = "What is in clause 8.2 of the 2024 MSA?"
    for follow_up, quote in (("And clause 9.3?", "9.3 On termination"), ("and 8.1?", "8.1 Nothing limits")):
        answer = retriever.ask(follow_up, [{"role": "user", "text": asked}])
        assert [(name, said.startswith(quote)) for name, said in quotes(answer)] == [("msa-2024.md", True)]


@pytest.mark.parametrize(
    "follow_up",
    ["And in the 2022 version?", "and the 2022 one", "What about the 2022 MSA?", "And of the 2022 agreement?"],
)
def test_follow_ups_turn_to_another_edition(retriever: Retriever, follow_up: str) -> None:
    asked = "What is in clause 8.2 of the 2024 MSA?"
    assert quotes(retriever.ask(follow_up, [Turn("user", asked)])) == [("msa-2022.md", CAP + "2022.")]
    assert resumed("And in the 2022 lease?", [Turn("user", asked)]) is None


RAW = """4. Costs ..... 2

5. Appeal ..... 3

How to appeal:
6. Write it.
7. Post it.

8. The court sits in Hull.

4. Costs

4.1 The loser pays.

5. Appeal

It is lodged as said in clause
6.1 The judge may extend it.

6.2 An extension is final.

7 Fees

7.1 Waiver

Whom

The poor pay none.

7.2 Amount

""" + " ".join(["It is fifty pounds for each page that is copied."] * 30)


def test_plain_text_and_flat_headings(library: Library) -> None:
    paths = (("7 Fees",), ("7.1 Waiver",), ("7.1 Waiver", "Whom"), ("7.2 Amount",))
    sections = tuple(Section(RAW.index(f"\n{path[-1]}\n") + 1, path) for path in paths)
    library.ingest_documents([Document("order", "Order", RAW, "00", sections)])
    retriever = Retriever(library)
    for question, expected in (
        ("What does clause 7 say?", "7 Fees 7.1 Waiver Whom The poor pay none."),
        ("What does clause 4 say?", "4. Costs 4.1 The loser pays."),
        ("What does section 7 say?", "7 Fees 7.1 Waiver Whom The poor pay none."),
    ):
        assert quotes(retriever.ask(question)) == [("order", expected)]
    assert " … [1]" in retriever.ask("What does section 7.2 say?").text
    for question in ("What does clause 6.1 say?", "What does section 8 say?", "What do clauses 4.1 and 9.9 say?"):
        assert all("place" not in hit.found_by for hit in retriever.search(question).hits), question


def test_who_and_when_want_more_than_the_words() -> None:
    assert reads("What does clause 5 protect?")
    assert not reads("Who does clause 5 protect?")


def test_what_was_talked_about_tells_the_document(retriever: Retriever) -> None:
    said = [{"role": "user", "text": "Who made the Master Services Agreement of 2024?"}]
    assert {name for name, _ in quotes(retriever.ask("What does clause 8.2 say?", said))} == {"msa-2024.md"}


def test_a_follow_up_may_follow_one() -> None:
    asked = [Turn("user", "What is in clause 8.2 of the lease?"), Turn("assistant", "This."), Turn("user", "And 9.3?")]
    assert resumed("And section 4?", asked) == "What is in section 4 of the lease?"
    assert resumed("And 2022?", asked) is None
    assert resumed("And clause 4?", [Turn("user", "Who is the tenant?")]) is None


def test_a_follow_up_may_go_on_to_the_next_place(library: Library, tmp_path: Path) -> None:
    (tmp_path / "assay.md").write_text("# Assay\n\n1. Spin it.\n2. Wash it.\n3. Dry it.\n", "utf-8")
    (tmp_path / "other.md").write_text("# Gel\n\n1. Boil it.\n2. Cool it.\n3. Pour it.\n", "utf-8")
    library.ingest(tmp_path)
    retriever = Retriever(library)
    turns = [Turn("user", "What is step 1 of the assay?"), Turn("assistant", "1. Spin it. [1]")]
    assert quotes(retriever.ask("And then?", turns)) == [("assay.md", "2. Wash it.")]
    turns += [Turn("user", "And then?"), Turn("assistant", "2. Wash it. [1]")]
    assert quotes(retriever.ask("What comes next?", turns)) == [("assay.md", "3. Dry it.")]
    listed = [Turn("user", "What are the steps of the assay?")]
    assert quotes(retriever.ask("And the second?", listed)) == [("assay.md", "2. Wash it.")]
    listed.append(Turn("user", "And then?"))
    assert quotes(retriever.ask("What comes after step 2?", listed)) == [("assay.md", "3. Dry it.")]


def test_another_edition_of_a_document_says_nothing_new(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Rules\n\n## Section 4 Deposits\n\nA deposit is due.\n", "utf-8")
    (tmp_path / "a.html").write_text("<h1>Rules</h1><h2>Section 4 Deposits</h2><p>A deposit is due.</p>", "utf-8")
    (tmp_path / "b.md").write_text("# Old rules\n\n## Section 4 Deposits\n\nA deposit is due.\n", "utf-8")
    library.ingest(tmp_path)
    answer = Retriever(library).ask("What does section 4 say?")
    assert sorted(c.passage.title for c in answer.citations) == ["Old rules", "Rules"]


def test_of_many_documents_three_are_quoted(library: Library, tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        (tmp_path / f"{name}.md").write_text(f"# {name}\n\n1. One of {name}.\n\n2. Two of {name}.\n", "utf-8")
    library.ingest(*tmp_path.glob("?.md"))
    answer = Retriever(library).ask("What does clause 2 say?")
    assert len(answer.citations) == 3
    assert (answer.confidence, answer.note) == (READ_AMONG_MANY, ELSEWHERE)


def test_what_calls_its_places_so_comes_first(library: Library, tmp_path: Path) -> None:
    act = " ".join(["It is an act of many words."] * 20)
    text = f"Act\n\n1. Name\n\n{act}\n\n2. Start\n\n{act}\n\nBut not section 3.\n"
    (tmp_path / "act.txt").write_text(text, "utf-8")
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.md").write_text(
            f"# {name}\n\n## 1. Name\n\n{name}.\n\n## 2. Start\n\nSee clause 1.\n", "utf-8"
        )
    library.ingest(*tmp_path.glob("*.*"))
    retriever = Retriever(library)
    assert quotes(retriever.ask("What does section 1 say?"))[0] == ("act.txt", f"1. Name {act}")
    assert all(name != "act.txt" for name, _ in quotes(retriever.ask("What does clause 1 say?")))


@pytest.mark.parametrize(
    "question",
    [
        "How long is Section 8 housing assistance paid?",
        "What did the phase 3 trial show?",
        "How is type 2 diabetes treated?",
        "Who can figure 5 percent of it?",
        "How many patients are in part 2.5% of it?",
        "Which part I should play?",
        "What do articles 1 to 4 require?",
        "How long does each step 10 minutes apart take?",
        "What happened on page 4?",
        "What is the S1 protein?",
        "What was Mary's 5 about?",
        "What did the U.S. 10 say?",
    ],
)
def test_other_numbers_name_no_place(retriever: Retriever, question: str) -> None:
    assert mentions(question) == []
    assert all("place" not in hit.found_by for hit in retriever.search(question).hits)


def test_clauses_on_lines_that_follow_each_other_in_markdown_are_found(retriever: Retriever) -> None:
    expected = [
        (
            "services.md",
            "3.2 Either party may end this contract with 60 days' written notice, on version 3.1 of the form.",
        )
    ]
    question = "What does clause 3.2 say?"
    before = [Turn("user", "When does the contract begin?"), Turn("assistant", "This contract begins on 1 March.")]
    for answer in (retriever.ask(question), retriever.ask(question, before)):
        assert quotes(answer) == expected
        assert answer.confidence == READ
    assert quotes(retriever.ask("What does section 3.3 of the contract say?", before)) == [
        ("services.md", "3.3 It ends at once on a breach.")
    ]


@pytest.mark.parametrize("question", ["What does 3.3 say?", "what is in 3.3", "What's in 3.3?"])
def test_a_clause_may_be_named_by_its_number_alone(retriever: Retriever, question: str) -> None:
    answer = retriever.ask(question)
    assert (quotes(answer), answer.confidence) == ([("services.md", "3.3 It ends at once on a breach.")], READ)
    assert retriever.ask(question.replace("3.3", "3.9")).text.endswith("nothing found on “3.9”.")
    assert mentions(question.replace("3.3", "3.3 mg")) == []


def test_what_follows_a_list_is_no_more_of_its_last_item(library: Library, tmp_path: Path) -> None:
    (tmp_path / "soup.md").write_text("# Soup\n\n1. Boil it.\n\nFor long.\n\n2. Salt it.\n\nIt keeps.\n", "utf-8")
    library.ingest(tmp_path)
    said = [Retriever(library).ask(f"What is step {number} of the soup?").text for number in (1, 2)]
    assert said == ["1. Boil it. … [1]", "2. Salt it. [1]"]
