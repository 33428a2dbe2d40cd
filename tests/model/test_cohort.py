"""Re-enrolment of those who lost a card, against the slow model of the rules, by hand, and by properties."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bhyt_analysis.law import Law
from bhyt_analysis.model.projection import cohort
from bhyt_analysis.model.projection.assumptions import assumptions, central_values, draw_assumptions, draw_pert
from bhyt_analysis.model.reclassification.take_up import take_up_rate

from .slow_model import SlowModel, Unit, month_number

MONTHS = list(pd.date_range("2021-06-30", "2028-12-31", freq="ME"))


UNIT = Unit(1.0, {})  # of nowhere in particular: the nationwide law


def slow_model(outreach, support_window, months=MONTHS):
    """Return the slow model that restates the rules, counted in the first month."""
    first, last = (month_number(m.year, m.month) for m in (months[0], months[-1]))
    return SlowModel([UNIT], first, last, {"outreach": outreach, "outreach_before": outreach}, support_window)


def reenrolment(entitlements, outreach=1, exit_month=1, months=MONTHS):
    """Return the levels of the pools and the share whose five years in a row are lost: (pools, months) each."""
    table = assumptions({"outreach": (outreach,) * 3, "outreach_before": (outreach,) * 3})
    values = central_values(table)
    levels = cohort.reenrolment_levels(values, entitlements, months, exit_month, table["at_share"])
    gap = entitlements.gap_months
    return levels[0], cohort.continuity_lost(levels, cohort.monthly_lapse(values), exit_month, gap)[0]


@pytest.mark.parametrize("outreach", [0, 1, 2])
@pytest.mark.parametrize("support_window", ["decree 75", "none"])
def test_reenrolment_equals_the_slow_model(outreach, support_window):
    entitlements = cohort.pool_entitlements(Law.read(), MONTHS, 1, support_window)
    levels, _ = reenrolment(entitlements, outreach)
    slow = slow_model(outreach, support_window)
    for i, pool in enumerate(cohort.POOLS.itertuples()):
        kind = pool.entitlement, pool.minority, pool.minority_area
        expected, keys = slow.pool(UNIT, *kind, slow.count + 1, support_window)
        assert entitlements.keys[i, 1:].tolist() == list(keys.values())
        np.testing.assert_allclose(levels[i], [1.0, *expected.values()], atol=1e-9, err_msg=str(pool))


def oracle_continuity(levels, lapse, exit_month):
    """Follow people by months of the gap (4 is longer than three) and whether five years in a row are lost."""
    people, lost = {(0, False): 1.0}, []
    for t, level in enumerate(levels):
        if t >= exit_month:
            inside = sum(n for (gap, _), n in people.items() if gap == 0)
            fall = 1 - level / inside if inside else 0.0
            leave = 1.0 if t == exit_month else min(max(lapse, fall), 1.0)
            after = Counter()
            for (gap, lapsed), n in people.items():
                if gap == 0:
                    after[0, lapsed] += n * (1 - leave)
                    after[1, lapsed] += n * leave
                else:
                    after[min(gap + 1, 4), lapsed or gap >= 3] += n
            inside = sum(n for (gap, _), n in after.items() if gap == 0)
            joins = min(max(level - inside, 0.0) / (1 - inside), 1.0) if inside < 1 else 0.0
            people = Counter()
            for (gap, lapsed), n in after.items():
                people[0, lapsed] += n * (1 if gap == 0 else joins)
                people[gap, lapsed] += n * (0 if gap == 0 else 1 - joins)
        lost.append(sum(n for (_, lapsed), n in people.items() if lapsed))
    return lost


@pytest.mark.parametrize("outreach", [0, 2])
def test_continuity_equals_people_followed_by_the_months_of_a_gap(outreach):
    levels, lost = reenrolment(cohort.pool_entitlements(Law.read(), MONTHS, 1, "decree 75"), outreach)
    for i, pool in enumerate(cohort.POOLS.itertuples()):
        expected = oracle_continuity(levels[i], slow_model(outreach, "none").lapse(pool.entitlement), 1)
        if pool.entitlement != "employer_employee":  # insured again on the same day
            np.testing.assert_allclose(lost[i], expected, atol=1e-9, err_msg=str(pool))


def test_the_dated_sequence_of_support():
    entitlements = cohort.pool_entitlements(Law.read(), MONTHS, 1, "decree 75")
    household = entitlements.keys[7]  # ethnic minorities who go to households
    supported = [m for m, k in zip(MONTHS, household, strict=True) if k == "minority_left_2016_2020_list"]
    # Decree 75/2023 art. 3(3): 36 months from 1 November 2023; nothing before, nothing after
    assert (supported[0], supported[-1], len(supported)) == (pd.Timestamp("2023-11-30"), pd.Timestamp("2026-10-31"), 36)
    assert set(household[1:29]) == {"household"}
    assert (entitlements.keys[6][1:] == "household").all()  # never for Kinh


def test_decree_188_window_starts_at_each_communes_own_exit():
    months = list(pd.date_range("2025-12-31", "2030-12-31", freq="ME"))
    for exit_month in (1, 13):
        entitlements = cohort.pool_entitlements(Law.read(), months, exit_month, "decree 188")
        supported = np.flatnonzero(entitlements.keys[7] == "minority_left_later")
        assert (supported[0], supported[-1], len(supported)) == (exit_month, exit_month + 35, 36)


def test_near_poor_minority_stays_near_poor_at_equal_support():
    entitlements = cohort.pool_entitlements(Law.read(), MONTHS, 1, "decree 75")
    assert set(entitlements.keys[3][1:]) == {"near_poor"}
    # in Quảng Ngãi the province pays the rest for those who left the list, 100% against 70%
    there = cohort.pool_entitlements(Law.read(), MONTHS, 1, "decree 75", "Quảng Ngãi")
    assert "minority_left_2016_2020_list" in set(there.keys[3])


def test_near_poor_minorities_of_minority_areas_are_state_paid():
    # Law 51/2024, article 12(3): by hand, without any outreach or behaviour, and back to near-poor if it were to end
    entitlements = cohort.pool_entitlements(Law.read(), MONTHS, 1, "decree 75", "Quảng Ngãi")
    june, july = MONTHS.index(pd.Timestamp("2025-06-30")), MONTHS.index(pd.Timestamp("2025-07-31"))
    (inside,) = np.flatnonzero(cohort.POOLS["minority_area"])
    assert (entitlements.keys[inside, :july] == entitlements.keys[3, :july]).all()
    assert set(entitlements.keys[inside, july:]) == {"state_paid_other"}
    assert (entitlements.shares[inside, july:] == 1).all()
    levels, _ = reenrolment(entitlements, outreach=0)
    assert levels[inside, june] < 0.9
    assert (levels[inside, july:] == 1).all()
    static = cohort.static_levels(entitlements)[0]
    assert (static[inside, 1:july] == 0).all()
    assert (static[inside, july:] == 1).all()


def test_the_end_of_support_is_a_second_loss():
    levels, _ = reenrolment(cohort.pool_entitlements(Law.read(), MONTHS, 1, "decree 75"))
    october, november = MONTHS.index(pd.Timestamp("2026-10-31")), MONTHS.index(pd.Timestamp("2026-11-30"))
    # Households: take-up of 0.6997 at 30% of the price (log-odds of 0.5872, and 0.5 more), 0.4703 at the full one.
    # Cards lapse by 0.9 ** (1/12) a month and 5% of the distance join: the levels tend to 0.857 of the take-up, the
    # first one since November 2023. Half of the cards are renewed, fewer than without any support would be insured.
    assert 0.54 < levels[7, october] < 0.857 * 0.6997
    assert levels[7, november] == pytest.approx(0.857 * 0.4703, abs=0.02)
    assert levels[7, november] == levels[6, november] > 0.5 * levels[7, october]
    assert levels[6, november] == pytest.approx(levels[6, october], abs=0.01)


def test_more_renewed_cards_lapse_by_the_persistence():
    table = assumptions({"renewal_after_support": (0.9, 0.9, 0.9)})
    entitlements = cohort.pool_entitlements(Law.read(), MONTHS, 1, "decree 75")
    levels = cohort.reenrolment_levels(central_values(table), entitlements, MONTHS, 1, table["at_share"])[0, 7]
    end = MONTHS.index(pd.Timestamp("2026-11-30"))
    assert levels[end] == pytest.approx(0.9 * levels[end - 1])
    assert levels[end + 12] == pytest.approx(0.9 * levels[end])  # a yearly persistence of 0.9


def test_reenrolment_within_three_months_keeps_continuity():
    levels, lost = reenrolment(cohort.pool_entitlements(Law.read(), MONTHS, 1, "none"))
    assert (lost[:, :4] == 0).all()  # July, August, September 2021: one to three months
    # in October those without a card since July are in the fourth month
    assert lost[6, 4] == pytest.approx(1 - levels[6, 3], abs=0.01)


@given(outreach=st.floats(0, 2), more=st.floats(0, 1), seed=st.integers(0, 50))
def test_more_outreach_never_insures_fewer(outreach, more, seed):
    table = assumptions()
    entitlements = cohort.pool_entitlements(Law.read(), MONTHS[:24], 1, "decree 75")
    values, observed = draw_assumptions(table, 20, seed), table["at_share"]
    low, high = (
        cohort.reenrolment_levels({**values, "outreach": np.full(20, level)}, entitlements, MONTHS[:24], 1, observed)
        for level in (outreach, min(2, outreach + more))
    )
    assert (high >= low - 1e-9).all()


@given(seed=st.integers(0, 1000), exit_month=st.integers(1, 40))
def test_shares_stay_between_0_and_1(seed, exit_month):
    table = assumptions()
    entitlements = cohort.pool_entitlements(Law.read(), MONTHS, exit_month, "decree 75")
    values = draw_assumptions(table, 5, seed)
    levels = cohort.reenrolment_levels(values, entitlements, MONTHS, exit_month, table["at_share"])
    lost = cohort.continuity_lost(levels, cohort.monthly_lapse(values), exit_month, entitlements.gap_months)
    for part in (levels, lost):
        assert (part >= -1e-12).all()
        assert (part <= 1 + 1e-12).all()
    assert (np.diff(lost, axis=2) >= -1e-9).all()  # what is lost stays lost


# --- take-up ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        # R = -0.47 (0.3 - 1) / 0.65 = 0.50615; 0.35 x 1.25308 / 0.74692 = 0.58718
        ((0.35, 0, 0.7, -0.47), 0.58718),
        # Capuno et al. 2016: half of the premium at -0.60: R = 0.6 x 0.5 / 0.75 = 0.4;
        # 0.099 x 1.2 / 0.8 = 0.1485 (observed: 0.149)
        ((0.099, 0, 0.5, -0.60), 0.1485),
        # Wagstaff et al. 2016: a quarter at -0.47: R = 0.47 x 0.25 / 0.875 = 0.134286;
        # 0.063 x 1.067143 / 0.932857 = 0.07207 (observed: 0.072)
        ((0.063, 0, 0.25, -0.47), 0.07207),
        ((0.35, 0.3, 0.3, -0.47), 0.35),  # no change of price
        ((1.0, 1.0, 1.0, -0.47), 1.0),
        ((0.9, 0.0, 1.0, -0.9), 0.95),  # a ceiling even when free (Banerjee et al. 2021)
        ((0.97, 0.3, 0.5, -0.47), 0.97),  # what was observed above the ceiling stays
    ],
)
def test_take_up_by_price_by_hand(arguments, expected):
    assert take_up_rate(*arguments) == pytest.approx(expected, abs=1e-4)


def test_take_up_by_outreach_by_hand():
    # help with the form: 3.4% to 39.7% (Capuno et al. 2016) is logit 2.93 in two steps: 1.464 each
    assert take_up_rate(0.034, 0, 0, -0.47, outreach=2, outreach_effect=1.4645) == pytest.approx(0.397, abs=1e-3)


@given(r=st.floats(0.01, 0.94), s0=st.floats(0, 1), s=st.floats(0, 1), e=st.floats(-0.9, 0))
def test_cheaper_cards_have_no_lower_take_up(r, s0, s, e):
    rate = float(take_up_rate(r, s0, s, e))
    assert 0 <= rate <= 0.95
    assert (rate >= r - 1e-9) if s >= s0 else (rate <= r + 1e-9)


def test_pert_draws_are_in_range_with_the_published_mean():
    draws = draw_pert(np.random.default_rng(5), 0.1, 0.35, 0.6, 100_000)
    assert 0.1 <= draws.min() < draws.max() <= 0.6
    assert draws.mean() == pytest.approx((0.1 + 4 * 0.35 + 0.6) / 6, abs=0.002)
    # variance of a PERT: (mean - low)(high - mean) / 7
    assert draws.var() == pytest.approx(0.25 * 0.25 / 7, rel=0.02)


def test_scenarios_that_share_an_assumption_share_its_draws():
    first, second = (draw_assumptions(assumptions(c), 50, seed=3) for c in ({}, {"persistence": (0.8, 0.8, 0.8)}))
    assert (first["take_up.household"] == second["take_up.household"]).all()
    assert (second["persistence"] == 0.8).all()


def test_every_assumption_has_its_source_and_order():
    table = assumptions()
    assert table["source"].str.len().gt(0).all()
    for name, low, middle, high in table[["low", "central", "high"]].itertuples():
        assert low <= middle <= high or low >= middle >= high, name
