"""Names beside dots: none over another, the important ones first."""

import itertools

from permafrost.report.html.label_layout import HEIGHT as H
from permafrost.report.html.label_layout import SIDES, _box, _overlap, sides
from permafrost.report.html.label_layout import WIDTH as W

CROWD = [(0.9, 0.95, "stem"), (0.88, 0.93, "half"), (0.9, 0.92, "none"), (0.89, 0.92, "quarter"), (0.05, 0.1, "head")]


def test_a_name_alone_stands_above_its_dot():
    assert sides([(0.5, 0.5, "half")]) == [SIDES[0]]


def test_names_of_crowded_dots_do_not_cover_each_other():
    chosen = sides(CROWD)
    assert all(chosen[:2])
    boxes = [_box(x * W, (1 - y) * H, name, side) for (x, y, name), side in zip(CROWD, chosen, strict=True) if side]
    assert len(boxes) >= 4
    assert not any(_overlap(one, other) for one, other in itertools.combinations(boxes, 2))


def test_where_there_is_no_room_a_name_is_left_out_and_the_first_ones_stay():
    chosen = sides([(0.5, 0.5, "a rather long name")] * 12)
    assert chosen[0] is not None and None in chosen


def test_a_name_at_the_edge_stays_inside():
    assert sides([(0.0, 0.5, "a very long name at the left")])[0].align == "left"
    assert sides([(1.0, 0.5, "a very long name at the right")])[0].align == "right"
