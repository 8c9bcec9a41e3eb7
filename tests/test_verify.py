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
        (CLUB, "The harvest supper was on 9 May 2022.", True),
        (CLUB, "The summer party was in the barn in 2022.", False),
        (CLUB, "The winter party was on 3 May 2021 in the barn.", False),
    ],
)
def test_the_words_of_the_source_may_say_what_it_does_not(
    encoder_cache: Encoder, source: str, claim: str, true: bool
) -> None:
    passage = Passage("a", "A", None, None, 0, len(source), source)
    support = best_support(encoder_cache, Claim.of(encoder_cache, [claim])[0], Source.of(encoder_cache, [passage]))
    assert support is not None
    assert support.supported == true, support
