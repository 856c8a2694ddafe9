"""The words that columns may hold, as Literals and as tuples. Import-light: faces and the hot read use it."""

from __future__ import annotations

from typing import Literal, get_args

AppointmentKind = Literal["client_session", "client_contact", "collateral_contact", "other_event"]
AppointmentStatus = Literal["scheduled", "tentative", "completed", "cancelled"]
CancellationType = Literal["late_cancel", "no_show", "therapist_cancel", "other"]
ContactMedium = Literal["phone", "in_person", "email", "other"]
CollateralRole = Literal["parent_or_guardian", "spouse", "family_member", "caseworker", "physician", "other"]
BillingStatus = Literal["none", "started", "paid"]
ClaimStatus = Literal["none", "draft", "submitted", "processed"]
Origin = Literal["couchcal", "booking_page", "portal", "google", "ics"]
VisitType = Literal["in_person", "telehealth"]
VisitMode = Literal["both", "telehealth", "in_person"]
ClientState = Literal["intake", "active", "archived"]
PortalState = Literal["none", "invited", "accepted", "revoked"]
IdentifierMode = Literal["id", "initials", "first", "full"]
RequestStatus = Literal["unverified", "pending", "accepted", "declined", "withdrawn", "expired"]
ModifierSource = Literal["auto", "manual"]
Scope = Literal["this", "future"]

APPOINTMENT_KINDS: tuple[str, ...] = get_args(AppointmentKind)
APPOINTMENT_STATUSES: tuple[str, ...] = get_args(AppointmentStatus)
CANCELLATION_TYPES: tuple[str, ...] = get_args(CancellationType)
CONTACT_MEDIUMS: tuple[str, ...] = get_args(ContactMedium)
COLLATERAL_ROLES: tuple[str, ...] = get_args(CollateralRole)
BILLING_STATUSES: tuple[str, ...] = get_args(BillingStatus)
CLAIM_STATUSES: tuple[str, ...] = get_args(ClaimStatus)
ORIGINS: tuple[str, ...] = get_args(Origin)
VISIT_TYPES: tuple[str, ...] = get_args(VisitType)
VISIT_MODES: tuple[str, ...] = get_args(VisitMode)
CLIENT_STATES: tuple[str, ...] = get_args(ClientState)
PORTAL_STATES: tuple[str, ...] = get_args(PortalState)
IDENTIFIER_MODES: tuple[str, ...] = get_args(IdentifierMode)
REQUEST_STATUSES: tuple[str, ...] = get_args(RequestStatus)
MODIFIER_SOURCES: tuple[str, ...] = get_args(ModifierSource)

MAX_MODIFIERS = 4
TELEHEALTH_PLACES_OF_SERVICE = ("02", "10")
"""CMS place-of-service codes that stand for telehealth (MOD-01)."""
MARKS: tuple[str, ...] = (
    "note-signed", "note-unlocked", "billing-started", "billing-cancelled", "paid", "refunded", "claim-submitted",
    "claim-processed", "claim-cleared",
)  # fmt: skip
"""What can be marked on an appointment, each a step from one state of note, bill or claim to the next."""
