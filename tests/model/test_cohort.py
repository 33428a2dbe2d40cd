"""Re-enrolment of those who lost a card, against a slow calculator written from the rules, and by properties."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bhyt_analysis.law import Law
from bhyt_analysis.model.projection import cohort
from bhyt_analysis.model.projection.assumptions import assumptions, central_values, draw_assumptions, draw_pert
from bhyt_analysis.model.reclassification.take_up import take_up_rate

MONTHS = list(pd.date_range("2021-06-30", "2028-12-31", freq="ME"))


# --- The oracle: one pool, plain floats, a list of (part, insured, months of the gap, continuity lost). -
# It reads neither law.csv nor assumptions.csv. Support: Decree 146/2018 art. 8 (pupils and farm
# households 30%, near-poor 70%), Decree 188/2025 art. 6(6) (pupils 50% from July 2025), Decree 75/2023
# art. 3(3) (70% from November 2023 to October 2026). Behaviour: the central values of the design.

OBSERVED = {"household": (0.35, 0.0), "farm_average_income": (0.35, 0.3)}
OBSERVED |= {"near_poor": (0.75, 0.7), "student": (0.97, 0.3)}


def oracle_support(group, minority, month, support_window):
    own = {"household": 0.0, "farm_average_income": 0.3, "near_poor": 0.7}.get(group)
    if group == "student":
        own = 0.5 if month >= dt.date(2025, 7, 1) else 0.3
    support = 0.7 if dt.date(2023, 11, 1) <= month <= dt.date(2026, 10, 31) else 0.0
    if minority and support_window == "decree 75" and support > own:
        return support, True
    return own, False


def oracle_take_up(group, share, outreach):
    r0, s0 = OBSERVED[group]
    r = r0
    if share != s0:
        price, before = 1 - share, 1 - s0
        change = -0.47 * (price - before) / ((price + before) / 2)
        r = r0 * (1 + change / 2) / (1 - change / 2)
    top = max(0.95, r0)
    r = min(r, top)
    return min(top, 1 / (1 + math.exp(-(math.log(r / (1 - r)) + 0.5 * outreach))))


def oracle(group, minority, outreach, support_window, months, exit_month):
    at_once, monthly = {0: (0.0, 0.03), 1: (0.05, 0.05), 2: (0.4, 0.07)}[outreach]
    people = [(1.0, True, 0, False)]
    path, was_supported, last_target = [], False, None
    for t, end in enumerate(months):
        if t < exit_month:
            path.append((1.0, 0.0))
            continue
        share, supported = oracle_support(group, minority, end.date().replace(day=1), support_window)
        target = oracle_take_up(group, share, outreach)
        card_ends = t == exit_month or (was_supported and not supported)
        inside = sum(p for p, insured, _, _ in people if insured)
        leave = 1 - 0.9 ** (1 / 12) if group in ("household", "farm_average_income") else 0.0
        if inside > target:
            leave += (inside - target) / inside / 12
        leave = 1.0 if card_ends else min(leave, 1.0)
        after = []
        for part, insured, gap, lost in people:
            if insured:
                after += [(part * (1 - leave), True, 0, lost), (part * leave, False, 1, lost)]
            else:
                after.append((part, False, gap + 1, lost or gap + 1 > 3))
        rate = monthly
        if card_ends:
            rate = at_once
        elif t > exit_month and target > last_target:
            rate = max(at_once, monthly)
        if group == "student" and (end.month in (9, 10) or (card_ends and t > exit_month)):
            rate = max(rate, 0.75)
        inside = sum(p for p, insured, _, _ in after if insured)
        outside = sum(p for p, insured, _, _ in after if not insured)
        joins = min(max(rate * (target - inside), 0), outside)
        share_joining = joins / outside if outside > 1e-12 else 0.0
        people = []
        for part, insured, gap, lost in after:
            if insured:
                people.append((part, True, 0, lost))
            else:
                people += [(part * share_joining, True, 0, lost), (part * (1 - share_joining), False, gap, lost)]
        merged = {}
        for part, insured, gap, lost in people:
            key = (insured, min(gap, 4), lost)
            merged[key] = merged.get(key, 0.0) + part
        people = [(part, *key) for key, part in merged.items()]
        path.append((sum(p for p, i, _, _ in people if i), sum(p for p, _, _, lost in people if lost)))
        was_supported, last_target = supported, target
    return path


@pytest.mark.parametrize("outreach", [0, 1, 2])
@pytest.mark.parametrize("support_window", ["decree 75", "none"])
def test_reenrolment_equals_the_oracle(outreach, support_window):
    table = assumptions({"outreach": (outreach,) * 3})
    entitlements = cohort.pool_entitlements(Law.read(), MONTHS, 1, support_window)
    paths = cohort.reenrolment_shares(central_values(table), entitlements, MONTHS, 1, table["at_share"])
    for i, pool in enumerate(cohort.POOLS.itertuples()):
        if pool.entitlement == "employer_employee":
            assert (paths.insured[0, i] == 1).all()
            continue
        expected = oracle(pool.entitlement, pool.minority, outreach, support_window, MONTHS, 1)
        np.testing.assert_allclose(paths.insured[0, i], [t[0] for t in expected], atol=1e-9, err_msg=str(pool))
        np.testing.assert_allclose(paths.continuity_lost[0, i], [t[1] for t in expected], atol=1e-9, err_msg=str(pool))


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


def test_the_end_of_support_is_a_second_loss():
    table = assumptions()
    entitlements = cohort.pool_entitlements(Law.read(), MONTHS, 1, "decree 75")
    paths = cohort.reenrolment_shares(central_values(table), entitlements, MONTHS, 1, table["at_share"])
    october, november = MONTHS.index(pd.Timestamp("2026-10-31")), MONTHS.index(pd.Timestamp("2026-11-30"))
    # households: take-up at full price logit⁻¹(logit 0.35 + 0.5) = 0.4703; 5% of it at once
    assert paths.insured[0, 7, october] > 0.5
    assert paths.insured[0, 7, november] == pytest.approx(0.05 * 0.4703, abs=1e-4)
    assert paths.insured[0, 6, november] == pytest.approx(paths.insured[0, 6, october], abs=0.01)


def test_reenrolment_within_three_months_keeps_continuity():
    table = assumptions()
    entitlements = cohort.pool_entitlements(Law.read(), MONTHS, 1, "none")
    paths = cohort.reenrolment_shares(central_values(table), entitlements, MONTHS, 1, table["at_share"])
    assert (paths.continuity_lost[:, :, :4] == 0).all()  # July, August, September 2021: one to three months
    # in October those without a card since July are in the fourth month
    assert paths.continuity_lost[0, 6, 4] == pytest.approx(1 - paths.insured[0, 6, 3], abs=0.01)


@given(outreach=st.floats(0, 2), more=st.floats(0, 1), seed=st.integers(0, 50))
def test_more_outreach_never_insures_fewer(outreach, more, seed):
    table = assumptions()
    entitlements = cohort.pool_entitlements(Law.read(), MONTHS[:24], 1, "decree 75")
    values, observed = draw_assumptions(table, 20, seed), table["at_share"]
    values["at_once.intensive"] = np.maximum(values["at_once.intensive"], values["at_once.ordinary"])
    values["monthly.intensive"] = np.maximum(values["monthly.intensive"], values["monthly.ordinary"])
    values["monthly.ordinary"] = np.maximum(values["monthly.ordinary"], values["monthly.none"])
    values["monthly.intensive"] = np.maximum(values["monthly.intensive"], values["monthly.ordinary"])
    low, high = (
        cohort.reenrolment_shares({**values, "outreach": np.full(20, level)}, entitlements, MONTHS[:24], 1, observed)
        for level in (outreach, min(2, outreach + more))
    )
    assert (high.insured >= low.insured - 1e-9).all()


@given(seed=st.integers(0, 1000), exit_month=st.integers(1, 40))
def test_shares_stay_between_0_and_1(seed, exit_month):
    table = assumptions()
    entitlements = cohort.pool_entitlements(Law.read(), MONTHS, exit_month, "decree 75")
    values = draw_assumptions(table, 5, seed)
    paths = cohort.reenrolment_shares(values, entitlements, MONTHS, exit_month, table["at_share"])
    for part in (paths.insured, paths.continuity_lost):
        assert (part >= -1e-12).all()
        assert (part <= 1 + 1e-12).all()
    assert (np.diff(paths.continuity_lost, axis=2) >= -1e-9).all()  # what is lost stays lost


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
