"""One mode's ear: pairs start blocks with end blocks and has what lies between decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from terminal.acoustic.demodulator import Attempt
from terminal.acoustic.events import CarrierFound, FrameReceived, FrameRejected, RejectReason
from terminal.acoustic.frame import layout
from terminal.acoustic.modes import PAYLOAD_BYTES_MAX, SAMPLE_RATE_HZ
from terminal.acoustic.slip import SLIP_SAMPLES_MAX, demodulate_slipped, slip_rank
from terminal.acoustic.sync import PEAK_REACH, SCALE_MAX, Block, BlockFinder, Peak
from terminal.acoustic.tones import HOPS_PER_SYMBOL, band_snr_db, hop_samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from terminal.acoustic.demodulator import Demodulated
    from terminal.acoustic.events import Event
    from terminal.acoustic.frame import Layout
    from terminal.acoustic.intake import History
    from terminal.acoustic.modes import Mode

STARTS_MAX: Final = 48
"""Start peaks remembered; the weakest goes first."""
TRIES_MAX: Final = 4
"""Start and length pairs tried for one end peak."""
END_SHARE_MIN: Final = 0.65
"""An end much fainter than the start is a chance likeness within a frame."""
START_SHARE_MIN: Final = 0.5
"""So is a start much fainter than the end, though other sound may have covered a part of it."""
SEARCHES_MAX: Final = 1
"""Pairs searched for one end peak, after all were looked at."""
GLANCE_SHARE: Final = 0.6
"""Blocks that much fainter than the clearest start, likenesses within its burst mostly, get no more
than a glance."""
FAINT_SHARE: Final = 0.8
"""An end that much fainter than its start may well be a chance likeness within the frame."""
FAINT_SYMBOLS_MAX: Final = 350.0
"""What may have been searched in vain, with this search, for such an end: the rest is kept for the
true end, which in a long frame comes after several of them."""
VAIN_SYMBOLS_MAX: Final = 1000.0
"""Symbols that may be searched in vain at once: no sound shall keep the receiver from the next."""
PROMISING_BROKEN_MAX: Final = 0.3
"""Broken checks after a look up to which it is a true frame nearly always."""
PROMISING_SYMBOLS_MAX: Final = 1600.0
"""What may have been searched in vain with the search of such a one: room for the longest."""
VAIN_SYMBOLS_PER_S: Final = 20
"""How many of them each second of stream gives back: about 0.03 s of work on a desktop's core."""
LOOK_SHARE: Final = 1 / 16
"""What a look costs of a search."""
SLIP_SHARE: Final = 1 / 4
"""What looking for a slip costs of a search."""
SLIP_TRIES_MAX: Final = 3
"""Lengths tried with a slip, after those that fit without."""
START_TRIES_MAX: Final = 8
"""Tries that one start peak may cost in all."""
END_SLACK_HOPS: Final = 3
IDLE_SAMPLES: Final = 4096
"""Looked at together while no burst is heard clearly; work in large blocks costs less."""


@dataclass(slots=True)
class _Start:
    """A start peak and what came of it so far."""

    peak: Peak
    announced: bool
    rejected: bool = False
    tries: int = 0
    origin: int = 0
    """Where in the stream the samples last cut out for it begin."""


