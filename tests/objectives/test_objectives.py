"""What every objective must do, checked on all of them; and what each is by itself."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_sample_weight
from torch.nn import functional as F

from permafrost import catalogue
from permafrost.objectives import balanced_cross_entropy, cross_entropy
from permafrost.transfer.examples import make_examples
from tests.examples import example
from tests.transfer.cells import small_cell

SETTINGS = (SimpleNamespace(label_smoothing=0.0), SimpleNamespace(label_smoothing=0.1))
LABELS = torch.tensor([0, 0, 0, 0, 0, 1, 1, 2, 0, 2, 1, 2])  # class 3 has no clip
TRAIN, BATCH, CLASSES = torch.arange(8), torch.tensor([5, 1, 7, 2]), 4


def drawn():
    return torch.randn(len(LABELS), CLASSES, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def check_objective(module, settings):
    """What the trainer relies on. ``module``: an entry of permafrost/objectives."""
    before, outputs = LABELS.clone(), drawn()
    targets = module.targets(LABELS, TRAIN, CLASSES, settings)
    assert len(targets) == len(LABELS) and torch.equal(LABELS, before)
    if targets.is_floating_point():
        assert targets.dtype == torch.float32
        targets = targets.double()

    found = module.loss(outputs[BATCH], targets[BATCH], settings)
    assert found.ndim == 0 and found.isfinite() and found >= 0
    alone = [module.loss(outputs[[clip]], targets[[clip]], settings) for clip in BATCH.tolist()]
    assert torch.allclose(found, torch.stack(alone).mean()), "the loss of a batch is the mean over its clips"

    # Against finite differences: central, step 1e-6.
    given = outputs[BATCH].requires_grad_()
    assert torch.autograd.gradcheck(lambda each: module.loss(each, targets[BATCH], settings), given)

    probabilities = module.probabilities(outputs * 20)
    assert probabilities.shape == outputs.shape and probabilities.dtype == torch.float64
    assert (probabilities >= 0).all() and torch.allclose(probabilities.sum(1), torch.ones(len(outputs)).double())
    assert torch.equal(probabilities.argmax(1), outputs.argmax(1))

    # What is least by the loss is most probable.
    free = torch.zeros(len(TRAIN), CLASSES, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([free], lr=0.3)
    for _ in range(60):
        optimiser.zero_grad()
        module.loss(free, targets[TRAIN], settings).backward()
        optimiser.step()
    assert torch.equal(module.probabilities(free.detach()).argmax(1), LABELS[TRAIN])


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("name", catalogue.names("objectives"))
def test_every_objective(name, settings):
    check_objective(catalogue.load("objectives", name, "objective"), settings)


def test_the_example_of_the_documentation():
    check_objective(example("permafrost/objectives/focal.py"), SETTINGS[0])


def test_the_check_finds_faults():
    def summed(outputs, targets, settings):
        return F.cross_entropy(outputs, targets, reduction="sum")

    def without_gradient(outputs, targets, settings):
        return F.cross_entropy(outputs.detach(), targets) + 0 * outputs.sum()

    def sigmoid(outputs):
        return outputs.sigmoid()

    parts = {name: getattr(cross_entropy, name) for name in ("targets", "loss", "probabilities")}
    check_objective(SimpleNamespace(**parts), SETTINGS[0])
    for fault in ({"loss": summed}, {"loss": without_gradient}, {"probabilities": sigmoid}):
        with pytest.raises((AssertionError, RuntimeError)):  # of gradcheck
            check_objective(SimpleNamespace(**parts | fault), SETTINGS[0])


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_cross_entropy_is_torch_s_to_the_last_bit(settings):
    outputs = drawn().float()
    targets = cross_entropy.targets(LABELS, TRAIN, CLASSES, settings)
    expected = F.cross_entropy(outputs[BATCH], LABELS[BATCH], label_smoothing=settings.label_smoothing)
    assert torch.equal(cross_entropy.loss(outputs[BATCH], targets[BATCH], settings), expected)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_balanced_cross_entropy_weights_as_scikit_learn_does(settings):
    outputs = drawn()
    targets = balanced_cross_entropy.targets(LABELS, TRAIN, CLASSES, settings).double()
    weights = torch.from_numpy(compute_sample_weight("balanced", LABELS[TRAIN].numpy()))
    assert weights.mean() == pytest.approx(1)
    each = F.cross_entropy(outputs[TRAIN], LABELS[TRAIN], label_smoothing=settings.label_smoothing, reduction="none")
    found = balanced_cross_entropy.loss(outputs[TRAIN], targets[TRAIN], settings)
    assert found.item() == pytest.approx((weights * each).mean().item(), rel=1e-6)


def test_even_classes_make_the_two_one():
    labels, settings = torch.arange(12) % CLASSES, SETTINGS[1]
    found = []
    for module in (cross_entropy, balanced_cross_entropy):
        targets = module.targets(labels, torch.arange(12), CLASSES, settings)
        found.append(module.loss(drawn().float(), targets, settings))
    assert torch.allclose(*found)


def test_a_recipe_s_objective_is_what_is_trained():
    """A class of a tenth of the clips, hard to tell from the other: found more often where it counts as much."""
    draw = np.random.default_rng(0)
    rare = draw.random(120) < 0.1
    pictures = draw.normal(size=(120, 16, 24)).astype(np.float32) + 0.15 * rare[:, None, None].astype(np.float32)
    subsets = ["train"] * 80 + ["valid"] * 20 + ["test"] * 20
    examples = make_examples(pictures, ["rare" if each else "common" for each in rare], subsets)
    said = {}
    for name in ("cross_entropy", "balanced_cross_entropy"):
        run = small_cell(
            examples, freeze="all", training={"objective": name, "epochs": 2, "lr": 0.03, "select": "last"}
        )
        said[name] = run.probabilities["test"][:, 1].mean()
        assert np.allclose(run.probabilities["test"].sum(1), 1)
    assert said["balanced_cross_entropy"] > 2 * said["cross_entropy"]
