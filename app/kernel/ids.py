"""A NewType for each identifier, so that a patient's id is not taken for an appointment's."""

from typing import NewType

UserId = NewType("UserId", int)
PatientId = NewType("PatientId", int)
PractitionerId = NewType("PractitionerId", int)
ResourceId = NewType("ResourceId", int)
AppointmentId = NewType("AppointmentId", int)
AppointmentTypeId = NewType("AppointmentTypeId", int)
CommunicationId = NewType("CommunicationId", int)
CampusId = NewType("CampusId", int)