class Listener:
    """Takes the stream in whole hops; owns no samples."""

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        self._hop = hop_samples(mode)
        self._finders = [BlockFinder(mode, drift) for drift in mode.drifts_cycles]
        self._starts: list[_Start] = []
        shapes = [layout(mode, length) for length in range(1, PAYLOAD_BYTES_MAX + 1)]
        counts = np.array([shape.start_count + shape.coded_count for shape in shapes])
        self._distances = counts * mode.symbol_samples
        self.taken = 0
        """Samples of the stream looked at."""
        self._vain_symbols = 0.0

    @property
    def span_samples(self) -> int:
        """How far back a decoding may reach."""
        longest = int(self._distances[-1]) + (len(self.mode.end_tones) + 8) * self._hop * 8
        return int(longest * (1 + SCALE_MAX)) + 1

    def listen(self, history: History) -> list[Event]:
        """Look at every whole hop not yet seen."""
        waiting = history.end - self.taken
        if waiting < (self._hop if any(s.announced for s in self._starts) else IDLE_SAMPLES):
            return []
        stop = history.end - history.end % self._hop
        samples = history.read(self.taken, stop)
        found = [finder.add(samples) for finder in self._finders]
        starts = _best([peak for peaks, _ in found for peak in peaks])
        ends = _best([peak for _, peaks in found for peak in peaks])
        given_back = VAIN_SYMBOLS_PER_S * (stop - self.taken) / SAMPLE_RATE_HZ
        self._vain_symbols = max(self._vain_symbols - given_back, 0.0)
        self.taken = stop
        events: list[Event] = []
        for peak in starts:
            events.extend(self._remember(peak))
        for peak in ends:
            events.extend(self._close(peak, history))
        events.extend(self._expire())
        return events

    def _remember(self, peak: Peak) -> list[Event]:
        announced = peak.score >= self.mode.carrier_score_min
        self._starts.append(_Start(peak, announced))
        if len(self._starts) > STARTS_MAX:
            self._starts.remove(min(self._starts, key=lambda s: s.peak.score))
        if not announced:
            return []
        snr_db = band_snr_db(peak.symbol_snr, self.mode)
        return [CarrierFound(self.mode.name, peak.hop * self._hop, snr_db)]

    def _close(self, end: Peak, history: History) -> list[Event]:
        """Look at every start that fits this end block, then search where it looks best."""
        looked = []
        least = GLANCE_SHARE * max((s.peak.score for s in self._starts), default=0.0)
        for start, length in self._pairs(end):
            start.tries += 1
            faint = min(start.peak.score, end.score) < least
            attempt = Attempt(*self._cut(start, length, end, history), glance=faint)
            if attempt.outcome.payload is not None:
                return [self._received(start, end, attempt.outcome)]
            looked.append((start, attempt))
            self._spend(LOOK_SHARE * attempt.symbol_count)
        events: list[Event] = []
        for start, attempt in self._searched(looked, end):
            got = attempt.search()
            if got.payload is not None:
                return [self._received(start, end, got)]
            self._spend(attempt.symbol_count, PROMISING_SYMBOLS_MAX)
        for start, attempt in looked:
            events.extend(self._rejected(start, attempt.outcome))
        for start, length in self._slipped(end):
            if not self._affords(SLIP_SHARE * layout(self.mode, length).symbol_count):
                break
            start.tries += 1
            got = demodulate_slipped(*self._cut(start, length, end, history))
            if got.payload is not None:
                return [*events, self._received(start, end, got)]
            self._spend(SLIP_SHARE * layout(self.mode, length).symbol_count)
            events.extend(self._rejected(start, got))
        return events

    def _cut(
        self, start: _Start, length: int, end: Peak, history: History
    ) -> tuple[NDArray[np.float32], Mode, Layout, Block, Block]:
        """The sound that would hold this frame, and where in it its blocks are."""
        mode, margin = self.mode, self.mode.symbol_samples
        first, last = start.peak.hop * self._hop, end.hop * self._hop
        start.origin = first - margin
        samples = history.read(first - margin, last + (len(mode.end_tones) + 1) * margin)
        start_block = Block(margin, start.peak.drift_cycles)
        end_block = Block(last - first + margin, end.drift_cycles)
        return samples, mode, layout(mode, length), start_block, end_block

    def _searched(
        self, looked: list[tuple[_Start, Attempt]], end: Peak
    ) -> list[tuple[_Start, Attempt]]:
        """The few worth a search: those that are promising, then the clearest."""
        hopeful = [(s, a) for s, a in looked if a.hopeful]
        hopeful.sort(key=lambda one: one[1].broken_share if _promising(one[1]) else 1.0)
        return [(s, a) for s, a in hopeful[:SEARCHES_MAX] if self._affords_search(s, a, end)]

    def _affords_search(self, start: _Start, attempt: Attempt, end: Peak) -> bool:
        most = VAIN_SYMBOLS_MAX
        if _promising(attempt):
            most = PROMISING_SYMBOLS_MAX
        elif end.score < FAINT_SHARE * start.peak.score:
            most = FAINT_SYMBOLS_MAX
        return self._affords(attempt.symbol_count, most)

    def _affords(self, symbols: float, most: float = VAIN_SYMBOLS_MAX) -> bool:
        """Whether so many may be searched in vain now; a frame longer than all only after rest."""
        return self._vain_symbols + min(symbols, most) <= most

    def _spend(self, symbols: float, most: float = VAIN_SYMBOLS_MAX) -> None:
        self._vain_symbols = max(self._vain_symbols, min(self._vain_symbols + symbols, most))

    def _received(self, start: _Start, end: Peak, got: Demodulated) -> Event:
        """The frame; of the starts within it only clear ones stay, as another phone's may be."""
        assert got.payload is not None
        own = start.peak.hop + len(self.mode.start_tones) * HOPS_PER_SYMBOL
        self._starts = [
            s for s in self._starts if s.peak.hop > end.hop or (s.announced and s.peak.hop > own)
        ]
        begin, stop = (start.origin + n for n in (got.start_sample, got.end_sample))
        snr_db = band_snr_db(got.symbol_snr, self.mode)
        return FrameReceived(got.payload, self.mode.name, snr_db, begin, stop)

    def _rejected(self, start: _Start, got: Demodulated) -> list[Event]:
        """The first time a clear burst turns out to be broken."""
        if not got.plausible or not start.announced or start.rejected:
            return []
        start.rejected = True
        end_sample = start.origin + got.end_sample
        return [FrameRejected(RejectReason.CHECKSUM, self.mode.name, end_sample)]

    def _slipped(self, end: Peak) -> list[tuple[_Start, int]]:
        """Clear starts, and lengths they would fit had the audio path lost or doubled a piece."""
        least = self.mode.carrier_score_min
        clear = [s for s in self._starts if s.announced and s.tries < START_TRIES_MAX]
        if end.score < least or not clear:
            return []
        start = max(clear, key=lambda s: s.peak.score)
        slips = (end.hop - start.peak.hop) * self._hop - self._distances
        near = np.flatnonzero((np.abs(slips) <= SLIP_SAMPLES_MAX) & (np.abs(slips) > self._hop))
        ranked = sorted(near, key=lambda index: slip_rank(int(slips[index])))
        return [(start, int(index) + 1) for index in ranked[:SLIP_TRIES_MAX]]

    def _pairs(self, end: Peak) -> list[tuple[_Start, int]]:
        """Starts and lengths that agree with this end block, best first, a few at most.

        A start that was rejected before gives way to any that is clear and new.
        """
        fitting: list[tuple[float, _Start, int]] = []
        tired = not self._affords(1)
        for start in self._starts:
            faint = min(start.peak.score, end.score) < self.mode.carrier_score_min
            if start.tries >= START_TRIES_MAX or (tired and faint) or not self._alike(start, end):
                continue
            for length, miss in self._lengths(start, end):
                fitting.append((start.peak.score - miss, start, length))
        if any(start.announced and not start.rejected for _, start, _ in fitting):
            fitting = [one for one in fitting if not one[1].rejected]
        fitting.sort(key=lambda one: (-one[0], one[1].peak.hop, one[2]))
        return [(start, length) for _, start, length in fitting[:TRIES_MAX]]

    def _alike(self, start: _Start, end: Peak) -> bool:
        """Whether the two may belong to one frame, as clear as they are."""
        score = start.peak.score
        return (
            score + end.score >= self.mode.pair_score_min
            and end.score >= END_SHARE_MIN * score
            and score >= START_SHARE_MIN * end.score
        )

    def _lengths(self, start: _Start, end: Peak) -> list[tuple[int, float]]:
        """Lengths that lie between the two blocks, and how badly each fits, 0 to 1."""
        miss = np.abs(self._distances - (end.hop - start.peak.hop) * self._hop)
        slack = END_SLACK_HOPS * self._hop + SCALE_MAX * self._distances
        return [(int(i) + 1, float(miss[i] / slack[i])) for i in np.flatnonzero(miss <= slack)]

    def _expire(self) -> list[Event]:
        """Forget starts whose longest frame is over."""
        oldest = self.taken - self.span_samples + self.mode.symbol_samples
        old = [s for s in self._starts if s.peak.hop * self._hop < oldest]
        if not old:
            return []
        self._starts = [s for s in self._starts if s.peak.hop * self._hop >= oldest]
        silent = [s for s in old if s.announced and not s.rejected]
        return [FrameRejected(RejectReason.NO_END, self.mode.name, self.taken) for _ in silent]


def _promising(attempt: Attempt) -> bool:
    return attempt.broken_share <= PROMISING_BROKEN_MAX


def _best(peaks: list[Peak]) -> list[Peak]:
    """One peak of those that different drifts found at the same place, in order of place."""
    return [
        peak
        for peak in sorted(peaks, key=lambda p: (p.hop, -p.score))
        if all(other.score <= peak.score for other in peaks if _same_place(peak, other))
    ]


def _same_place(one: Peak, other: Peak) -> bool:
    return abs(one.hop - other.hop) <= PEAK_REACH
