/**
 * The frame's checksum: CRC-32 (ISO 3309, as in Ethernet and zip) over mode, length and payload.
 *
 * Number and length are covered but not sent: a frame read as another mode or length fails.
 */
const REFLECTED_POLYNOMIAL = 0xedb88320;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ REFLECTED_POLYNOMIAL : remainder >>> 1;
  }
  return remainder;
});

/** CRC-32 of a Uint8Array, as an unsigned number. */
export function crc32(bytes) {
  let remainder = 0xffffffff;
  for (const byte of bytes) {
    remainder = TABLE[(remainder ^ byte) & 0xff] ^ (remainder >>> 8);
  }
  return (remainder ^ 0xffffffff) >>> 0;
}

/** The checksum of a frame: over the mode's number, the payload's length, the payload. */
export function checksum(modeNumber, payload) {
  const covered = new Uint8Array(payload.length + 2);
  covered[0] = modeNumber;
  covered[1] = payload.length;
  covered.set(payload, 2);
  return crc32(covered);
}
