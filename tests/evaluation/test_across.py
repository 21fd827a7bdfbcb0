"""Differences over data sets, against closed forms and scipy."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from permafrost.errors import PermafrostError
from permafrost.evaluation.across import findings, pool, ranks
from permafrost.report.across import markdown
from stages.across import read

ERROR = 0.01  # of each study's difference


def comparisons(values, model="net", question="reference"):
    half = 1.959963984540054 * ERROR
    rows = [(question, model, name, "none", value, value - half, value + half) for name, value in values.items()]
    columns = ["question", "model", "strategy", "reference", "value", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


def found(**studies):
    return [item for study, values in studies.items() for item in findings(study, comparisons(values))]


def test_with_equal_variances_the_pooled_difference_has_a_closed_form():
    values = np.array([-0.10, -0.02, 0.05, -0.04])
    (row,) = pool(found(**{f"s{n}": {"head": value} for n, value in enumerate(values)}))
    spread = values.std(ddof=1)
    assert row.mean == pytest.approx(values.mean())
    assert row.tau**2 == pytest.approx(spread**2 - ERROR**2, rel=1e-4)  # found by iteration
    # The scale is one then: the interval is that of Student's t over the studies' values.
    low, high = stats.t.interval(0.95, 3, values.mean(), spread / 2)
    assert (row.low, row.high) == pytest.approx((low, high))
    assert row.p == pytest.approx(stats.ttest_1samp(values, 0).pvalue)
    reach = stats.t.ppf(0.975, 2) * np.sqrt(spread**2 - ERROR**2 + spread**2 / 4)
    assert row.predicted == pytest.approx((values.mean() - reach, values.mean() + reach))


def test_studies_that_agree_too_well_do_not_shrink_the_interval_below_their_own_errors():
    (row,) = pool(found(a={"head": -0.0500}, b={"head": -0.0501}, c={"head": -0.0499}))
    assert row.tau == 0
    assert row.high - row.low == pytest.approx(2 * stats.t.ppf(0.975, 2) * ERROR / np.sqrt(3), rel=1e-4)


def test_two_studies_predict_nothing_and_one_is_not_pooled():
    rows = pool(found(a={"head": -0.1, "half": 0.01}, b={"head": -0.2}))
    assert [(row.strategy, row.predicted) for row in rows] == [("head", None)]


def test_intervals_so_wide_that_they_say_nothing_stay_within_what_is_possible():
    (row,) = pool(found(a={"head": -0.9}, b={"head": 0.8}))
    assert (row.low, row.high) == (-1.0, 1.0)


def test_ranks_count_the_reference_and_are_tested_from_six_data_sets_on():
    few = found(a={"half": 0.02, "head": -0.1}, b={"half": 0.01, "head": -0.2, "stem": 0.3})
    assert ranks(few).mean == {"none": 2.0, "half": 1.0, "head": 3.0} and ranks(few).p is None
    random = np.random.default_rng(0).normal(0, 0.05, (7, 2))
    many = found(**{f"s{n}": {"half": row[0], "head": row[1]} for n, row in enumerate(random)})
    expected = stats.friedmanchisquare(np.zeros(7), *random.T).pvalue
    assert ranks(many).p == pytest.approx(expected)
    assert ranks(many).apart == pytest.approx(2.343 * np.sqrt(3 * 4 / (6 * 7)), rel=1e-3)  # Demsar 2006, table 5a


def test_a_study_counts_one_model_and_not_its_control():
    both = pd.concat([comparisons({"head": -0.4}, "net_random"), comparisons({"head": -0.1}, "net")])
    assert [(item.model, item.value) for item in findings("a", both)] == [("net", -0.1)]
    assert findings("a", both, "net_random")[0].value == -0.4
    with pytest.raises(PermafrostError, match="no 'other'; it has net_random, net"):
        findings("a", both, "other")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (comparisons({"head": -0.1}).drop(columns="ci_low"), "no column 'ci_low'"),
        (comparisons({"head": -0.1}).assign(ci_low=np.nan), "no difference with an interval"),
        (comparisons({}), "no model in it"),
    ],
)
def test_a_table_that_says_nothing_is_refused_by_name(table, told):
    with pytest.raises(PermafrostError, match=f"comparisons of a: .*{told}"):
        findings("a", table)


def test_a_study_is_a_project_a_folder_with_its_table_or_a_revision(tmp_path, monkeypatch):
    (tmp_path / "one/metrics").mkdir(parents=True)
    (tmp_path / "two").mkdir()
    comparisons({"head": -0.1}).to_csv(tmp_path / "one/metrics/comparisons.csv", index=False)
    comparisons({"head": -0.2}, "other").to_csv(tmp_path / "two/comparisons.csv", index=False)
    items = [item for name in ("one", "two") for item in read(str(tmp_path / name), None)]
    page = markdown(items, pool(items), ranks(items))
    assert "one (`net`) and two (`other`)" in page and "−15.0" in page and "needs three" in page
    (tmp_path / "empty").mkdir()
    with pytest.raises(PermafrostError, match=r"empty has no metrics/comparisons\.csv"):
        read(str(tmp_path / "empty"), None)
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(PermafrostError):
        read("no-such-revision", None)
