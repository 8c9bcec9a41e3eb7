"""Whether a passage supports a sentence: what a language model gets wrong with the source's own words."""

import pytest

from ingest import Encoder, Passage
from retriever.verify import Claim, Source, best_support

TRIAL = "Of the boys 12% had a rash, and 5% of the girls. The syrup was given for three weeks."
LEASE = "The Tenant may end the lease by giving one month's notice.\nThe Landlord may end the lease by giving 2 months' notice."
ROWS = (
    "Tool: Plane | Price (EUR): 40.50 | Maker: Hobel GmbH\nTool: Chisel | Price (EUR): 12.00 | Maker: Lame SA\n"
    "Tool: Mallet | Price (EUR): 9.00 | Maker: Hobel GmbH"
)
SYRUP = "The most that may be taken is up to 60 ml a day. Shake the bottle, and take the syrup with or without milk."
CLUB = "The summer party was on 3 May 2021 in the barn, and the harvest supper on 9 May 2022 in the hall."

FAIR = "The auction was on 6 June, and the parade on 2 July."
LOAN = (
    "2.1 The Buyer shall pay a fee of GBP 3,400. 2.2 The loan bears interest at 4% per year, and the fee is due on the "
    "sixth day of May. 2.3 Parcels of 20 kg or less are carried at up to £15 per parcel."
)
STORE = "The buffer holds 256 MB, and a file may have 12GB. If the pump fails, a spare one starts within 9 seconds."
PILLS = "Adults take 3½ mg thrice daily. The dose is halved in children. About 40% of patients slept better."
RULES = (
    "The Guest may not park a caravan in the yard without the Host's permission. Bicycles are uninsured. "
    "Logging is enabled. Visitors may enter when they have been free of cough for 2 days."
)

FARM = (
    "The mill closed because the river rose. Some hens lay brown eggs. All adult goats are tagged in May. The barn "
    "is swept before the hay is stored. Nora Falk feeds the geese, and Ivo Brandl milks the goats."
)
SALES = (
    "Sales rose from €5 million in 2001 to €7 million in 2002. The Bonn shop sold more than the Trier shop. "
    "Of the shops 12 of 40 made a loss. The Trier shop was bought by Halm Ltd."
)


@pytest.mark.parametrize(
    ("source", "claim", "true"),
    [
        (TRIAL, "12% of the boys had a rash.", True),
        (TRIAL, "A rash was seen in 5% of the girls.", True),
        (TRIAL, "12% of the girls had a rash.", False),
        (TRIAL, "5% of the boys had a rash.", False),
        (TRIAL, "The syrup was given for three months.", False),
        (LEASE, "The Landlord may end the lease with two months' notice.", True),
        (LEASE, "The Tenant may end the lease with a month's notice.", True),
        (LEASE, "The Landlord may end the lease by giving one month's notice.", False),
        (LEASE, "The Tenant may end the lease by giving 2 months' notice.", False),
        (ROWS, "The price of the plane is 40.50 EUR.", True),
        (ROWS, "The price of the plane is 12.00 EUR.", False),
        (ROWS, "The maker of the plane is Lame SA.", False),
        (SYRUP, "Take the syrup with milk or without milk.", True),
        (SYRUP, "No more than 60 ml may be taken a day.", True),
        (SYRUP, "At least 60 ml may be taken a day.", False),
        (SYRUP, "Shake the bottle, and take the syrup without milk.", False),
        (CLUB, "The summer party was on 3 May 2021.", True),
        (CLUB, "The summer party was on May 3rd, 2021.", True),
        (CLUB, "The summer party was on 3 June 2021 in the barn.", False),
        (FAIR, "The parade was on 2 July.", True),
        (FAIR, "The parade was on 6 June.", False),
        (FAIR, "The auction was on 6 July.", False),
        (CLUB, "The harvest supper was on 9 May 2022.", True),
        (CLUB, "The summer party was in the barn in 2022.", False),
        (CLUB, "The winter party was on 3 May 2021 in the barn.", False),
        (LOAN, "The Buyer pays a fee of 3,400 pounds sterling.", True),
        (LOAN, "The loan bears interest at 4% a year.", True),
        (LOAN, "The loan bears interest at 4% per month.", False),
        (LOAN, "The fee is due on the sixteenth day of May.", False),
        (LOAN, "Parcels of at most 20 kg are carried at up to £15.", True),
        (LOAN, "Parcels of 20 kg or more are carried at up to £15.", False),
        (LOAN, "Parcels of 20 kg or less are carried at more than £15.", False),
        (STORE, "The buffer holds 256 GB.", False),
        (STORE, "A file may have 12 GB.", True),
        (STORE, "A spare pump starts within 9 seconds.", True),
        (PILLS, "Adults take 3½ mg three times daily.", True),
        (PILLS, "Adults take 3 mg thrice daily.", False),
        (PILLS, "Children take half the dose.", True),
        (PILLS, "More than 40% of patients slept better.", False),
        (RULES, "The Guest may park a caravan in the yard without the Host's permission.", False),
        (RULES, "Bicycles are not insured.", True),
        (RULES, "Bicycles are insured.", False),
        (RULES, "Logging is disabled.", False),
        (RULES, "Visitors may enter after 2 days without cough.", True),
        (RULES, "Visitors may enter when they have had cough for 2 days.", False),
        (FARM, "Because the river rose, the mill closed.", True),
        (FARM, "The river rose because the mill closed.", False),
        (FARM, "Some of the hens lay brown eggs.", True),
        (FARM, "All hens lay brown eggs.", False),
        (FARM, "Most hens lay brown eggs.", False),
        (FARM, "All goats are tagged in May.", False),
        (FARM, "All of the adult goats are tagged in May.", True),
        (FARM, "The hay is stored after the barn is swept.", True),
        (FARM, "The hay is stored before the barn is swept.", False),
        (FARM, "The barn is swept after the hay is stored.", False),
        (FARM, "Nora Falk feeds the geese.", True),
        (FARM, "Nora Falk milks the goats.", False),
        (SALES, "In 2002 sales were €7 million.", True),
        (SALES, "Sales rose from €7 million in 2001 to €5 million in 2002.", False),
        (SALES, "Sales were €5 million in 2002.", False),
        (SALES, "The Trier shop sold less than the Bonn shop.", True),
        (SALES, "The Trier shop sold more than the Bonn shop.", False),
        (SALES, "Of the shops 40 of 12 made a loss.", False),
        (SALES, "Halm Ltd bought the Trier shop.", True),
        (SALES, "Halm Ltd was bought by the Trier shop.", False),
    ],
)
def test_the_words_of_the_source_may_say_what_it_does_not(
    encoder_cache: Encoder, source: str, claim: str, true: bool
) -> None:
    passage = Passage("a", "A", None, None, 0, len(source), source)
    support = best_support(encoder_cache, Claim.of(encoder_cache, [claim])[0], Source.of(encoder_cache, [passage]))
    assert support is not None
    assert support.supported == true, support
