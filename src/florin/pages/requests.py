"""What pages show of a refund request, to both sides: what is asked, whose turn it is and until when, what was shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse

from florin.events import EvidenceFile, EvidenceGiven, ItemCount
from florin.events.refusals import Language
from florin.money.at import At
from florin.pages.show import full_date, money
from florin.pages.texts import text
from florin.payments.items import OrderLine
from florin.payments.requests.request import RefundRequest, RequestState
from florin.payments.requests.terms import EscrowTerms, escrow_terms
from florin.store.evidence import keep_evidence, media_type, read_evidence

_TONES = {
    RequestState.REFUNDED: "good",
    RequestState.DECIDED: "good",
    RequestState.REFUSED: "bad",
    RequestState.DISPUTED: "bad",
    RequestState.WITHDRAWN: "plain",
    RequestState.LAPSED: "plain",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceShown:
    """files: name and address of each."""

    who: str
    on: str
    note: str
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestShown:
    """facts: label and value, in order. next_step: whose turn it is, and until when. amount: what it comes to today."""

    id: int
    payment_id: int
    state: str
    tone: str
    next_step: str
    amount: str
    facts: tuple[tuple[str, str], ...]
    evidence: tuple[EvidenceShown, ...]
    is_open: bool
    is_asked: bool
    is_sent: bool
    is_return: bool
    can_answer: bool
    can_send: bool
    can_dispute: bool
    can_show: bool
    may_keep_fee: bool


def request_of(
    request: RefundRequest,
    lines: Sequence[OrderLine],
    evidence: Sequence[EvidenceGiven],
    at: At,
    language: Language,
    *,
    files_at: str,
    side: str = "request",
) -> RequestShown:
    """files_at: where its files are shown. side: whose words, `request` the buyer's, `requests` the seller's."""
    state, terms = request.state, escrow_terms(at.on)
    can_show = state is RequestState.DISPUTED and request.evidence_by is not None and at.on <= request.evidence_by
    return RequestShown(
        id=request.id,
        payment_id=request.payment_id,
        state=state_name(request, language),
        tone=tone_of(request),
        next_step=_next_step(request, language, side),
        amount=money(request.amount_minor - request.fee_minor, language),
        facts=tuple(_facts(request, lines, language)),
        evidence=tuple(_evidence(each, files_at, language) for each in evidence),
        is_open=state.is_open,
        is_asked=state is RequestState.ASKED,
        is_sent=state is RequestState.SENT,
        is_return=request.sort == "return",
        can_answer=state in (RequestState.ASKED, RequestState.SENT),
        can_send=state is RequestState.RETURNING,
        can_dispute=state is RequestState.REFUSED,
        can_show=can_show,
        may_keep_fee=state is RequestState.ASKED and terms.reasons[request.reason].fee,
    )


def state_name(request: RefundRequest, language: Language) -> str:
    return text(language, f"request.state.{request.state.name.lower()}")


def tone_of(request: RefundRequest) -> str:
    return _TONES.get(request.state, "wait")


def _next_step(request: RefundRequest, language: Language, side: str) -> str:
    if not request.state.is_open:
        key = "request.next.over" if request.refunded_minor else "request.next.over_none"
        return text(language, key, amount=money(request.refunded_minor, language))
    until = request.evidence_by or request.due_on
    return text(
        language,
        f"{side}.next.{request.state.name.lower()}",
        date=full_date(request.due_on, language),
        evidence=full_date(until, language),
    )


def _facts(request: RefundRequest, lines: Sequence[OrderLine], language: Language) -> list[tuple[str, str]]:
    facts = [
        ("asked", money(request.amount_minor, language)),
        ("why", text(language, f"refund.reason.{request.reason}")),
        ("sort", text(language, f"request.sort.{request.sort}")),
        ("asked_on", full_date(request.asked_on, language)),
        ("things", _things(request.items, lines)),
        ("you_said", request.note),
        ("shop_said", request.answer),
        ("fee", money(request.fee_minor, language) if request.fee_minor else ""),
        ("sent_with", f"{request.carrier} {request.tracking_no}".strip()),
        ("held", money(request.held_minor, language) if request.held_minor and request.state.is_open else ""),
        ("decision", request.decided),
    ]
    return [(text(language, f"request.{label}"), value) for label, value in facts if value]


def _things(items: Sequence[ItemCount], lines: Sequence[OrderLine]) -> str:
    return ", ".join(f"{lines[item.line - 1].title} × {item.quantity}" for item in items)


def _evidence(given: EvidenceGiven, files_at: str, language: Language) -> EvidenceShown:
    return EvidenceShown(
        who=text(language, f"evidence.{given.by}"),
        on=full_date(given.value_on, language),
        note=given.note,
        files=tuple((file.name, f"{files_at}/{file.digest}") for file in given.files),
    )


def evidence_limits(terms: EscrowTerms) -> Mapping[str, object]:
    """What a form says of the files that it takes."""
    return {
        "files_max": terms.evidence_files_max,
        "megabytes_max": terms.evidence_bytes_max // 1_000_000,
        "accept": ",".join(terms.evidence_types),
    }


def files_of(request: HttpRequest, terms: EscrowTerms) -> tuple[EvidenceFile, ...] | None:
    """The files of a form, kept; None when there are more, or larger ones, than anybody may show, and nothing is kept.

    What they are is read from what is in them. Whether a side may show them all, the dispute says.
    """
    uploads: list[UploadedFile] = request.FILES.getlist("files")
    if len(uploads) > terms.evidence_files_max or any(_too_large(each, terms) for each in uploads):
        return None
    return tuple(_kept(each, terms) for each in uploads)


def _too_large(upload: UploadedFile, terms: EscrowTerms) -> bool:
    return bool(upload.size is None or upload.size > terms.evidence_bytes_max)


def _kept(upload: UploadedFile, terms: EscrowTerms) -> EvidenceFile:
    content = upload.read()
    found = media_type(content)
    # What is refused by its kind is not kept either: the command that names it is refused.
    digest = keep_evidence(Path(settings.EVIDENCE_FOLDER), content) if found in terms.evidence_types else "-"
    name = "".join(letter for letter in str(upload.name or "file") if letter.isprintable())[-100:]
    return EvidenceFile(digest=digest, name=name, type=found, size=len(content))


def evidence_file(evidence: Sequence[EvidenceGiven], digest: str) -> HttpResponse:
    """A file that one of a dispute's sides has shown, to be kept, never run. Raises Http404 for every other."""
    file = next((file for given in evidence for file in given.files if file.digest == digest), None)
    content = None if file is None else read_evidence(Path(settings.EVIDENCE_FOLDER), digest)
    if file is None or content is None:
        raise Http404
    answer = HttpResponse(content, content_type=file.type)
    answer["Content-Disposition"] = f'attachment; filename="evidence-{digest[:8]}{_ENDINGS.get(file.type, "")}"'
    return answer


_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}
