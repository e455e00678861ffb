"""The database tables, and the enumerations of their columns.

Alembic (``tpod_core/migrations``) creates them; a test compares the two. Every date is UTC with
a timezone. Tables whose ids name directories never reuse an id (``sqlite_autoincrement``).
"""

from tpod_core.models.attempts import Attempt, KnownClient
from tpod_core.models.base import (
    MAX_ID_DIGITS,
    MAX_ROW_ID,
    RowId,
    UtcDateTime,
    find_row_id,
    saved_id,
    utc_now,
)
from tpod_core.models.detectors import Artifact, Detector, DetectorState
from tpod_core.models.edits import Edit, EditBatch, TrackName
from tpod_core.models.findings import Finding, Verdict
from tpod_core.models.jobs import DELETED, Job, JobKind, JobState, ProcessLock, QueueName, Subject
from tpod_core.models.labeling_time import LabelingTime
from tpod_core.models.labels import Label, VideoLabel
from tpod_core.models.tracks import DerivedSegment, FrameRange, Keyframe, KeyframeSource, Track
from tpod_core.models.training_sets import TrainingSet, TrainingSetState
from tpod_core.models.users import ApiToken, AuthSession, Role, User
from tpod_core.models.videos import FpsSource, Video, VideoState

__all__ = [
    "DELETED",
    "MAX_ID_DIGITS",
    "MAX_ROW_ID",
    "ApiToken",
    "Artifact",
    "Attempt",
    "AuthSession",
    "DerivedSegment",
    "Detector",
    "DetectorState",
    "Edit",
    "EditBatch",
    "Finding",
    "FpsSource",
    "FrameRange",
    "Job",
    "JobKind",
    "JobState",
    "Keyframe",
    "KeyframeSource",
    "KnownClient",
    "Label",
    "LabelingTime",
    "ProcessLock",
    "QueueName",
    "Role",
    "RowId",
    "Subject",
    "Track",
    "TrackName",
    "TrainingSet",
    "TrainingSetState",
    "User",
    "UtcDateTime",
    "Verdict",
    "Video",
    "VideoLabel",
    "VideoState",
    "find_row_id",
    "saved_id",
    "utc_now",
]
