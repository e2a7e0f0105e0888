"""What waits for a person: disputed entries, and the word that ends a dispute.

A dispute ends by paying, where the spend is genuine, or by refusing. The terminal sends a disputed
entry again in each dialogue, so it learns the new verdict without another message.
"""

from __future__ import annotations

from dataclasses import replace

from host_sim.judgement import Finding
from host_sim.model import Leaf
from host_sim.office import Office
from host_sim.payments import Payments, Place
from host_sim.refusal import UsageError
from host_sim.store.port import Unit
from terminal.payment.verdict import Verdict, VerdictReason, VerdictStatus, sign_verdict


def answered_with(office: Office, leaf: Leaf, finding: Finding) -> Leaf:
    """A leaf with a freshly signed verdict."""
    verdict = Verdict(
        leaf.terminal,
        leaf.epoch,
        leaf.index,
        leaf.leaf,
        finding.status,
        int(finding.reason),
        office.now(),
    )
    return replace(
        leaf,
        status=int(finding.status),
        reason=int(finding.reason),
        verdict=sign_verdict(verdict, office.keys.verdict),
    )


class Review:
    """Disputes, and their end."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def disputes(self) -> tuple[Leaf, ...]:
        """Every entry held for a person."""
        with self._office.store.unit() as unit:
            return unit.custody.with_status(VerdictStatus.DISPUTED)

    def resolve(
        self, terminal: int, epoch: int, index: int, *, pay: bool, leaf: bytes | None = None
    ) -> Leaf:
        """End a dispute: pay the merchant, or refuse. ``leaf`` chooses between forks.

        Raises:
            UsageError: no such dispute, several, or the spend cannot be paid.
        """
        with self._office.store.unit() as unit:
            held = self._disputed(unit, (terminal, epoch, index), leaf)
            finding = Finding(VerdictStatus.REFUSED, VerdictReason(held.reason))
            if pay:
                place = Place(terminal, epoch, index, held.leaf, forked=False, journal_forked=True)
                paid = Payments(self._office, unit, approved=True).settle(held.data, place)
                if paid is None or paid.status is not VerdictStatus.SETTLED:
                    raise UsageError("this entry cannot be paid: it is not genuine")
                finding = paid
            answered = answered_with(self._office, held, finding)
            unit.custody.answer(answered)
            return answered

    def _disputed(self, unit: Unit, place: tuple[int, int, int], leaf: bytes | None) -> Leaf:
        found = [
            one
            for one in unit.custody.with_status(VerdictStatus.DISPUTED)
            if (one.terminal, one.epoch, one.index) == place and leaf in (None, one.leaf)
        ]
        if len(found) != 1:
            raise UsageError(
                "no such dispute" if not found else "several leaves are disputed there: name one"
            )
        return found[0]
