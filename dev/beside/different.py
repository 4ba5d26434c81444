"""Tests of ours that cannot hold beside an add-on, for it changes what they say.

They are left out only where that add-on is installed, and `make test-beside` fails when
one of them would pass there: nothing is left out that need not be.
"""

NEVER_WITHOUT = (
    "is about an opportunity to which nobody gave a probability; "
    "with this add-on each is born with one"
)
PREDICTED = (
    "expects Odoo's prediction on a new opportunity; "
    "with this add-on it has the one that every opportunity is born with"
)
OF_A_COLLEAGUE = (
    "a seller reads the account of a colleague, "
    "which this add-on is there to hide from him"
)

# add-on -> test -> why
DIFFERENT = {
    "crm_stage_probability": {
        "test_a_stage_in_the_context_that_is_none_breaks_nothing": (
            "creates opportunities with a context in which the stage is no stage; "
            "this add-on reads the stage's probability there, and fails without ours"
        ),
        "test_archiving_what_has_no_probability_is_a_rejection": NEVER_WITHOUT,
        "test_enquiries_have_no_closures": (
            "archives an enquiry without probability, which Odoo takes for lost; "
            "with this add-on each is born with one and is pending"
        ),
        "test_paused_without_probability_is_not_lost": NEVER_WITHOUT,
        "test_archived_without_probability_comes_back_automatic": NEVER_WITHOUT,
        "test_automatic_probability_is_automatic_again": PREDICTED,
        "test_second_closure_keeps_what_was_before_the_pause": (
            "types the probability 0 over a prediction, a typed one by that; "
            "with this add-on 0 is the stage's own"
        ),
        "test_typed_probability_is_restored_beside_a_prediction": (
            "types the probability 0 over a prediction, a typed one by that; "
            "with this add-on 0 is the stage's own"
        ),
        "test_without_a_prediction_zero_comes_back": NEVER_WITHOUT,
        "test_pause_without_probability_is_postponed_and_comes_back": NEVER_WITHOUT,
    },
    "sales_team_security": {
        "test_seller_writes_no_colleagues_customer": OF_A_COLLEAGUE,
        "test_order_of_a_colleague_is_not_made_twice_unknowingly": OF_A_COLLEAGUE,
        "test_partners_by_owner": OF_A_COLLEAGUE,
        "test_seller_adds_a_contact_to_an_organization_of_a_colleague": OF_A_COLLEAGUE,
    },
}


def left_out(addons):
    """:return: list of the names of tests that are left out beside these add-ons"""
    return [name for addon in addons for name in DIFFERENT.get(addon, ())]
