"""Use cases of scheduling: booking, changing, schedules, and the catalogue of the clinic."""

from app.scheduling.services.attendance import (
    confirm_attendance,
    say_coming,
    say_not_coming,
    visit_of_link,
)
from app.scheduling.services.booking import (
    Booked,
    book_appointment,
)
from app.scheduling.services.catalogue import (
    close_again,
    close_clinic,
    import_coming_holidays,
    import_holidays,
    reopen_clinic,
    save_appointment_type,
    save_practitioner,
)
from app.scheduling.services.changes import change_status
from app.scheduling.services.forgetting import ForgottenBookings, forget_bookings
from app.scheduling.services.free_times import available_times, explain_time
from app.scheduling.services.holds import offer_freed_time
from app.scheduling.services.moving import reschedule_appointment
from app.scheduling.services.no_shows import mark_no_shows
from app.scheduling.services.offer_answers import accept_offer, decline_offer, offer_details
from app.scheduling.services.outages import continue_outage
from app.scheduling.services.points import contest_point, decide_point, missed_visits, own_points
from app.scheduling.services.reading import (
    CalendarWindow,
    VisitDetails,
    calendar_window,
    own_appointments,
    possible_steps,
    provider_schedule,
    times_to_move,
    visit_details,
)
from app.scheduling.services.reminders import own_wish, save_reminder_wish, send_reminders
from app.scheduling.services.schedules import (
    add_time_off,
    copy_day,
    remove_override,
    remove_time_off,
    remove_weekly_hours,
    save_override,
    save_weekly_hours,
)
from app.scheduling.services.seat_offers import offer_freed_seats
from app.scheduling.services.seat_reminders import send_seat_reminders
from app.scheduling.services.settled_claims import settle_claims
from app.scheduling.services.waitlist import (
    WaitingWish,
    hours_recovered,
    join_waitlist,
    own_waitlist,
    settle_waitlist,
    waiting_list,
    withdraw_from_waitlist,
)
from app.scheduling.services.wish import Wish

__all__ = [
    "Booked",
    "CalendarWindow",
    "ForgottenBookings",
    "VisitDetails",
    "WaitingWish",
    "Wish",
    "accept_offer",
    "add_time_off",
    "available_times",
    "book_appointment",
    "calendar_window",
    "change_status",
    "close_again",
    "close_clinic",
    "confirm_attendance",
    "contest_point",
    "continue_outage",
    "copy_day",
    "decide_point",
    "decline_offer",
    "explain_time",
    "forget_bookings",
    "hours_recovered",
    "import_coming_holidays",
    "import_holidays",
    "join_waitlist",
    "mark_no_shows",
    "missed_visits",
    "offer_details",
    "offer_freed_seats",
    "offer_freed_time",
    "own_appointments",
    "own_points",
    "own_waitlist",
    "own_wish",
    "possible_steps",
    "provider_schedule",
    "remove_override",
    "remove_time_off",
    "remove_weekly_hours",
    "reopen_clinic",
    "reschedule_appointment",
    "save_appointment_type",
    "save_override",
    "save_practitioner",
    "save_reminder_wish",
    "save_weekly_hours",
    "say_coming",
    "say_not_coming",
    "send_reminders",
    "send_seat_reminders",
    "settle_claims",
    "settle_waitlist",
    "times_to_move",
    "visit_details",
    "visit_of_link",
    "waiting_list",
    "withdraw_from_waitlist",
]
