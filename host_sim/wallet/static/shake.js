// A shake of the phone, from its motion (DeviceMotion event specification): several strong jerks in
// alternating directions within a second. A step or a fall is one jerk; a bag shakes weakly.

export const JERK_M_S2 = 14;
export const JERKS = 4;
export const WITHIN_MS = 1000;

/** Decides on values alone: `feel({x, y, z}, timeMs)` is true when a shake is complete. */
export class ShakeDetector {
  #jerks = [];
  #last = null;

  feel({ x, y, z }, timeMs) {
    const [now, size] = [[x ?? 0, y ?? 0, z ?? 0], Math.hypot(x ?? 0, y ?? 0, z ?? 0)];
    if (size < JERK_M_S2) return false;
    const turned = !this.#last || now.reduce((sum, part, at) => sum + part * this.#last[at], 0) < 0;
    if (!turned) return false;
    this.#last = now;
    this.#jerks = [...this.#jerks.filter((at) => timeMs - at < WITHIN_MS), timeMs];
    if (this.#jerks.length < JERKS) return false;
    this.#jerks = [];
    this.#last = null;
    return true;
  }
}

/** Whether this device may tell of its motion at all. */
export function canShake() {
  return typeof DeviceMotionEvent === "function";
}

/** Ask where asking is needed (it must come from a press), then call `onShake` for each shake. */
export async function feelShakes(onShake) {
  if (!canShake()) return false;
  if (typeof DeviceMotionEvent.requestPermission === "function") {
    const answer = await DeviceMotionEvent.requestPermission().catch(() => "denied");
    if (answer !== "granted") return false;
  }
  const detector = new ShakeDetector();
  window.addEventListener("devicemotion", ({ acceleration, timeStamp }) => {
    if (acceleration && detector.feel(acceleration, timeStamp)) onShake();
  });
  return true;
}
