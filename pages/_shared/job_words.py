"""What jobs and their states are called on the screens."""

from tpod_core.models import JobKind, JobState

KIND_WORDS = {
    JobKind.IMPORT_VIDEO: "Reading a video",
    JobKind.BUILD_TRAINING_SET: "Building a training set",
    JobKind.TRAIN_DETECTOR: "Training a detector",
    JobKind.EXPORT_MODEL: "Packing a model",
    JobKind.LOAD_DEMO: "Making the demo project",
}
STATE_BADGES = {
    JobState.QUEUED: ":gray-badge[waiting]",
    JobState.RUNNING: ":blue-badge[running]",
    JobState.SUCCEEDED: ":green-badge[done]",
    JobState.FAILED: ":red-badge[failed]",
    JobState.CANCELLED: ":orange-badge[cancelled]",
}
