"""Two revisions: what is equal is not tested, what moved is found, what cannot be paired is not."""

import pytest

from permafrost.evaluation.cells import read_study
from permafrost.evaluation.revisions import IDENTICAL, Revision, compare_revisions
from permafrost.evaluation.study_analysis import outcomes_of

MODELS, FREEZES = ["vit", "vit_random"], ["none", "half", "head"]
DATA = {"train_clips": 180, "test_clips": 60, "chance": 0.25}


def seen(cells, name, outcomes=True, splits="same"):
    summary = {"data": DATA, "comparisons": {}}
    return Revision(name, cells.runs, summary, outcomes_of(cells) if outcomes else None, splits)


@pytest.fixture
def study(fake_study, tmp_path):
    def read(name, models=MODELS, freezes=FREEZES, seeds=(0, 1, 2, 3), **options):
        folder = fake_study(models, freezes, seeds, folder=tmp_path / name, clips=60, **options)
        return read_study(folder, models, freezes, list(seeds))

    return read


def raised(model, freeze):
    """The fixture's own aims, but for one strategy that does much better."""
    usual = {False: (0.80, 0.81, 0.83), True: (0.74, 0.73, 0.70)}[model.endswith("_random")]
    return 0.97 if (model, freeze) == ("vit", "half") else usual[FREEZES.index(freeze)]


def test_one_strategy_moved_and_the_rest_is_identical(study):
    review = compare_revisions(seen(study("a"), "main"), seen(study("b", aim=raised), "work"))
    verdicts = {(move.model, move.strategy): move.verdict for move in review.moves}
    assert verdicts.pop(("vit", "half")) == "different"
    assert set(verdicts.values()) == {IDENTICAL} and len(verdicts) == 5
    move = next(move for move in review.moves if move.verdict == "different")
    assert move.gap == pytest.approx(move.after - move.before) and move.gap > 0.1
    assert move.low < move.gap < move.high and move.low > 0
    # One strategy differs: nothing to correct for.
    assert move.p_claim == pytest.approx(move.p)
    assert review.method == "layered variance over clips and seeds"
    assert review.notes == ()


def test_a_revision_is_identical_to_itself(study):
    cells = study("a")
    assert {move.verdict for move in compare_revisions(seen(cells, "x"), seen(cells, "y")).moves} == {IDENTICAL}


def test_equal_scores_on_other_clips_are_not_identical(study):
    cells, other = study("a"), seen(study("b"), "work")
    mine = (other.outcomes["strategy"] == "half") & (other.outcomes["model"] == "vit") & (other.outcomes["seed"] == 0)
    rows = other.outcomes[mine]
    other.outcomes.loc[rows.index, "correct"] = rows["correct"].to_numpy()[::-1]
    moves = compare_revisions(seen(cells, "main"), other).moves
    assert [move.strategy for move in moves if move.verdict != IDENTICAL] == ["half"]


def test_without_predictions_seeds_are_paired_for_the_clips_that_were_tested(study):
    before, after = (
        seen(study(name, aim=aim), name, outcomes=name != "a") for name, aim in (("a", None), ("b", raised))
    )
    review = compare_revisions(before, after)
    assert review.method == "paired t over runs, for these test clips"
    assert "a has no metrics/outcomes.csv" in review.notes[0]


def test_other_test_clips_are_not_paired(study):
    before, after = seen(study("a"), "main"), seen(study("b", aim=raised), "work")
    after.outcomes["clip_id"] = "new/" + after.outcomes["clip_id"]
    review = compare_revisions(before, after)
    assert review.method.startswith("Welch") and "different clips" in review.notes[0]
    move = next(move for move in review.moves if (move.model, move.strategy) == ("vit", "half"))
    assert move.low < move.gap < move.high


def test_other_splits_are_not_paired_where_clips_are_unknown(study):
    before = seen(study("a"), "main", outcomes=False, splits="one")
    after = seen(study("b"), "work", outcomes=False, splits="another")
    assert compare_revisions(before, after).method.startswith("Welch")


def test_what_only_one_revision_has_is_named_and_left_out(study):
    before = seen(study("a", freezes=["none", "half"], seeds=(0, 1, 2)), "main")
    after = seen(study("b", models=["vit"], freezes=["none", "head"], seeds=(1, 2, 3)), "work")
    review = compare_revisions(before, after)
    assert [(move.model, move.strategy) for move in review.moves] == [("vit", "none")]
    assert review.added == (("vit", "head"),)
    assert set(review.removed) == {("vit", "half"), ("vit_random", "none"), ("vit_random", "half")}
    assert review.seeds == (1, 2)
    assert "Seeds that only one revision has are left out: 0, 3." in review.notes


def test_without_a_common_seed_runs_are_independent(study):
    before, after = seen(study("a", seeds=(0, 1)), "main"), seen(study("b", seeds=(2, 3)), "work")
    review = compare_revisions(before, after)
    assert review.seeds == () and "share no seed" in review.notes[0]


def test_one_common_seed_shows_the_difference_and_claims_nothing(study):
    before, after = (seen(study(name, seeds=(0,), aim=aim), name) for name, aim in (("a", None), ("b", raised)))
    move = next(move for move in compare_revisions(before, after).moves if move.verdict != IDENTICAL)
    assert (move.verdict, move.low, move.p) == ("inconclusive", None, None)
    assert move.gap > 0.1


def test_folds_are_compared_layer_by_layer(study):
    before, after = (seen(study(name, repeats=4, aim=aim), name) for name, aim in (("a", None), ("b", raised)))
    assert compare_revisions(before, after).method == "layered variance over splits, clips and seeds"


def test_groups_that_one_revision_names_count_for_both(study):
    before, after = (seen(study(name, aim=aim), name) for name, aim in (("a", None), ("b", raised)))
    clips = {clip: number // 6 for number, clip in enumerate(sorted(after.outcomes["clip_id"].unique()))}
    single = compare_revisions(before, after)
    after.outcomes["group"] = after.outcomes["clip_id"].map(clips).astype(str)
    grouped = compare_revisions(before, after)
    limits = [
        next((move.low, move.high) for move in review.moves if move.verdict != IDENTICAL)
        for review in (single, grouped)
    ]
    assert limits[0] != limits[1]


def test_runs_of_another_device_or_number_of_threads_are_told(study):
    before, after = seen(study("a"), "main"), seen(study("b"), "work")
    assert not [line for line in compare_revisions(before, after).notes if "Computed" in line]
    after.runs.loc[after.runs["seed"] == 3, ["device", "threads"]] = ["NVIDIA H100", 8]
    (line,) = [line for line in compare_revisions(before, after).notes if "Computed" in line]
    assert "device cpu → NVIDIA H100 in 6 of 24 runs; threads 2 → 8 in 6 of 24 runs" in line
    older = Revision("old", before.runs.drop(columns=["device", "threads", "precision"]), before.summary)
    assert not [line for line in compare_revisions(older, after).notes if "Computed" in line]
