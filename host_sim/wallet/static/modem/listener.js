/** One mode's ear: pairs start blocks with end blocks and has what lies between decoded. */
import { demodulate } from "./demodulator.js";
import { bandSnrDb, hopSamples, HOPS_PER_SYMBOL } from "./energies.js";
import { EVENT, event, REJECT_REASON } from "./events.js";
import { layout } from "./frame.js";
import { PAYLOAD_BYTES_MAX } from "./modes.js";
import { SCALE_MAX } from "./placement.js";
import { BlockFinder, CARRIER_SCORE_MIN } from "./sync.js";

/** Least sum of the scores of a start and an end. */
const PAIR_SCORE_MIN = 28;
/** Start peaks remembered; the weakest goes first. */
const STARTS_MAX = 48;
/** Start and length pairs tried for one end peak, and tries that one start may cost in all. */
const TRIES_MAX = 4;
const START_TRIES_MAX = 16;
/** An end much fainter than the start is a chance likeness within a frame. */
const END_SHARE_MIN = 0.65;
const END_SLACK_HOPS = 3;
/** Looked at together while no burst is heard clearly. */
const IDLE_SAMPLES = 4096;

export class Listener {
  #mode;
  #hop;
  #finder;
  #starts = [];
  #distances;
  #taken = 0;

  constructor(mode) {
    this.#mode = mode;
    this.#hop = hopSamples(mode);
    this.#finder = new BlockFinder(mode);
    this.#distances = Array.from({ length: PAYLOAD_BYTES_MAX }, (_, index) => {
      const shape = layout(mode, index + 1);
      return (shape.symbolCount - mode.endTones.length) * mode.symbolSamples;
    });
    const beyond = (mode.endTones.length + 8) * this.#hop * HOPS_PER_SYMBOL;
    /** How far back a decoding may reach. */
    this.spanSamples = Math.ceil((this.#distances.at(-1) + beyond) * (1 + SCALE_MAX));
  }

  /** Look at every whole hop of a History not yet seen. */
  listen(history) {
    const waiting = history.end - this.#taken;
    const busy = this.#starts.some((start) => start.announced);
    if (waiting < (busy ? this.#hop : IDLE_SAMPLES)) return [];
    const stop = history.end - (history.end % this.#hop);
    const [starts, ends] = this.#finder.add(history.read(this.#taken, stop));
    this.#taken = stop;
    return [
      ...starts.flatMap((peak) => this.#remember(peak)),
      ...ends.flatMap((peak) => this.#close(peak, history)),
      ...this.#expire(),
    ];
  }

  #remember(peak) {
    const announced = peak.score >= CARRIER_SCORE_MIN;
    const sample = peak.hop * this.#hop;
    this.#starts.push({ sample, score: peak.score, announced, rejected: false, tries: 0 });
    if (this.#starts.length > STARTS_MAX) {
      const weakest = this.#starts.reduce((one, other) => (other.score < one.score ? other : one));
      this.#starts = this.#starts.filter((start) => start !== weakest);
    }
    if (!announced) return [];
    const snrDb = bandSnrDb(peak.symbolSnr, this.#mode);
    return [event(EVENT.CARRIER_FOUND, { mode: this.#mode.name, startSample: sample, snrDb })];
  }

  /** Try every start that fits this end block, best first. */
  #close(end, history) {
    const events = [];
    const margin = this.#mode.symbolSamples;
    const last = end.hop * this.#hop;
    for (const { start, length } of this.#pairs(end.score, last)) {
      start.tries += 1;
      const offset = start.sample - margin;
      const stop = last + (this.#mode.endTones.length + 1) * margin;
      const samples = history.read(offset, stop);
      const got = demodulate(samples, this.#mode, length, margin, last - offset);
      if (got.payload) {
        this.#starts = this.#starts.filter((other) => other.sample > last);
        return [...events, this.#received(got, offset)];
      }
      if (got.plausible && start.announced && !start.rejected) {
        start.rejected = true;
        events.push(this.#rejected(REJECT_REASON.CHECKSUM, offset + got.endSample));
      }
      // The code held in part: this was the frame, and another look would cost as much again.
      if (got.hopeful) break;
    }
    return events;
  }

  /** Starts and lengths that agree with an end block at sample `last`, best first, a few. */
  #pairs(endScore, last) {
    const fitting = [];
    for (const start of this.#starts) {
      if (start.score + endScore < PAIR_SCORE_MIN || start.tries >= START_TRIES_MAX) continue;
      if (endScore < END_SHARE_MIN * start.score) continue;
      this.#distances.forEach((distance, index) => {
        const miss = Math.abs(distance - (last - start.sample));
        const slack = END_SLACK_HOPS * this.#hop + SCALE_MAX * distance;
        if (miss > slack) return;
        fitting.push({ start, length: index + 1, merit: start.score - miss / slack });
      });
    }
    fitting.sort((a, b) => b.merit - a.merit || a.start.sample - b.start.sample);
    return fitting.slice(0, TRIES_MAX);
  }

  /** Forget starts whose longest frame is over. */
  #expire() {
    const oldest = this.#taken - this.spanSamples + this.#mode.symbolSamples;
    const old = this.#starts.filter((start) => start.sample < oldest);
    if (!old.length) return [];
    this.#starts = this.#starts.filter((start) => start.sample >= oldest);
    return old
      .filter((start) => start.announced && !start.rejected)
      .map(() => this.#rejected(REJECT_REASON.NO_END, this.#taken));
  }

  #received(got, offset) {
    return event(EVENT.FRAME_RECEIVED, {
      payload: got.payload,
      mode: this.#mode.name,
      snrDb: bandSnrDb(got.symbolSnr, this.#mode),
      startSample: offset + got.startSample,
      endSample: offset + got.endSample,
    });
  }

  #rejected(reason, endSample) {
    return event(EVENT.FRAME_REJECTED, { reason, mode: this.#mode.name, endSample });
  }
}
