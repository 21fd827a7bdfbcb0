"""The pieces of pages: text that cannot break out, colours, addresses of pictures and sounds."""

import base64
import io
import re
from functools import partial
from types import SimpleNamespace

import altair as alt
import numpy as np
import pytest
import soundfile
import vl_convert
from markupsafe import Markup
from PIL import Image

from permafrost.audio.media import LONGEST, PICTURE, RATE, picture, sound
from permafrost.data.tables import ClipRow
from permafrost.evaluation.mistakes import HardClip
from permafrost.readers import audio
from permafrost.report.data_section import audit_findings, rejected_table
from permafrost.report.html import clip_cards as cards_module
from permafrost.report.html.clip_cards import Recordings, clip_cards
from permafrost.report.html.page import script_text
from permafrost.report.html.parts import cell, inline
from permafrost.report.html.study_page import machine_table
from permafrost.report.html.theme import palette, strategies_axis


def tone(rate, seconds, hertz=440.0):
    return np.round(8000 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)).astype(np.int16)


def decoded(address, kind):
    head, data = address.split(",", 1)
    assert head == f"data:{kind};base64"
    return io.BytesIO(base64.b64decode(data))


def test_our_own_markdown_becomes_html_and_nothing_else_does():
    assert (
        inline("On `a_b` **c** is **`d`**.")
        == "On <code>a_b</code> <strong>c</strong> is <strong><code>d</code></strong>."
    )
    assert inline("<script>`x`</script>") == "&lt;script&gt;<code>x</code>&lt;/script&gt;"
    assert inline("[a](https://example.org/b) [c](javascript:d)").count("<a ") == 1
    assert isinstance(inline("x"), Markup)
    assert cell("**different**") == '<span class="chip different">different</span>' and cell("`a`") == inline("`a`")


def test_json_cannot_end_its_script_element():
    assert "</script" not in script_text({"name": "</script><b>"})
    assert script_text({"a": [1, "ü"]}) == '{"a":[1,"ü"]}'


@pytest.mark.parametrize("count", [1, 2, 6, 14])
def test_strategies_have_colours_of_their_own_on_both_grounds(count):
    for colours in palette(count).values():
        assert len({colour for name, colour in colours.items() if name.startswith("depth-")}) == count
        assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours.values())


def test_names_of_strategies_are_turned_where_the_chart_is_too_narrow_for_them():
    def drawn(width):
        names = ["none", "quarter", "three_quarters"]
        bars = alt.Chart(alt.Data(values=[{"strategy": name, "a": 1} for name in names])).mark_bar()
        chart = bars.encode(x=strategies_axis(names), y="a:Q").properties(width=width)
        return vl_convert.vegalite_to_svg(chart.to_dict(), vl_version="6.4")

    assert "rotate(-40" in drawn(120) and ">three_quarters<" in drawn(120)
    assert "rotate(-40" not in drawn(300) and ">quarters<" in drawn(300)


def test_a_picture_has_low_notes_below_and_is_the_same_each_time():
    low, high = (picture(tone(22050, 2.0, hertz), 22050) for hertz in (150.0, 8000.0))
    images = [np.asarray(Image.open(decoded(address, "image/png")).convert("L")) for address in (low, high)]
    assert images[0].shape == PICTURE
    brightest = [int(image.sum(axis=1).argmax()) for image in images]
    assert brightest[0] > 0.8 * PICTURE[0] and brightest[1] < 0.3 * PICTURE[0]
    assert picture(tone(22050, 2.0, 150.0), 22050) == low


@pytest.mark.parametrize(("rate", "seconds"), [(8000, 0.3), (22050, 5.0), (44100, 12.0)])
def test_a_sound_plays_at_most_its_first_seconds(rate, seconds):
    samples, got = soundfile.read(decoded(sound(tone(rate, seconds), rate), "audio/mpeg"))
    assert got == RATE
    assert min(seconds, LONGEST) - 0.01 <= len(samples) / got <= min(seconds, LONGEST) + 0.2
    strongest = np.abs(np.fft.rfft(samples)).argmax() * got / len(samples)
    assert strongest == pytest.approx(440, abs=10)
    assert sound(tone(rate, seconds), rate) == sound(tone(rate, seconds), rate)


def test_silence_can_be_seen_and_heard():
    nothing = np.zeros(22050, np.int16)
    assert picture(nothing, 22050).startswith("data:image/png") and sound(nothing, 22050).startswith("data:audio/mpeg")


def hard(number):
    return HardClip(f"clip{number}", "jazz", 1.0, 2, 2, "pop", 0.75)


def test_cards_stop_at_the_budget(monkeypatch):
    clips = [ClipRow(f"clip{number}", f"clip{number}.wav", "jazz", "", "", 1.0, 22050) for number in range(20)]
    recordings = Recordings(clips, np.stack([tone(22050, 1.0)] * 20), partial(audio.show, sample_rate=22050))
    cards = clip_cards([hard(number) for number in range(20)], recordings)
    assert len(cards) == cards_module.MOST
    assert all(card.picture and card.sound for card in cards)
    assert cards[0].taken_for == "pop, in 75 % of the mistakes" and cards[0].wrong == "every run"
    assert "clip0" in cards[0].alt and "1.0 seconds" in cards[0].alt
    monkeypatch.setattr(cards_module, "BUDGET", 2 * (len(cards[0].picture) + len(cards[0].sound)))
    cards = clip_cards([hard(number) for number in range(4)], recordings)
    assert [bool(card.sound) for card in cards] == [True, True, False, False]


def test_cards_without_recordings_are_text():
    card = clip_cards([hard(0)], None)[0]
    assert (card.picture, card.sound, card.label) == ("", "", "jazz")


def test_the_audit_says_what_was_looked_for():
    def found(audit, data):
        return audit_findings(SimpleNamespace(audit=audit, data=data))

    data = {"duplicates_across_subsets": 0, "groups": 7, "groups_across_subsets": 2}
    pair = {"clips": ["a", "b"], "labels": ["x"], "correlation": 0.99}
    lines = found({"duplicates": [], "near_duplicates": [pair]}, data)
    assert lines[0].startswith("No set") and lines[1].startswith("1 pair") and lines[3].startswith("2 groups of 7")
    lines = found({"duplicates": [], "near_duplicates": None}, {**data, "groups": 0})
    assert lines[1].startswith("Too many clips") and lines[3].startswith("No groups are known")
    assert rejected_table({}) is None
    assert rejected_table({f"{n}.wav": "silent" for n in range(30)}).caption.endswith("the first 20 of 30")


def test_machines_are_told_once_with_the_cells_where_they_differ():
    first = {"torch": "2.0", "device": "cpu", "seconds_total": 30.0, "seconds_per_epoch": 2.0}
    table = machine_table([first, first | {"device": "cuda"}, first])
    assert [list(row) for row in table.rows] == [
        ["torch", "2.0"],
        ["device", "cpu (2 cells), cuda (1 cell)"],
        ["training of all cells", "90 s in 3 cells"],
    ]
