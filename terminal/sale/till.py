"""The till: opens a sale, judges what answers it, and remembers before anybody is told.

One thread. Reading the counters, deciding and appending is one transaction; an ``Accepted`` leaves
here only after its commit. A commit that fails stops the till until the journal is reopened: it is
never tried again, and nobody guesses (``OutcomeUnknown`` passes through).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from terminal.journal.draft import EntryDraft
from terminal.journal.entry import EntryKind
from terminal.payment.ack import Ack, AckStatus, sign_ack
from terminal.payment.decision import (
    AlreadyPaid,
    Approved,
    Decision,
    Declined,
    decide,
    take_number,
)
from terminal.payment.presentation import Numbered, code_of_digest, spend_digest
from terminal.payment.reasons import Reason
from terminal.payment.verification import PresentationRefused, Prior, read_presentation, verify
from terminal.sale.asking import Asking
from terminal.sale.open_sale import LIFETIME_MS, OpenSale
from terminal.sale.outcome import Accepted, ConfirmPayer, Outcome, Refused, Returned
from terminal.sale.throttle import Throttle
from terminal.sale.view import Carrier

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.journal.entry import Entry
    from terminal.journal.transaction import Transaction
    from terminal.journal.writer import Journal
    from terminal.payment.clock_floor import Moment
    from terminal.payment.deny_list import DenyList
    from terminal.payment.policy import Policy
    from terminal.payment.presentation import Presentation
    from terminal.payment.verification import VerifiedPresentation
    from terminal.ports import Clock, RandomBytes, Signer
    from terminal.sale.timekeeper import Timekeeper


class Till:
    """Sells under one policy into one journal; ``signer`` is the journal key, for acks."""

    def __init__(
        self,
        journal: Journal,
        policy: Policy,
        *,
        signer: Signer,
        clock: Clock,
        timekeeper: Timekeeper,
        random_bytes: RandomBytes,
    ) -> None:
        self.policy = policy
        self.deny: DenyList | None = None
        """The long deny list in force, where one is installed."""
        self.unverified_count = 0
        """Presentations that did not verify, since the start: counted, never entries."""
        self._journal = journal
        self._signer = signer
        self._clock = clock
        self._timekeeper = timekeeper
        self._declines = Throttle(clock.monotonic_ms())
        self._asking = Asking(journal, clock, random_bytes)

    @property
    def sale(self) -> OpenSale | None:
        """The sale whose request still counts."""
        return self._asking.sale

    def moment(self) -> Moment:
        """Now, as the clock rules have it."""
        return self._timekeeper.moment(self.policy, self._journal.clock_floor_unix_s)

    def open(self, amount_minor: int, lifetime_ms: int = LIFETIME_MS) -> OpenSale:
        """Ask for an amount, with a nonce nobody has seen."""
        return self._asking.open(amount_minor, lifetime_ms, self.policy)

    def renew(self) -> OpenSale | None:
        """The same sale with a fresh nonce, after the old one ran out unpaid."""
        return self._asking.renew(self.policy)

    def close(self) -> None:
        """Nothing is asked for any more; what answers the old request from now on is late."""
        self._asking.close()

    def present(
        self,
        data: bytes,
        carrier: Carrier,
        *,
        seller_confirmed: bool = False,
        card_uid: bytes | None = None,
    ) -> Outcome:
        """Judge presentation bytes from any carrier for the open sale; ``card_uid`` with a tap.

        Raises:
            OutcomeUnknown: the commit failed; nothing may be announced, nothing more sold.
        """
        return self._try(
            lambda: self._judge(read_presentation(data), data, carrier, seller_confirmed, card_uid),
            carrier,
        )

    def present_number(self, card_uid: bytes, *, seller_confirmed: bool = False) -> Outcome:
        """Judge the number that was read off a card by the permit that names it, if one does.

        Raises:
            OutcomeUnknown: the commit failed; nothing may be announced, nothing more sold.
        """
        permit, sale = self.policy.permit_of(card_uid), self.sale
        if permit is None or sale is None:
            reason = Reason.NO_PERMIT_FOR_CARD if permit is None else Reason.NO_OPEN_SALE
            return Refused((reason,), Carrier.TAP, verified=False)
        with self._journal.transaction() as transaction:
            counters = transaction.counters(permit.id)
        taken = take_number(permit, sale.request, counters)
        return self._try(
            lambda: self._judge(taken, taken.encode(), Carrier.TAP, seller_confirmed, card_uid),
            Carrier.TAP,
        )

    def ack(self, accepted: Accepted) -> bytes:
        """The terminal's signed word to the payer; signed when a carrier takes it, not before."""
        status = AckStatus.ALREADY_PAID if accepted.again else AckStatus.ACCEPTED
        ack = Ack(status, accepted.index, accepted.leaf)
        return sign_ack(ack, self.policy.terminal, accepted.spend_digest, self._signer)

    def refund(self, index: int, amount_minor: int) -> Returned:
        """Give back part or all of a sale of this journal.

        Raises:
            NotAllowed: no such sale, or more than is left of it.
            OutcomeUnknown: the commit failed.
        """
        with self._journal.transaction() as transaction:
            entry = transaction.refund(index, amount_minor, policy=self.policy.version)
        return Returned(entry.index, index, amount_minor)

    def void(self, index: int) -> Returned:
        """Undo a whole sale of the open shift.

        Raises:
            NotAllowed: no such sale, its shift is closed, or some of it was given back already.
            OutcomeUnknown: the commit failed.
        """
        line = self._journal.line(index)
        with self._journal.transaction() as transaction:
            entry = transaction.void(index, policy=self.policy.version)
        assert line is not None
        return Returned(entry.index, index, line.amount_minor, void=True)

    # --- judging -------------------------------------------------------------------------------

    def _try(self, judge: Callable[[], Outcome], carrier: Carrier) -> Outcome:
        """What does not verify is counted and refused."""
        try:
            return judge()
        except PresentationRefused as refused:
            self.unverified_count += 1
            return Refused((refused.reason,), carrier, verified=False)

    def _judge(
        self,
        presentation: Presentation,
        data: bytes,
        carrier: Carrier,
        confirmed: bool,
        card_uid: bytes | None,
    ) -> Outcome:
        sale, moment = self.sale, self.moment()
        with self._journal.transaction() as transaction:
            verified = self._verify(transaction, presentation, sale, moment)
            decision = decide(
                verified,
                request=None if sale is None else sale.request,
                policy=self.policy,
                counters=transaction.counters(presentation.coupon_id),
                moment=moment,
                paid_entry=None if sale is None else sale.entry_index,
                seller_confirmed=confirmed,
                by_sound=carrier is Carrier.SOUND,
                card_uid=card_uid,
                deny=self.deny,
            )
            draft = self._draft(verified, data, sale, moment)
            entry = self._remember(transaction, verified, decision, draft)
        return self._answer(decision, entry, presentation, carrier)

    def _verify(
        self,
        transaction: Transaction,
        presentation: Presentation,
        sale: OpenSale | None,
        moment: Moment,
    ) -> VerifiedPresentation:
        known_coupon, prior = None, None
        if transaction.counters(presentation.coupon_id).coupon is not None:  # seen here before
            known_coupon = transaction.coupon(presentation.coupon_id)
            entry = transaction.prior(presentation.spend_id)
            prior = None if entry is None else Prior(entry.index, entry.presentation)
        return verify(
            presentation,
            request_bytes=None if sale is None else sale.request_bytes,
            known_coupon=known_coupon,
            policy=self.policy,
            prior=prior,
            moment=moment,
        )

    def _remember(
        self,
        transaction: Transaction,
        verified: VerifiedPresentation,
        decision: Decision,
        draft: EntryDraft,
    ) -> Entry | None:
        """Append what is worth an entry: every approval, and declines as far as the rate allows."""
        if isinstance(decision, AlreadyPaid):
            return transaction.entry(decision.entry_index)
        if isinstance(decision, Approved):
            return transaction.append(
                replace(
                    draft,
                    kind=EntryKind.ACCEPTED,
                    spend=decision.spend_id,
                    coupon_bytes=_kept_bytes(verified),
                    sale_digest=decision.sale,
                )
            )
        if decision.needs_seller_only or not self._declines.allows(self._clock.monotonic_ms()):
            return None
        return transaction.append(replace(draft, reasons=tuple(map(int, decision.reasons))))

    def _draft(
        self,
        verified: VerifiedPresentation,
        data: bytes,
        sale: OpenSale | None,
        moment: Moment,
    ) -> EntryDraft:
        return EntryDraft(
            kind=EntryKind.DECLINED,
            policy=self.policy.version,
            sale=0 if sale is None else sale.number,
            request=verified.request_bytes or (sale.request_bytes if sale else b""),
            slot=verified.slot,
            presentation=data,
            coupon_digest=verified.coupon.digest,
            time_unix_s=moment.unix_s if moment.known else moment.floor_s,
            quality=moment.quality,
        )

    def _answer(
        self,
        decision: Decision,
        entry: Entry | None,
        presentation: Presentation,
        carrier: Carrier,
    ) -> Outcome:
        digest = spend_digest(presentation)
        code = code_of_digest(digest)
        if isinstance(decision, Declined):
            if decision.needs_seller_only:
                return ConfirmPayer(code)
            return Refused(
                decision.reasons,
                carrier,
                verified=True,
                prior_entry=decision.prior_entry,
                check_code=code,
            )
        assert entry is not None
        again = isinstance(decision, AlreadyPaid)
        self._asking.paid(entry.index)
        return Accepted(
            index=entry.index,
            amount_minor=presentation.spend.amount_minor,
            carrier=carrier,
            check_code=code,
            leaf=entry.leaf(),
            spend_digest=digest,
            again=again,
        )


def _kept_bytes(verified: VerifiedPresentation) -> bytes | None:
    """What a later spend alone is checked by; a permit comes with every sale, from the policy."""
    if isinstance(verified.presentation, Numbered):
        return None
    return verified.coupon.encode()
