"""Every error that TPOD raises on purpose, one tree.

    TpodError
    ├── NotSignedIn            who are you?
    ├── NotAllowed             your role does not reach this
    ├── NotFound               no such thing, or not yours
    ├── InvalidInput           one field of the request is wrong
    │   └── TooLarge           more bytes, pixels or frames than allowed
    ├── NotAVideo              the file cannot be read as a video
    ├── NotAnImage             the file cannot be read as an image
    ├── Conflict               the thing is in the wrong state for this
    │   ├── EditConflict       someone else edited it since you looked
    │   │   └── TooOld         so much happened since you looked that nobody can tell
    │   └── OtherUser          made by one person, sent by another
    ├── TooManyAttempts        sign-in tried too often
    ├── Unavailable            a service that we stand on is away
    │   └── StorageFull        no room left on the disk
    └── JobStopped             ends a running job on purpose
        ├── JobCancelled       a person asked for it
        ├── Superseded         what it worked on has changed: it begins anew
        └── LeaseLost          another run of the same job took over

A message names the thing and the way out, in a sentence a person can act on. Status
codes belong to ``tpod_core.web``; this module knows none.
"""


class TpodError(Exception):
    """Base of all; ``message`` is shown to the person as it is."""

    code = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotSignedIn(TpodError):
    code = "not_signed_in"


class NotAllowed(TpodError):
    code = "not_allowed"


class NotFound(TpodError):
    code = "not_found"


class InvalidInput(TpodError):
    """One wrong value; ``field`` is its dotted path in the request, if it has one."""

    code = "invalid_input"

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class TooLarge(InvalidInput):
    code = "too_large"


class NotAVideo(TpodError):
    code = "not_a_video"


class NotAnImage(TpodError):
    code = "not_an_image"


class Conflict(TpodError):
    code = "conflict"


class EditConflict(Conflict):
    code = "edit_conflict"


class TooOld(EditConflict):
    code = "too_old"


class OtherUser(Conflict):
    code = "other_user"


class TooManyAttempts(TpodError):
    code = "too_many_attempts"


class Unavailable(TpodError):
    code = "unavailable"


class StorageFull(Unavailable):
    code = "storage_full"


class JobStopped(TpodError):
    code = "job_stopped"


class JobCancelled(JobStopped):
    code = "job_cancelled"


class Superseded(JobStopped):
    code = "superseded"


class LeaseLost(JobStopped):
    code = "lease_lost"
