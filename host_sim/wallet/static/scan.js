// Reads a QR code with the camera, where the browser has a BarcodeDetector (Shape Detection API).

import { WalletError } from "./errors.js";

const EVERY_MS = 150;

export function canScan() {
  return typeof BarcodeDetector === "function" && Boolean(navigator.mediaDevices);
}

/**
 * Show the camera in `video` until a code is read: resolves to its text, or to null once `signal`
 * is aborted. Raises WalletError when there is no camera, or it is not given.
 */
export async function scan(video, signal) {
  const stream = await camera();
  try {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    video.srcObject = stream;
    await video.play();
    while (!signal.aborted) {
      const [code] = await detector.detect(video);
      if (code) return code.rawValue;
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
    return null;
  } catch (error) {
    if (signal.aborted) return null; // the video was taken off the page
    throw error;
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}

async function camera() {
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    throw new WalletError("error.no_camera");
  }
}
