"""Selects the classes of a training set; a class's position is its ``class_id``."""

from collections.abc import Sequence

from tpod_core.annotations.document import LabelDoc
from tpod_core.annotations.label_names import clean_label_name, same_name_key
from tpod_core.errors import InvalidInput
from tpod_core.names import normalised
from tpod_core.training_sets.labelled_videos import LabelledVideo


def choose_classes(names: Sequence[str] | None, sources: Sequence[LabelledVideo]) -> list[LabelDoc]:
    """Returns the labels ``names``, in that order; for ``None``, all labels of the videos.

    Raises: InvalidInput if a label is in no video's list, or if two names read the same.
    """
    known = {label.name: label for source in sources for label in source.labels}
    if names is None:
        chosen = list(known.values())
    else:
        chosen = [_find(known, name, f"labels[{i}]") for i, name in enumerate(names)]
        if not chosen:
            raise InvalidInput("Choose at least one label.", "labels")
    _require_distinct([label.name for label in chosen], given=names is not None)
    return chosen


def _find(known: dict[str, LabelDoc], name: str, field: str) -> LabelDoc:
    clean = normalised(name)  # it may be older than the rules for new names
    if clean not in known:
        clean = clean_label_name(name, field)
        raise InvalidInput(f'No chosen video has the label "{clean}" in its list.', field)
    return known[clean]


def _require_distinct(names: Sequence[str], *, given: bool) -> None:
    first_by_key: dict[str, str] = {}
    for number, name in enumerate(names):
        first = first_by_key.setdefault(same_name_key(name), name)
        if first is not name or names.index(name) != number:
            twice = (
                f'The class "{name}" is there twice.'
                if first == name
                else f'The classes "{first}" and "{name}" read as the same name.'
            )
            field = f"labels[{number}]" if given else "labels"
            raise InvalidInput(f"{twice} Choose one of them, or relabel its tracks.", field)
