"""One tab's stay in one video: what it shows, and the only ways in which that changes.

Nothing here polls or waits. A visit begins when the frame, the size of the canvas or the
boxes under it change; within a visit the canvas's arguments stay as they are, because a
change during a drag would lose the box being drawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlmodel import Session

from pages._shared.canvas import Surface, Visit, changes, drawing_of, fit, read_drawing
from pages._shared.labeling_acts import EDITS, Act, ActKind, Outbox
from tpod_core import access
from tpod_core.db import reading, transaction
from tpod_core.errors import EditConflict, InvalidInput, TpodError
from tpod_core.models import Label, User, Video
from tpod_core.services import annotations, videos
from tpod_core.services.annotations import FrameBox

_UNLISTED_COLOR = "#888888"


@dataclass(frozen=True)
class Notice:
    """A sentence for the person, shown once; ``serial`` tells equal sentences apart."""

    serial: int = 0
    text: str = ""
    refused: bool = False


@dataclass
class LabelingSession:
    """``seen`` is the revision on the screen; ``adopted`` are tracks drawn in this visit."""

    video: Video
    labels: list[Label] = field(default_factory=list)
    label: str = ""
    seen: int = 0
    visit: Visit = Visit(0, 0, 0)
    shown: tuple[FrameBox, ...] = ()
    adopted: tuple[int, ...] = ()
    surface: Surface | None = None
    drawing: dict[str, Any] = field(default_factory=dict)
    notice: Notice = Notice()
    client: str = ""
    acknowledged: int = 0

    @property
    def color(self) -> str:
        return self._colors().get(self.label, _UNLISTED_COLOR)

    def refresh(self, user: User) -> None:
        """Take over what others changed since; a new visit only if they changed boxes."""
        with reading() as session:
            self.video = access.get_video(session, user, _id(self.video))
            self._read_labels(session)
            if self.video.revision != self.seen and self.visit.serial:
                self._say("This video was changed elsewhere. You see the newest state.")
                self._begin_visit(session, self.visit.frame)

    def enter(self, user: User, frame: int) -> None:
        """Begin a visit on ``frame``, on what the database says now."""
        with reading() as session:
            self.video = access.get_video(session, user, _id(self.video))
            self._read_labels(session)
            self._begin_visit(session, min(max(frame, 0), max(self.video.frame_count - 1, 0)))

    def resize(self, user: User, stage_wh: tuple[int, int]) -> None:
        """Fit the canvas into a stage of CSS pixels."""
        surface = fit(self.video.frame_wh, stage_wh)
        if surface != self.surface:
            self.surface = surface
            self.enter(user, self.visit.frame)

    def commit(self, user: User, raw: Mapping[str, Any] | None) -> None:
        """Save what the canvas says. Idempotent; a drawing of another visit is dropped."""
        drawing = read_drawing(raw)
        if self.surface is None or drawing.sentinel != self.visit.sentinel:
            return
        found = changes(drawing, self.visit, self.surface, self.shown, self.adopted)
        if found.edits:
            self._save_drawing(user, found.edits)
        if found.refused:
            self._say(" ".join(found.refused), refused=True)
            if any(box.track_id for box in drawing.boxes):
                self.enter(user, self.visit.frame)

    def perform(self, user: User, outbox: Outbox) -> None:
        """Do the acts that were not done yet, in order; each is done at most once."""
        if outbox.client != self.client:
            self.client, self.acknowledged = outbox.client, 0
        for act in outbox.acts:
            if act.seq > self.acknowledged:
                self.acknowledged = act.seq
                with self.explaining(user):
                    self._do(user, act)
