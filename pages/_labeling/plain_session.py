"""The state of the plain mode for one video in one browser tab.

The canvas reports a box 200 ms after pointer-up. So a requested action (another frame, a save)
stays ``Pending`` until that time has passed; then the canvas's last answer is saved and the
frame changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from secrets import token_hex
from typing import Any

from pages._labeling.plain_changes import Changes, PlainEdit, find_changes, to_edits
from pages._labeling.plain_saving import (
    deletion_question,
    find_single_frame_tracks,
    save_edits,
    save_over_conflicts,
)
from pages._shared.canvas import ShownBox, Surface, read_drawing, resized, to_drawing
from pages._shared.page import counted
from tpod_core import access
from tpod_core.annotations.label_names import same_name_key
from tpod_core.db import read_session, transaction
from tpod_core.errors import Conflict, EditConflict, InvalidInput, Unavailable
from tpod_core.models import Label, User, Video, saved_id
from tpod_core.services import annotations, video_labels
from tpod_core.services.annotations import AddLabel, FrameBox


class Action(StrEnum):
    """The actions that the user can request."""

    GO = "go"
    SAVE = "save"
    UNDO = "undo"
    LEAVE = "leave"


@dataclass(frozen=True)
class Pending:
    """An action that waits for the canvas and ends on ``frame``.

    ``is_due``: the wait is over. ``batch`` makes sure that the action runs once.
    ``ignores_conflicts``: save even where others have changed the same things.
    ``deleted`` and ``kept`` are tracks whose only box was removed, by the user's answer.
    """

    action: Action
    frame: int
    batch: str
    ignores_conflicts: bool = False
    deleted: frozenset[int] = frozenset()
    kept: frozenset[int] = frozenset()
    is_due: bool = False


@dataclass(frozen=True)
class Question:
    """A question to the user before ``pending`` is done.

    ``single_frame_tracks`` would be deleted with their only box. Without such tracks, the question
    is about a conflict: somebody else has changed the same things.
    """

    text: str
    pending: Pending
    single_frame_tracks: tuple[int, ...] = ()


@dataclass
class PlainSession:
    """``boxes`` are those that the canvas was given in ``drawing``, whose name is ``name``.

    ``answer`` is the canvas's last answer about this drawing. ``notice`` says why something was
    not done, ``done`` what was. ``address`` is the frame last read from the page's address.
    ``action_count`` counts the actions done or refused.
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
    action_count: int = 0
    _drawing_count: int = 0

    @classmethod
    def open(cls, user: User, video_id: int, frame: int) -> "PlainSession":
        """Raises: NotFound if the video does not exist for this user."""
        with read_session() as session:
            opened = cls(access.get_video(session, user, video_id))
        opened._show(user, frame)
        opened.address = frame
        return opened

    @property
    def name(self) -> str:
        """The name of the drawing on the canvas, unique in this session."""
        return f"{self.frame}:{self._drawing_count}"

    @property
    def target_frame(self) -> int:
        """The frame that is shown after the pending action."""
        return self.pending.frame if self.pending else self.frame

    def refresh(self, user: User) -> None:
        """Read the video and its labels again, but not the boxes: the user may be drawing."""
        with read_session() as session:
            self.video = access.get_video(session, user, saved_id(self.video))
            self.labels = video_labels.list_labels(session, self.video)

    def resize(self, surface: Surface) -> None:
        """Resize the canvas with all that was drawn on it."""
        if surface == self.surface:
            return
        self.surface = surface
        if self.drawing:
            self.drawing = resized(self.answer or self.drawing, surface.canvas_wh)
        else:
            self._draw()

    def restore(self) -> None:
        """Give a remounted canvas, as after a visit to another screen, its last answer."""
        if self.answer:
            self.drawing = {"objects": self.answer["objects"]}

    def receive_answer(self, raw: Mapping[str, Any] | None) -> None:
        """Store the canvas's answer if it is about the current drawing."""
        drawing = read_drawing(raw)
        if drawing and drawing.name == self.name:
            self.answer = raw

    def changes(self) -> Changes:
        """The unsaved changes of the drawing."""
        drawing = read_drawing(self.answer)
        if drawing is None:
            return Changes()
        names = [label.name for label in self.labels]
        return find_changes(drawing, self.frame, self.video.frame_wh, self.boxes, names)

    def colors(self) -> dict[str, str]:
        return {label.name: label.color for label in self.labels}

    def ask(self, action: Action, frame: int | None = None) -> None:
        """Request ``action``, which is done once the canvas has answered."""
        last = self.video.frame_count - 1
        target = min(max(self.frame if frame is None else frame, 0), last)
        self._wait(Pending(action, target, token_hex(8)))

    def step(self, by: int) -> None:
        """Go ``by`` frames on, counted from the target of a pending action."""
        self.ask(Action.GO, self.target_frame + by)

    def follow_address(self, address: int) -> None:
        """Go to the frame in the page's address if it has changed."""
        if address != self.address:
            self.address = address
            self.ask(Action.GO, address)

    def end_wait(self) -> None:
        """The wait for the canvas is over: the next script run does the pending action."""
        if self.pending:
            self.pending = replace(self.pending, is_due=True)

    def confirm(self) -> None:
        """Answer the question with yes: do the action."""
        if self.question:
            asked = self.question.pending
            again = replace(
                asked,
                batch=token_hex(8),
                is_due=False,
                ignores_conflicts=asked.ignores_conflicts or not self.question.single_frame_tracks,
                deleted=asked.deleted | set(self.question.single_frame_tracks),
            )
            self._wait(again)

    def keep_boxes(self) -> None:
        """Do the action, but keep the boxes that the question was about."""
        if self.question:
            asked = self.question.pending
            kept = asked.kept | set(self.question.single_frame_tracks)
            self._wait(replace(asked, batch=token_hex(8), is_due=False, kept=kept))

    def drop_drawing(self, user: User) -> None:
        """Discard what was drawn, and show what is saved."""
        self.question, self.pending = None, None
        self.action_count += 1
        self._show(user, self.frame)

    def perform(self, user: User) -> None:
        """Do the pending action. If it is refused, the frame and the drawing stay."""
        pending, self.pending = self.pending, None
        if pending is None:
            return
        self.action_count += 1
        try:
            self._do(user, pending, self.changes())
        except Unavailable as error:
            self.notice = error.message

    def add_label(self, user: User, name: str) -> str:
        """Add a label to the video; returns its name as saved.

        Raises: InvalidInput for a name that is not allowed.
        """
        with transaction() as session:
            video = access.get_video(session, user, saved_id(self.video))
            annotations.apply_edits(session, user, video, [AddLabel(name)], video.revision)
        self.refresh(user)
        key = same_name_key(name)
        return next(each.name for each in self.labels if same_name_key(each.name) == key)

    def _wait(self, pending: Pending) -> None:
        self.pending, self.question, self.notice, self.done = pending, None, "", ""

    def _do(self, user: User, pending: Pending, changes: Changes) -> None:
        if pending.action is Action.UNDO:
            self._undo(user, changes)
        elif changes.refused:
            self.notice = " ".join(changes.refused)
        elif tracks := self._single_frame_tracks(user, changes, pending):
            self.question = Question(deletion_question(self.boxes, tracks), pending, tracks)
        else:
            self._save(user, changes, pending)

    def _undo(self, user: User, changes: Changes) -> None:
        if changes.count:
            self.notice = (
                "This frame has changes that are not saved yet. Undo them with the arrow on the "
                "canvas, or save them first."
            )
            return
        try:
            with transaction() as session:
                video = access.get_video(session, user, saved_id(self.video))
                undone = annotations.undo(session, user, video)
        except Conflict as refused:
            self.notice = _without_reload(refused.message)
            return
        self._show(user, self.frame if undone.frame is None else undone.frame)
        self.done = f"Undone: {undone.what}."

    def _save(self, user: User, changes: Changes, pending: Pending) -> None:
        edits = to_edits(changes, self.frame, pending.deleted, pending.kept)
        try:
            if edits:
                self._write(user, edits, pending)
        except (EditConflict, InvalidInput) as refused:
            reason = _without_reload(refused.message)
            self.question = Question(f"{reason} Your drawing is not saved yet.", pending)
            return
        count = changes.count - len(pending.kept & set(changes.removed))
        if edits:
            self.done = f"Saved: {counted(count, 'change')} on frame {self.frame}."
        elif pending.action is Action.SAVE:
            self.done = "Nothing was changed."
        if edits or changes.taps or changes.removed or pending.frame != self.frame:
            self._show(user, pending.frame)
        self.has_left = pending.action is Action.LEAVE

    def _write(self, user: User, edits: Sequence[PlainEdit], pending: Pending) -> None:
        save = save_over_conflicts if pending.ignores_conflicts else save_edits
        save(user, saved_id(self.video), edits, self.revision, pending.batch)

    def _single_frame_tracks(
        self, user: User, changes: Changes, pending: Pending
    ) -> tuple[int, ...]:
        """Tracks whose only box was removed, and that the user has not been asked about."""
        answered = pending.deleted | pending.kept
        removed = [track for track in changes.removed if track not in answered]
        if not removed:
            return ()
        return find_single_frame_tracks(user, saved_id(self.video), self.frame, removed)

    def _show(self, user: User, frame: int) -> None:
        """Give the canvas the saved boxes of ``frame``."""
        with read_session() as session:
            self.video = access.get_video(session, user, saved_id(self.video))
            self.labels = video_labels.list_labels(session, self.video)
            self.frame = min(max(frame, 0), self.video.frame_count - 1)
            self.revision = self.video.revision
            shown = annotations.boxes_in(session, self.video, self.frame, self.frame + 1)
        self.boxes = tuple(shown[self.frame])
        self.answer = None
        self._drawing_count += 1
        self._draw()

    def _draw(self) -> None:
        if self.surface:
            colors = self.colors()
            shown = [
                ShownBox(box.track_id, box.label, colors[box.label], box.box, not box.keyframe)
                for box in self.boxes
            ]
            self.drawing = to_drawing(self.name, self.surface, shown)


def _without_reload(message: str) -> str:
    """The service's sentence without its advice to reload: this page need not be."""
    return message.removesuffix(" Reload to continue.")
