"""What rooms, equipment and preferences refuse."""

from collections.abc import Sequence

from app.kernel.errors import Conflict, Invalid, NotFound


class UnknownResource(NotFound):
    """The name means no room and no equipment."""

    code = "scheduling.unknown_resource"

    def __init__(self, message: str = "There is no such room or equipment.") -> None:
        super().__init__(message)


class UnknownBlock(NotFound):
    """There is no such maintenance."""

    code = "scheduling.unknown_block"

    def __init__(self) -> None:
        super().__init__("There is no such entry. It may have been removed already.")


class ResourceCodeTaken(Conflict):
    """Another room or piece of equipment has the code."""

    code = "scheduling.resource_code_taken"

    def __init__(self) -> None:
        sentence = "Another room or piece of equipment has this code."
        super().__init__(sentence, errors={"code": [sentence]})


class ResourceKindFixed(Invalid):
    """Claims name the kind, so that a room stays a room."""

    code = "scheduling.resource_kind_fixed"

    def __init__(self) -> None:
        sentence = "A room stays a room and equipment stays equipment. Please add a new one."
        super().__init__(sentence, errors={"kind": [sentence]})


class ResourceInUse(Conflict):
    """Something holds the resource. `appointment_ids` are the visits in the way."""

    code = "scheduling.resource_in_use"

    def __init__(
        self,
        message: str = "This time has just been taken. Please look again.",
        *,
        appointment_ids: Sequence[int] = (),
    ) -> None:
        super().__init__(message)
        self.appointment_ids = list(appointment_ids)
