"""Boxes drawn into a picture: where they are, and names in any script."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fontTools import subset
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

from tpod_core.video import drawing
from tpod_core.video.drawing import Mark, draw, legend

BOX = (100.0, 80.0, 200.0, 160.0)
GREEN, BLUE, BLACK = (0, 200, 0), (60, 0, 200), (0, 0, 0)
DEJAVU = Path(drawing.__file__).with_name("DejaVuSans-Bold.ttf")
FONT_PX = 25
NAMES = ("no", "كوب", "כוס", "größe", "कप", "ถ้วย", "👩‍🚀 cup", "𠮷野家", "杯子")
IN_DEJAVU = NAMES[:4]


def grey(wh: tuple[int, int] = (320, 200)) -> np.ndarray:
    return np.full((wh[1], wh[0], 3), 60, np.uint8)


def words(
    text: str,
    names: tuple[str, ...] = (),
    fonts: tuple[Path, ...] | None = (DEJAVU,),
    key: str = "",
) -> np.ndarray:
    """The text alone, white on black, cut out."""
    black = np.zeros((40 * FONT_PX, 60 * FONT_PX, 3), np.uint8)
    mark = Mark((100, 100, 100, 100), text, BLACK, key)
    return cut_out(draw(black, [mark], names, fonts)[:, :, 0])


def cut_out(ink: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not rows.size:
        return np.zeros((0, 0), np.uint8)
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def glyph_by_glyph(text: str) -> np.ndarray:
    """The glyphs of ``text`` from left to right, none of them changed by its neighbours."""
    font = ImageFont.truetype(DEJAVU, FONT_PX, layout_engine=ImageFont.Layout.BASIC)
    image = Image.new("L", (60 * FONT_PX, 4 * FONT_PX))
    ImageDraw.Draw(image).text((50, 2 * FONT_PX), text, 255, font, anchor="ls")
    return cut_out(np.asarray(image))


def test_drawing_needs_only_python_numpy_and_pillow() -> None:
    """It goes with ``predict.py`` as it is."""
    tree = ast.parse(Path(drawing.__file__).read_text())
    found = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
    found |= {
        each.name for node in tree.body if isinstance(node, ast.Import) for each in node.names
    }
    packages = {str(name).partition(".")[0] for name in found}
    assert packages - sys.stdlib_module_names == {"numpy", "PIL"}


# Boxes


def test_box_is_drawn_on_its_edges_and_leaves_its_inside() -> None:
    picture = draw(grey(), [Mark(BOX, "cup", GREEN)])
    assert tuple(picture[120, 100]) == GREEN
    assert tuple(picture[160, 150]) == GREEN
    assert tuple(picture[120, 150]) == (60, 60, 60)


def test_picture_that_is_given_stays_as_it_was() -> None:
    image = grey()
    draw(image, [Mark(BOX, "cup", GREEN)])
    assert (image == 60).all()


def test_first_mark_lies_on_top() -> None:
    picture = draw(grey(), [Mark(BOX, "cup", GREEN), Mark(BOX, "bus", BLUE)])
    assert tuple(picture[120, 100]) == GREEN


@pytest.mark.parametrize(
    "box",
    [
        (0, 0, 320, 200),
        (-50, -50, 20, 20),
        (300, 190, 330, 210),
        (0, 0, 1, 1),
        (400, 300, 500, 400),
    ],
    ids=["whole", "over the first corner", "over the last corner", "dot", "elsewhere"],
)
@pytest.mark.parametrize("wh", [(320, 200), (320, 3), (3, 200), (1, 1)], ids=str)
def test_every_box_is_drawn_into_every_picture(
    box: tuple[float, float, float, float], wh: tuple[int, int]
) -> None:
    picture = draw(grey(wh), [Mark(box, "a rather long label 0.93", GREEN)])
    assert picture.shape == (wh[1], wh[0], 3)


def test_plate_lies_above_its_box_or_inside_without_room_above() -> None:
    above = draw(grey(), [Mark(BOX, "cup", GREEN)])
    assert tuple(above[75, 101]) == GREEN
    inside = draw(grey(), [Mark((100, 2, 200, 160), "cup", GREEN)])
    assert tuple(inside[15, 102]) == GREEN


def test_long_name_is_shortened_and_keeps_its_score() -> None:
    name = "the cup of the neighbour " * 6
    fitting = [words(f"{name[:kept].rstrip()}… 0.93") for kept in range(len(name))]
    shortened = words(f"{name} 0.93", key=name)
    assert any(np.array_equal(shortened, each) for each in fitting)


def test_name_is_shortened_even_where_only_the_score_has_room() -> None:
    narrow = draw(grey((40, 200)), [Mark((5, 100, 35, 160), "cup 0.93", GREEN, "cup")])
    assert (narrow[90, :, 1] == GREEN[1]).any()


# Scripts


def test_arabic_letters_are_joined_from_right_to_left() -> None:
    drawn = words("كوب")
    initial_kaf, final_waw, lone_beh = "\ufedb", "\ufeee", "\ufe8f"
    assert np.array_equal(drawn, words(initial_kaf + final_waw + lone_beh))
    assert np.array_equal(drawn[:, :10].sum(axis=0), glyph_by_glyph("ب")[:, :10].sum(axis=0))


def test_hebrew_runs_from_right_to_left() -> None:
    assert np.array_equal(words("כוס"), glyph_by_glyph("סוכ"))


@pytest.mark.parametrize("name", IN_DEJAVU)
def test_name_in_the_shipped_font_is_drawn_as_it_is(name: str) -> None:
    assert legend([name], (DEJAVU,)) == ()
    assert not np.array_equal(words(name, NAMES, key=name), words(f"#{NAMES.index(name) + 1}"))


@pytest.mark.parametrize("name", NAMES[4:])
def test_name_in_no_font_becomes_the_number_of_its_class(name: str) -> None:
    number = f"#{NAMES.index(name) + 1}"
    assert np.array_equal(words(f"{name} 0.93", NAMES, key=name), words(f"{number} 0.93"))
    assert np.array_equal(words(name, NAMES), words(number))
    assert f"{number}: {name}" in legend(NAMES, (DEJAVU,))


def test_legend_names_only_what_is_drawn_as_a_number() -> None:
    assert legend(["cup", "𠮷野家", "כוס"], (DEJAVU,)) == ("#2: 𠮷野家",)
    assert legend(["cup", "כוס"], ()) == ("#2: כוס",)


def test_name_in_no_font_and_no_list_is_left_out() -> None:
    assert np.array_equal(words("𠮷野家 0.93", key="𠮷野家"), words("0.93"))
    assert words("𠮷野家").size == 0


@pytest.mark.parametrize("name", ["\u200d", "\u200b \u200f", "\ue000", "\ud800", "\u3164"])
def test_name_without_visible_characters_becomes_a_number(name: str) -> None:
    assert np.array_equal(words(f"{name} 0.93", (name,), key=name), words("#1 0.93"))


@pytest.mark.parametrize(
    "name", [*NAMES, "a\nb\tc", "x" * 5000, "\x00", "e\u0301", "#", "👍🏽", "🇩🇪"]
)
def test_no_name_fails_with_the_fonts_of_this_host(name: str) -> None:
    assert words(f"{name} 0.93", (name,), None, name).any()


def test_letters_are_composed_and_stay_on_one_line() -> None:
    assert np.array_equal(words("e\u0301\n b"), words("é b"))


def test_opencv_s_font_serves_where_no_other_does() -> None:
    assert legend(["杯子", "コップ", "컵", "чашка"]) == ()


def test_damaged_font_is_passed_over(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.ttf"
    damaged.write_bytes(DEJAVU.read_bytes()[:5000])
    fonts = (damaged, tmp_path / "missing.ttf", DEJAVU)
    assert np.array_equal(words("größe", fonts=fonts), words("größe"))


def test_character_that_a_font_leaves_blank_is_not_taken_for_drawn(tmp_path: Path) -> None:
    font = TTFont(DEJAVU)
    for table in font["cmap"].tables:
        table.cmap[ord("杯")] = "space"
    font.save(tmp_path / "blank.ttf")
    assert legend(["杯"], (tmp_path / "blank.ttf",)) == ("#1: 杯",)


def test_two_fonts_share_a_name_that_neither_has_whole(tmp_path: Path) -> None:
    hebrew = tmp_path / "hebrew.ttf"
    subset.main([str(DEJAVU), "--unicodes=U+05D0-05EA", f"--output-file={hebrew}"])
    assert legend(["כוס cup"], ()) == ("#1: כוס cup",)
    assert legend(["כוס cup"], (hebrew,)) == ()
    drawn, name = words("כוס cup", fonts=(hebrew,)), glyph_by_glyph("סוכ")
    assert np.array_equal(cut_out(drawn[:, : name.shape[1]]), name)


@pytest.fixture
def without_raqm(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    caches = (drawing._runs, drawing._find_font, drawing._plate)
    monkeypatch.setattr(drawing, "_HAS_SHAPING", False)
    for each in caches:
        each.cache_clear()
    yield
    for each in caches:
        each.cache_clear()


@pytest.mark.usefixtures("without_raqm")
def test_without_raqm_what_needs_shaping_becomes_a_number() -> None:
    assert legend(["cup", "größe", "كوب", "כוס"], (DEJAVU,)) == ("#3: كوب", "#4: כוס")


def test_fonts_that_draw_placeholders_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("LastResort.otf", "DejaVuSans-Bold.ttf", "NotoSansThai-Regular.ttf", "README", "A.ttf")
    (tmp_path / "fonts" / "deep").mkdir(parents=True)
    for name in names:
        (tmp_path / "fonts" / "deep" / name).touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(tmp_path))
    found = [path.name for path in drawing._host_fonts.__wrapped__()]
    assert found == ["NotoSansThai-Regular.ttf", "A.ttf", "DejaVuSans-Bold.ttf"]
