"""The tree of all errors that TPOD raises on purpose.

    TpodError
    ├── NotSignedIn            the request has no valid session or token
    ├── NotAllowed             the user's role does not permit this
    ├── NotFound               the object does not exist, or belongs to someone else
    ├── InvalidInput           one field of the request is invalid
    │   └── TooLarge           more bytes, pixels or frames than allowed
    ├── NotAVideo              the file cannot be read as a video
    ├── NotAnImage             the file cannot be read as an image
    ├── Conflict               the object is in the wrong state for this
    │   ├── EditConflict       someone else edited it since the given revision
    │   │   └── TooOld         the log does not reach back to the given revision
    │   └── OtherUser          made by one person, sent by another
    ├── TooManyAttempts        too many attempts to sign in, register or change a password
    ├── Unavailable            a required service does not respond
    │   ├── StorageFull        the disk has no space left
    │   └── CannotStart        the settings or the data do not let the program start
    └── JobStopped             ends a running job on purpose
        ├── JobCancelled       a person asked for it
        ├── Superseded         its input has changed, so the work starts again
        └── LeaseLost          another run of the same job took over

A message names the object and tells the person what to do. Only ``tpod_core.web`` knows
status codes.
"""


class TpodError(Exception):
    """Base class; ``message`` is shown to the person unchanged."""

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
    """An invalid value; ``field`` is its dotted path in the request, if it has one."""

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
    """``retry_after_s``: the seconds, at least one, after which another attempt may be made."""

    code = "too_many_attempts"

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unavailable(TpodError):
    code = "unavailable"


class StorageFull(Unavailable):
    code = "storage_full"


class CannotStart(Unavailable):
    code = "cannot_start"


class JobStopped(TpodError):
    code = "job_stopped"


class JobCancelled(JobStopped):
    code = "job_cancelled"


class Superseded(JobStopped):
    code = "superseded"


class LeaseLost(JobStopped):
    code = "lease_lost"
