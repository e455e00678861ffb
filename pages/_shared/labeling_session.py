"""One tab's stay in one video: what it shows, and the only ways in which that changes.

Nothing here polls or waits. A visit begins when the frame, the size of the canvas or the
boxes under it change; within a visit the canvas's arguments stay as they are, because a
change during a drag would lose the box being drawn.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

from sqlmodel import Session

from pages._shared.canvas import Surface, Visit, changes, drawing_of, fit, read_drawing
from pages._shared.labeling_acts import EDITS, Act, ActKind, Outbox
from tpod_core import access
from tpod_core.db import reading, transaction
from tpod_core.errors import EditConflict, InvalidInput, TpodError
from tpod_core.models import Label, User, Video
from tpod_core.services import annotations, videos
from tpod_core.services.annotations import FrameBox, PutBox
from tpod_core.services.videos import LabelWish


@dataclass(frozen=True)
class Notice:
    """What was refused and why, shown once; ``serial`` tells equal sentences apart."""

    serial: int = 0
    text: str = ""


@dataclass
class LabelingSession:
    """``seen`` is the revision on the screen; ``adopted`` are tracks drawn in this visit.

    ``left`` is the sentinel of the visit before, ``heard`` the canvas's last answer.
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
                with self._explaining(user):
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
            listed = [label.name for label in videos.list_labels(session, video)]
            if name not in listed:
                # A label that the team has already keeps the team's colour.
                known = any(label.name == name for label in videos.list_catalogue(session))
                wishes: list[LabelWish] = [(label, None) for label in listed]
                videos.set_labels(session, video, [*wishes, (name, None if known else color)])
        self.label = name
        with reading() as session:
            self._read_labels(session)

    def _edit(self, user: User, act: Act) -> None:
        with transaction() as session:
            video = access.get_video(session, user, _id(self.video))
            if act.kind is ActKind.UNDO:
                annotations.undo(session, user, video, self.seen)
            elif act.kind is ActKind.REDO:
                annotations.redo(session, user, video, self.seen)
            else:
                annotations.apply_edits(session, user, video, [EDITS[act.kind](act)], self.seen)
        self.enter(user, self.visit.frame)

    def _save_drawing(self, user: User, edits: Sequence[PutBox]) -> None:
        with transaction() as session:
            video = access.get_video(session, user, _id(self.video))
            result = annotations.apply_edits(session, user, video, edits, self.seen)
            shown = self._boxes(session, video)
        self.seen, self.shown = result.revision, shown
        self.adopted += result.track_ids

    def _begin_visit(self, session: Session, frame: int) -> None:
        self.seen, self.adopted = self.video.revision, ()
        self.left = self.visit.sentinel
        self.visit = Visit(frame, self.seen, token_hex(4))
        self.shown = self._boxes(session, self.video)
        if self.surface:
            self.drawing = drawing_of(self.visit, self.surface, self.shown, self.colors())

    def _boxes(self, session: Session, video: Video) -> tuple[FrameBox, ...]:
        frame = self.visit.frame
        return tuple(annotations.boxes_in(session, video, frame, frame + 1).get(frame, ()))

    def _read_labels(self, session: Session) -> None:
        self.labels = videos.list_labels(session, self.video)
        if self.label not in self.colors():
            self.label = self.labels[0].name if self.labels else ""

    @contextmanager
    def _explaining(self, user: User) -> Iterator[None]:
        """Turn a refusal into a notice, and show what is really saved."""
        try:
            yield
        except EditConflict as error:
            self._say(f"{error.message} You see the newest state now; do your last step again.")
            self.enter(user, self.visit.frame)
        except TpodError as error:
            self._say(error.message)
            self.enter(user, self.visit.frame)

    def _say(self, text: str) -> None:
        self.notice = Notice(self.notice.serial + 1, text)


def _id(video: Video) -> int:
    if video.id is None:
        raise InvalidInput("This video was not saved yet.")
    return video.id
