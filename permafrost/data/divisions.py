"""Folders and columns by which somebody has divided a data set already: subsets (train, valid, test) and folds."""

import re
from collections.abc import Iterable

from permafrost.data.tables import SUBSETS

WORDS = {
    "train": ("train", "training", "trn"),
    "valid": ("valid", "validation", "val", "dev", "devel", "development"),
    "test": ("test", "testing", "tst", "eval", "evaluation"),
}
BESIDE = re.compile(r"(set|data|split|clips|audio|files|wavs?)$")  # train_set, test-data
FOLD = re.compile(r"(fold|split|part|cv)[ _-]?\d{1,2}", re.IGNORECASE)


def subset_of(name: str) -> str:
    """``train``, ``valid`` or ``test`` for one of the names that these go by; empty for any other."""
    word = re.sub(r"[\W_\d]", "", name.casefold())
    for form in (word, BESIDE.sub("", word)):
        for subset in SUBSETS:
            if form in WORDS[subset]:
                return subset
    return ""


def are_subsets(names: Iterable[str]) -> bool:
    """Whether all names are subsets', of two kinds or more, train among them."""
    found = {subset_of(name) for name in names}
    return "" not in found and "train" in found and len(found) > 1


def are_folds(names: Iterable[str]) -> bool:
    """Whether all names are folds', three or more: fold1, fold_2, cv3. Bare numbers may be classes."""
    listed = set(names)
    return len(listed) >= len(SUBSETS) and all(map(FOLD.fullmatch, listed))
