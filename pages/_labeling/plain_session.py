"""One tab's stay in one video in the plain mode: what is open, what waits, what is saved.

The canvas tells of a box 200 ms after the pointer went up. So what a person asks for (another
frame, a save) waits as ``Pending`` until that time has passed, and only then the canvas's last
answer is saved and the frame changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from secrets import token_hex
from typing import Any

from pages._labeling.plain_changes import Changes, PlainEdit, changes, edits
from pages._labeling.plain_saving import only_boxes, only_text, write_edits, write_on_top
from pages._shared.canvas import ShownBox, Surface, drawing_of, read_drawing, resized
from pages._shared.page import counted
from tpod_core import access
from tpod_core.annotations.label_names import same_name_key
from tpod_core.db import read_session, transaction
from tpod_core.errors import Conflict, EditConflict, InvalidInput, Unavailable
from tpod_core.models import Label, User, Video, saved_id
from tpod_core.services import annotations, video_labels
from tpod_core.services.annotations import AddLabel, FrameBox


class Act(StrEnum):
    """What a person can ask for."""

    GO = "go"
    SAVE = "save"
    UNDO = "undo"
    LEAVE = "leave"


@dataclass(frozen=True)
class Pending:
    """An act that waits for the canvas, to end on ``frame``.

    ``is_due``: the canvas has had its time. ``batch`` makes sure that the act is done once.
    ``on_top``: also where others have changed the same things meanwhile.
    ``deleted`` and ``kept`` answer the question about boxes that are the only ones of a track.
    """

    act: Act
    frame: int
    batch: str
    on_top: bool = False
    deleted: frozenset[int] = frozenset()
    kept: frozenset[int] = frozenset()
    is_due: bool = False


@dataclass(frozen=True)
class Question:
    """Why ``pending`` was not done. ``only`` are tracks that would be gone with their only box.

    Without ``only`` somebody else has changed the same things.
    """

    text: str
    pending: Pending
    only: tuple[int, ...] = ()


@dataclass
class PlainSession:
    """``boxes`` are those that the canvas was given in ``drawing``, whose name is ``name``.

    ``answer`` is the canvas's last word about this very drawing. ``notice`` says why something
    was not done, ``done`` what was. ``address`` is the frame of the page's address, as last seen.
    ``acts`` counts what was asked for and done, or refused.
    """

    video: Video
    labels: list[Label] = field(default_factory=list)
    frame: int = 0
    revision: int = 0
    boxes: tuple[FrameBox, ...] = ()
    surface: Surface | None = None
    drawing: Mapping[str, Any] = field(default_factory=dict)
    answer: Mapping[str, Any] | None = None
    pending: Pending | None = None
    question: Question | None = None
    notice: str = ""
    done: str = ""
    has_left: bool = False
    address: int = 0
    acts: int = 0
    _turn: int = 0

    @classmethod
    def open(cls, user: User, video_id: int, frame: int) -> "PlainSession":
        """Raises: NotFound if the video is not there for this user."""
        with read_session() as session:
            opened = cls(access.get_video(session, user, video_id))
        opened._show(user, frame)
        opened.address = frame
        return opened

    @property
    def name(self) -> str:
        """Of the drawing on the canvas; no two drawings of this stay have the same."""
        return f"{self.frame}:{self._turn}"

    @property
    def going_to(self) -> int:
        """The frame that is shown, or will be when what waits is done."""
        return self.pending.frame if self.pending else self.frame

    def refresh(self, user: User) -> None:
        """Read the video and its labels again. The boxes stay: somebody may be drawing."""
        with read_session() as session:
            self.video = access.get_video(session, user, saved_id(self.video))
            self.labels = video_labels.list_labels(session, self.video)

    def resize(self, surface: Surface) -> None:
        """Give the canvas another size, with all that was drawn on it."""
        if surface == self.surface:
            return
        self.surface = surface
        if self.drawing:
            self.drawing = resized(self.answer or self.drawing, surface.canvas_wh)
        else:
            self._draw()

    def restore(self) -> None:
        """The canvas is new, as after a visit to another screen: it begins with its last answer."""
        if self.answer:
            self.drawing = {"objects": self.answer["objects"]}

    def hear(self, raw: Mapping[str, Any] | None) -> None:
        """Take in what the canvas says, if it says it about the drawing that it was given."""
        drawing = read_drawing(raw)
        if drawing and drawing.name == self.name:
            self.answer = raw

    def changes(self) -> Changes:
        """What of the drawing is not saved."""
        drawing = read_drawing(self.answer)
        if drawing is None:
            return Changes()
        names = [label.name for label in self.labels]
        return changes(drawing, self.frame, self.video.frame_wh, self.boxes, names)

    def colors(self) -> dict[str, str]:
        return {label.name: label.color for label in self.labels}

    def ask(self, act: Act, frame: int | None = None) -> None:
        """Have ``act`` done once the canvas has answered."""
        last = self.video.frame_count - 1
        target = min(max(self.frame if frame is None else frame, 0), last)
        self._wait(Pending(act, target, token_hex(8)))

    def step(self, by: int) -> None:
        """Go so many frames on; from where one is going already, if one is."""
        self.ask(Act.GO, self.going_to + by)

    def follow(self, address: int) -> None:
        """Go where the page's address leads, if that has changed."""
        if address != self.address:
            self.address = address
            self.ask(Act.GO, address)

    def end_wait(self) -> None:
        """The canvas has had its time: what waits is done with the next run of the script."""
        if self.pending:
            self.pending = replace(self.pending, is_due=True)

    def insist(self) -> None:
        """Do what the question was about."""
        if self.question:
            asked = self.question.pending
            again = replace(
                asked,
                batch=token_hex(8),
                is_due=False,
                on_top=asked.on_top or not self.question.only,
                deleted=asked.deleted | set(self.question.only),
            )
            self._wait(again)

    def keep_boxes(self) -> None:
        """Do what the question was about, but leave the boxes where they are."""
        if self.question:
            asked = self.question.pending
            kept = asked.kept | set(self.question.only)
            self._wait(replace(asked, batch=token_hex(8), is_due=False, kept=kept))

    def drop_drawing(self, user: User) -> None:
        """Forget what was drawn, and show what is saved."""
        self.question, self.pending = None, None
        self.acts += 1
        self._show(user, self.frame)

    def perform(self, user: User) -> None:
        """Do what waits. Where that is refused, the frame and the drawing stay as they are."""
        pending, self.pending = self.pending, None
        if pending is None:
            return
        self.acts += 1
        try:
            self._do(user, pending, self.changes())
        except Unavailable as away:
            self.notice = away.message

    def add_label(self, user: User, name: str) -> str:
        """Put a label on the video's list; its name as the list has it.

        Raises: InvalidInput for a name that cannot be.
        """
        with transaction() as session:
            video = access.get_video(session, user, saved_id(self.video))
            annotations.apply_edits(session, user, video, [AddLabel(name)], video.revision)
        self.refresh(user)
        key = same_name_key(name)
        return next(each.name for each in self.labels if same_name_key(each.name) == key)

    def _wait(self, pending: Pending) -> None:
        self.pending, self.question, self.notice, self.done = pending, None, "", ""

    def _do(self, user: User, pending: Pending, found: Changes) -> None:
        if pending.act is Act.UNDO:
            self._undo(user, found)
        elif found.refused:
            self.notice = " ".join(found.refused)
        elif only := self._only_boxes(user, found, pending):
            self.question = Question(only_text(self.boxes, only), pending, only)
        else:
            self._save(user, found, pending)

    def _undo(self, user: User, found: Changes) -> None:
        if found.count:
            self.notice = (
                "This frame has changes that are not saved yet. The arrow on the canvas takes "
                "these back; to take back what was saved before, save them first."
            )
            return
        try:
            with transaction() as session:
                video = access.get_video(session, user, saved_id(self.video))
                taken = annotations.undo(session, user, video)
        except Conflict as refused:
            self.notice = _without_reload(refused.message)
            return
        self._show(user, self.frame if taken.frame is None else taken.frame)
        self.done = f"Taken back: {taken.what}."

    def _save(self, user: User, found: Changes, pending: Pending) -> None:
        wanted = edits(found, self.frame, pending.deleted, pending.kept)
        try:
            if wanted:
                self._write(user, wanted, pending)
        except (EditConflict, InvalidInput) as refused:
            said = _without_reload(refused.message)
            self.question = Question(f"{said} Your drawing is not saved yet.", pending)
            return
        count = found.count - len(pending.kept & set(found.removed))
        if wanted:
            self.done = f"Saved: {counted(count, 'change')} on frame {self.frame}."
        elif pending.act is Act.SAVE:
            self.done = "Nothing was changed."
        if wanted or found.taps or found.removed or pending.frame != self.frame:
            self._show(user, pending.frame)
        self.has_left = pending.act is Act.LEAVE

    def _write(self, user: User, wanted: Sequence[PlainEdit], pending: Pending) -> None:
        write = write_on_top if pending.on_top else write_edits
        write(user, saved_id(self.video), wanted, self.revision, pending.batch)

    def _only_boxes(self, user: User, found: Changes, pending: Pending) -> tuple[int, ...]:
        """Removed boxes without which their tracks would be gone, and that nobody was asked of."""
        answered = pending.deleted | pending.kept
        removed = [track for track in found.removed if track not in answered]
        return only_boxes(user, saved_id(self.video), self.frame, removed) if removed else ()

    def _show(self, user: User, frame: int) -> None:
        """Give the canvas what the database says of ``frame`` now."""
        with read_session() as session:
            self.video = access.get_video(session, user, saved_id(self.video))
            self.labels = video_labels.list_labels(session, self.video)
            self.frame = min(max(frame, 0), self.video.frame_count - 1)
            self.revision = self.video.revision
            shown = annotations.boxes_in(session, self.video, self.frame, self.frame + 1)
        self.boxes = tuple(shown[self.frame])
        self.answer = None
        self._turn += 1
        self._draw()

    def _draw(self) -> None:
        if self.surface:
            colors = self.colors()
            shown = [
                ShownBox(box.track_id, box.label, colors[box.label], box.box, not box.keyframe)
                for box in self.boxes
            ]
            self.drawing = drawing_of(self.name, self.surface, shown)


def _without_reload(message: str) -> str:
    """The service's sentence without its advice for a page that would have to be reloaded."""
    return message.removesuffix(" Reload to continue.")
