"""One tab's stay in one video: what it shows, and the only ways in which that changes.

Nothing here polls or waits. A visit begins when the frame, the size of the canvas or the
boxes under it change; within a visit the canvas's arguments stay as they are, because a
change during a drag would lose the box being drawn.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

from sqlmodel import Session

from pages._labeling.acts import EDITS, Act, ActKind, Outbox, copies
from pages._labeling.canvas import (
    Surface,
    Visit,
    changes,
    drawing_of,
    fit,
    lowest_first,
    read_drawing,
)
from tpod_core import access
from tpod_core.db import reading, transaction
from tpod_core.errors import EditConflict, InvalidInput, TpodError
from tpod_core.geometry import Box
from tpod_core.models import Label, User, Video
from tpod_core.services import annotations, video_labels
from tpod_core.services.annotations import AddLabel, EditOp, EditResult, FrameBox, PutBox

_STEPS = (ActKind.UNDO, ActKind.REDO)


@dataclass(frozen=True)
class Notice:
    """What was refused and why, shown once; ``serial`` tells equal sentences apart.

    ``again``: the person may have the same done on top of the newest state.
    """

    serial: int = 0
    text: str = ""
    again: bool = False


@dataclass
class LabelingSession:
    """``seen`` is the revision on the screen; ``adopted`` are tracks drawn in this visit.

    ``shown`` are the boxes that the canvas was given, lowest first, with what was drawn since.
    ``left`` is the sentinel of the visit before, ``heard`` the canvas's last answer. Tracks in
    ``aside`` are hidden or locked on this screen. ``waiting`` are the edits that a conflict
    refused last: the person may ask for them again, whatever was saved since.
    """

    video: Video
    labels: list[Label] = field(default_factory=list)
    label: str = ""
    seen: int = 0
    visit: Visit = field(default_factory=lambda: Visit(0, 0, ""))
    left: str = ""
    heard: Mapping[str, Any] | None = None
    shown: tuple[FrameBox, ...] = ()
    adopted: tuple[int, ...] = ()
    aside: frozenset[int] = frozenset()
    waiting: tuple[EditOp, ...] = ()
    stage_wh: tuple[int, int] | None = None
    surface: Surface | None = None
    drawing: dict[str, Any] = field(default_factory=dict)
    notice: Notice = Notice()
    client: str = ""
    acknowledged: int = 0

    @classmethod
    def open(cls, user: User, video_id: int, frame: int) -> "LabelingSession":
        """Raises: NotFound if the video is not there for this user."""
        with reading() as session:
            desk = cls(access.get_video(session, user, video_id))
        desk.enter(user, frame)
        return desk

    def refresh(self, user: User) -> None:
        """Take over what others changed since; a new visit only if they changed boxes."""
        with reading() as session:
            self.video = access.get_video(session, user, _id(self.video))
            self._read_labels(session)
            if self.video.revision != self.seen:
                self._say("This video was changed elsewhere. You see it as it is now.")
                self._begin_visit(session, self.visit.frame)

    def enter(self, user: User, frame: int) -> None:
        """Begin a visit on ``frame``, on what the database says now."""
        with reading() as session:
            self.video = access.get_video(session, user, _id(self.video))
            self._read_labels(session)
            self._begin_visit(session, min(max(frame, 0), max(self.video.frame_count - 1, 0)))

    def resize(self, user: User, stage_wh: tuple[int, int]) -> None:
        """Fit the canvas into a stage of CSS pixels."""
        surface, self.stage_wh = fit(self.video.frame_wh, stage_wh), stage_wh
        if surface != self.surface:
            self.surface = surface
            self.enter(user, self.visit.frame)

    def commit(self, user: User, raw: Mapping[str, Any] | None) -> None:
        """Save what the canvas says. Idempotent; a drawing of another visit is dropped."""
        drawing, is_news = read_drawing(raw), raw != self.heard
        self.heard = raw
        if self.surface is None or drawing.sentinel != self.visit.sentinel:
            if is_news and drawing.sentinel and drawing.sentinel == self.left:
                self._say("The picture changed while you drew: your last box was not saved.")
            return
        found = changes(drawing, self.visit, self.surface, self.shown, self.adopted)
        with self._explaining(user):
            if found.edits:
                self._save_drawing(user, found.edits)
            if found.refused:
                raise InvalidInput(" ".join(dict.fromkeys(found.refused)))

    def perform(self, user: User, outbox: Outbox) -> None:
        """Do the acts that were not done yet, in order; each is done at most once."""
        if outbox.client != self.client:
            self.client, self.acknowledged = outbox.client, 0
        for act in outbox.acts:
            if act.seq > self.acknowledged:
                self.acknowledged = act.seq
                with self._explaining(user, is_edit=act.kind not in _STEPS):
                    self._do(user, act)

    def colors(self) -> dict[str, str]:
        return {label.name: label.color for label in self.labels}

    def _do(self, user: User, act: Act) -> None:
        match act.kind:
            case ActKind.COMMIT:
                pass  # ``commit`` ran before the acts.
            case ActKind.GO:
                self._go(user, act.frame)
            case ActKind.LABEL:
                self._choose_label(act.name)
            case ActKind.ADD_LABEL:
                self._add_label(user, act.name, act.color)
            case ActKind.ASIDE:
                self.aside = frozenset(act.tracks)
                self.enter(user, self.visit.frame)
            case _:
                self._edit(user, act)

    def _go(self, user: User, frame: int) -> None:
        count = self.video.frame_count
        if not 0 <= frame < count:
            raise InvalidInput(f"There is no frame {frame}: this video has 0 to {count - 1}.")
        self.enter(user, frame)

    def _choose_label(self, name: str) -> None:
        if name not in self.colors():
            raise InvalidInput(f'The label "{name}" is not in this video\'s list any more.')
        self.label = name

    def _add_label(self, user: User, name: str, color: str | None) -> None:
        with transaction() as session:
            video = access.get_video(session, user, _id(self.video))
            add = AddLabel(name, color)
            self.seen = annotations.apply_edits(session, user, video, [add], self.seen).revision
        self.label = name
        with reading() as session:
            self._read_labels(session)

    def _edit(self, user: User, act: Act) -> None:
        match act.kind:
            case ActKind.UNDO | ActKind.REDO:
                self._step(user, act.kind)
            case ActKind.PUT:
                self._apply(user, [self._put_ahead(act)])
            case ActKind.COPY:
                self._apply(user, self._copies(user, act))
            case ActKind.AGAIN:
                again, self.waiting = self.waiting, ()
                self._apply(user, again)
            case _:
                self._apply(user, EDITS[act.kind](act))
        self.enter(user, self.visit.frame)

    def _step(self, user: User, kind: ActKind) -> None:
        take = annotations.undo if kind is ActKind.UNDO else annotations.redo
        with transaction() as session:
            take(session, user, access.get_video(session, user, _id(self.video)))

    def _put_ahead(self, act: Act) -> PutBox:
        """The edit of a box that the canvas never had; it ends like one that the canvas has."""
        box = Box(*act.box)
        if self.surface:
            box = self.surface.to_frame(self.surface.to_canvas(box))
        if act.track:
            return PutBox(act.frame, box, track_id=act.track, occluded=act.occluded)
        return PutBox(act.frame, box, label=self.label)

    def _copies(self, user: User, act: Act) -> list[EditOp]:
        with reading() as session:
            video = access.get_video(session, user, _id(self.video))
            before = self._boxes_of(session, video, act.frame - 1)
            return copies(act, before, self._boxes_of(session, video, act.frame), self.aside)

    def _apply(self, user: User, edits: Sequence[EditOp]) -> None:
        with self._saving(user, edits):
            pass  # The visit that follows reads the boxes anew.

    def _save_drawing(self, user: User, edits: Sequence[PutBox]) -> None:
        with self._saving(user, edits) as (session, video, result):
            now = self._boxes_of(session, video, self.visit.frame)
        if result.revision > self.seen + 1:  # others were at work too: show what they did
            self.enter(user, self.visit.frame)
            return
        touched = {edit.track_id for edit in edits} | set(result.track_ids)
        self.seen, self.shown = result.revision, _on_canvas(self.shown, now, touched)
        self.adopted += result.track_ids

    @contextmanager
    def _saving(
        self, user: User, edits: Sequence[EditOp]
    ) -> Iterator[tuple[Session, Video, EditResult]]:
        """Save edits as one step; should somebody have been faster, they go to ``waiting``."""
        if not edits:
            raise InvalidInput("There is nothing left to do again.")
        try:
            with transaction() as session:
                video = access.get_video(session, user, _id(self.video))
                result = annotations.apply_edits(session, user, video, edits, self.seen)
                yield session, video, result
        except EditConflict:
            self.waiting = tuple(edits)
            raise

    def _begin_visit(self, session: Session, frame: int) -> None:
        self.seen, self.adopted = self.video.revision, ()
        self.left = self.visit.sentinel
        self.visit = Visit(frame, self.seen, token_hex(4))
        self.shown = tuple(lowest_first(self._boxes_of(session, self.video, frame)))
        if self.surface:
            within = [box for box in self.shown if box.track_id not in self.aside]
            self.drawing = drawing_of(self.visit, self.surface, within, self.colors())

    def _boxes_of(self, session: Session, video: Video, frame: int) -> list[FrameBox]:
        if not 0 <= frame < video.frame_count:
            return []
        return annotations.boxes_in(session, video, frame, frame + 1)[frame]

    def _read_labels(self, session: Session) -> None:
        self.labels = video_labels.list_labels(session, self.video)
        if self.label not in self.colors():
            self.label = self.labels[0].name if self.labels else ""

    @contextmanager
    def _explaining(self, user: User, *, is_edit: bool = True) -> Iterator[None]:
        """Turn a refusal into a notice, and show what is really saved.

        Args:
            is_edit: an edit that came second may be asked for again; undo and redo may not.
        """
        try:
            yield
        except EditConflict as error:
            changed = error.message.removesuffix(" Reload to continue.")
            self._say(f"{changed} You see the newest state now.", again=is_edit)
            self.enter(user, self.visit.frame)
        except TpodError as error:
            self._say(error.message)
            self.enter(user, self.visit.frame)

    def _say(self, text: str, again: bool = False) -> None:
        self.notice = Notice(self.notice.serial + 1, text, again)


def _on_canvas(
    shown: Sequence[FrameBox], now: Iterable[FrameBox], touched: Collection[int | None]
) -> tuple[FrameBox, ...]:
    """``shown`` after a save: the canvas knows nothing of what happened to other tracks.

    A derived box may have been found anew meanwhile. Were it taken over, the old one that the
    canvas still has would look like an edit of the person.
    """
    fresh = {box.track_id: box for box in now}
    kept = [fresh.pop(b.track_id, b) if b.track_id in touched else b for b in shown]
    return (*kept, *(box for track, box in fresh.items() if track in touched))


def _id(video: Video) -> int:
    if video.id is None:
        raise InvalidInput("This video was not saved yet.")
    return video.id
