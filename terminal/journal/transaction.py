"""One ``BEGIN IMMEDIATE``: read the counters, decide, append. All of it becomes durable, or none.

Invariants: what a transaction read stays true until it commits, since nobody else can write; the
head it builds replaces the journal's only after the commit. An accepted interval never begins below
its coupon's ``high``; refunds of a sale never sum to more than the sale.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from terminal.crypto.merkle import leaf_hash
from terminal.crypto.notes import Checkpoint
from terminal.errors import JournalCorrupt
from terminal.journal import coupons
from terminal.journal.detail import Return
from terminal.journal.draft import EntryDraft, NotAllowed
from terminal.journal.entry import SALT_SIZE, Entry, EntryKind, decode_entry, encode_entry
from terminal.payment.counters import Acceptance, Counters, after

if TYPE_CHECKING:
    import apsw

    from terminal.journal.custody import Custody
    from terminal.journal.head import Head
    from terminal.payment.coupon import CouponId
    from terminal.payment.spend import SpendId
    from terminal.ports import Clock, RandomBytes, Signer

_INSERT: Final = """INSERT INTO entry(idx, data, node, signature, kind, time, latest, floor, amount,
    coupon, spend_from, previous, original, sum_minor, sum_count, shift, oldest_open, announced,
    returned) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0)"""
_SALE: Final = "SELECT kind, amount, returned, data FROM entry WHERE idx = ?"
_RETURNED: Final = "UPDATE entry SET returned = returned + ? WHERE idx = ?"
_KEEP: Final = (
    "INSERT INTO kept VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value"
)


class Transaction:
    """Made by ``Journal.transaction`` only, and dead after it."""

    __slots__ = (
        "_clock",
        "_connection",
        "_counted",
        "_custody",
        "_origin",
        "_random_bytes",
        "_signer",
        "head",
    )

    def __init__(
        self,
        connection: apsw.Connection,
        head: Head,
        custody: Custody,
        *,
        origin: str,
        signer: Signer,
        clock: Clock,
        random_bytes: RandomBytes,
    ) -> None:
        self._connection = connection
        self._custody = custody
        self._origin = origin
        self._signer = signer
        self._clock = clock
        self._random_bytes = random_bytes
        self._counted: tuple[CouponId, Counters] | None = None
        self.head = head

    def counters(self, coupon_id: CouponId) -> Counters:
        """What this journal knows of the coupon and of the terminal, for the decision."""
        if self._counted is None or self._counted[0] != coupon_id:
            found = coupons.read_counters(self._connection, coupon_id, self.head, self._custody)
            self._counted = (coupon_id, found)
        return self._counted[1]

    def coupon(self, coupon_id: CouponId) -> bytes | None:
        """The exact bytes of a coupon that was accepted here before; None: unknown here."""
        return coupons.read_coupon(self._connection, coupon_id)

    def prior(self, spend_id: SpendId) -> Entry | None:
        """The entry that accepted exactly this spend; None: it was never accepted here."""
        index = coupons.find_spend(self._connection, spend_id)
        return None if index is None else self.entry(index)

    def entry(self, index: int) -> Entry:
        """One entry.

        Raises:
            JournalCorrupt: there is none, or its bytes are no entry.
        """
        row = self._connection.execute(_SALE, (index,)).fetchone()
        if row is None:
            raise JournalCorrupt("missing", index)
        return decode_entry(bytes(row[3]))

    def keep(self, name: str, value: bytes) -> None:
        """Keep a small value with this transaction."""
        self._connection.execute(_KEEP, (name, value))

    def append(self, draft: EntryDraft) -> Entry:
        """Add one entry, its coupon's counters and a new signed checkpoint.

        Raises:
            NotAllowed: an accepted draft without a spend, or one that begins below ``high``.
        """
        if draft.kind in (EntryKind.REFUND, EntryKind.VOID):
            raise NotAllowed("refunds and voids cite a sale: use refund or void")
        if (draft.kind is EntryKind.ACCEPTED) != (draft.spend is not None):
            raise NotAllowed("exactly the accepted entries take a spend")
        return self._append(draft, None, 0 if draft.spend is None else draft.spend.amount_minor)

    def refund(self, original: int, amount_minor: int, *, policy: int, sale: int = 0) -> Entry:
        """Give back part or all of an accepted sale, as an entry that cites it.

        Raises:
            NotAllowed: no such sale, or more than is left of it.
        """
        return self._give_back(EntryKind.REFUND, original, amount_minor, policy, sale)

    def void(self, original: int, *, policy: int, sale: int = 0) -> Entry:
        """Undo a whole sale of the open shift, as an entry that cites it.

        Raises:
            NotAllowed: no such sale, its shift is closed, or some of it was given back already.
        """
        if original < self.head.shift_start:
            raise NotAllowed(f"entry {original} is of a closed shift: refund it instead")
        return self._give_back(EntryKind.VOID, original, None, policy, sale)

    def _give_back(
        self, kind: EntryKind, original: int, amount_minor: int | None, policy: int, sale: int
    ) -> Entry:
        row = self._connection.execute(_SALE, (original,)).fetchone()
        if row is None or row[0] != EntryKind.ACCEPTED:
            raise NotAllowed(f"entry {original} is no accepted sale")
        paid_minor, returned_minor = row[1], row[2]
        if amount_minor is None:
            if returned_minor:
                raise NotAllowed(f"some of entry {original} was given back already")
            amount_minor = paid_minor
        if not 0 < amount_minor <= paid_minor - returned_minor:
            raise NotAllowed(
                f"entry {original} has {paid_minor - returned_minor} left to give back"
            )
        self._connection.execute(_RETURNED, (amount_minor, original))
        detail = Return(original, leaf_hash(bytes(row[3])), amount_minor)
        draft = EntryDraft(kind, policy, sale, presentation=detail.encode())
        return self._append(draft, original, amount_minor)

    def _append(self, draft: EntryDraft, original: int | None, amount_minor: int) -> Entry:
        entry = self._place(draft)
        frontier = self.head.frontier.append(leaf_hash(entry.data))
        checkpoint = Checkpoint(self._origin, frontier.size, frontier.root())
        signature = self._signer.sign(checkpoint.text())
        accepted_minor = amount_minor if entry.kind is EntryKind.ACCEPTED else 0
        head = self.head.after(entry, frontier, signature, accepted_minor)
        coupon, from_minor, previous = None, None, None
        if draft.spend is not None:
            coupon, from_minor = coupons.key_of(draft.spend.coupon), draft.spend.from_minor
            previous = self._take(draft, draft.spend, entry.index)
        self._connection.execute(
            _INSERT,
            (
                entry.index,
                entry.data,
                frontier.nodes[-1],
                signature,
                int(entry.kind),
                entry.time_unix_s,
                head.latest_unix_s,
                head.floor_unix_s,
                amount_minor,
                coupon,
                from_minor,
                previous,
                original,
                head.sum_minor,
                head.sum_count,
                head.shift_start,
                head.oldest_open,
                int(entry.kind is not EntryKind.ACCEPTED),
            ),
        )
        self.head = head
        return entry

    def _take(self, draft: EntryDraft, spend: SpendId, index: int) -> int | None:
        """Count the spend on its coupon; returns the coupon's entry before this one."""
        if draft.coupon_digest is None:
            raise NotAllowed("an accepted entry names its coupon's digest")
        before = self.counters(spend.coupon)
        if before.coupon is not None and spend.from_minor < before.coupon.high_minor:
            raise NotAllowed("the interval begins below what this coupon already paid here")
        sale = draft.sale_digest or sha256(draft.request).digest()
        now = after(before, Acceptance(spend, draft.coupon_digest, sale, index))
        coupons.store_counters(self._connection, now, draft.coupon_bytes)
        self._counted = None
        return None if before.coupon is None else before.coupon.last_entry

    def _place(self, draft: EntryDraft) -> Entry:
        clock = self._clock
        time_unix_s = clock.unix_s() if draft.time_unix_s is None else draft.time_unix_s
        if draft.kind is not EntryKind.CLOCK_CORRECTED:
            time_unix_s = max(time_unix_s, self.head.floor_unix_s)
        return encode_entry(
            index=self.head.size,
            kind=draft.kind,
            time_unix_s=max(time_unix_s, 0),
            quality=clock.quality() if draft.quality is None else draft.quality,
            boot=clock.boot_id(),
            mono_ms=clock.monotonic_ms(),
            policy=draft.policy,
            sale=draft.sale,
            request=draft.request,
            slot=draft.slot,
            presentation=draft.presentation,
            coupon_digest=draft.coupon_digest,
            reasons=draft.reasons,
            salt=self._random_bytes(SALT_SIZE),
        )
