"""What the desk of the clinic does."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.models import Patient, Visit


def find_by_email(session: Session, email: str) -> Patient | None:
    return session.scalars(select(Patient).where(Patient.email == email)).first()


def register(session: Session, email: str, full_name: str) -> Patient:
    patient = Patient(email=email, full_name=full_name)
    session.add(patient)
    return patient


def change_email(session: Session, patient: Patient, new: str) -> None:
    if find_by_email(session, new) is not None:
        raise ValueError(new)
    patient.email = new.strip().lower()
    session.flush()


def next_visits(session: Session, patient: Patient) -> list[Visit]:
    query = select(Visit).where(Visit.patient_id == patient.id).order_by(Visit.starts_at)
    return list(session.scalars(query))
