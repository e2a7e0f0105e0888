"""Writes keys.json: keys and signatures that must be refused, and published ones that must not.

    python -m tests.vectors.money.make_key_vectors

Origins: the small-order points are all points of order 1, 2, 4 and 8 of edwards25519 (RFC 8032,
5.1), found here by arithmetic; published signatures are from RFC 8032, 7.1 and RFC 6979, A.2.5.
"""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

HERE = Path(__file__).parent
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
P256_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
P256_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

RFC8032_1 = {
    "what": "RFC 8032, 7.1, test 1",
    "key": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "message": "",
    "signature": "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
    "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
}
RFC8032_2 = {
    "what": "RFC 8032, 7.1, test 2",
    "key": "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "message": "72",
    "signature": "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
}
R_6979 = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
S_6979 = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
RFC6979 = {
    "what": "RFC 6979, A.2.5, SHA-256, message sample",
    "secret": "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
    "key": "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
    "message": b"sample".hex(),
    "signature": R_6979 + S_6979,
}


def root_of(y: int) -> int | None:
    """The even x of a point with this y, None off the curve."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    for candidate in (x, x * ROOT_OF_MINUS_ONE % P):
        if candidate * candidate % P == square:
            return min(candidate, P - candidate)
    return None


def add(one: tuple[int, int], two: tuple[int, int]) -> tuple[int, int]:
    (x1, y1), (x2, y2) = one, two
    t = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + t, -1, P)
    return x % P, (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P


def small_order_points() -> list[tuple[int, int]]:
    """All eight: the multiples of L of points found by trying y, until one has order 8."""
    for y in range(2, 100):
        x = root_of(y)
        if x is None:
            continue
        torsion, power, scalar = (0, 1), (x, y), L
        while scalar:
            if scalar & 1:
                torsion = add(torsion, power)
            power, scalar = add(power, power), scalar >> 1
        multiples = [(0, 1)]
        while (following := add(multiples[-1], torsion)) != (0, 1):
            multiples.append(following)
        if len(multiples) == 8:
            return multiples
    raise AssertionError("edwards25519 has a point of order 8")


def spelled(y: int, sign: int) -> str:
    return (y | sign << 255).to_bytes(32, "little").hex()


def refused_ed25519() -> list[dict[str, str]]:
    small = "small order"
    cases = [
        {"what": f"Ed25519 small order, {8 if n % 2 else 'at most 4'}, x{n}", "problem": small,
         "key": spelled(y, x & 1)}
        for n, (x, y) in enumerate(small_order_points())
    ]  # fmt: skip
    cases += [
        {"what": f"Ed25519 x = 0 with a sign, y = {name}", "problem": small, "key": spelled(y, 1)}
        for name, y in (("1", 1), ("p - 1", P - 1))
    ]
    cases += [
        {"what": f"Ed25519 y = p + {extra}, sign {sign}", "problem": "not canonical",
         "key": spelled(P + extra, sign)}
        for extra in range(19)
        for sign in (0, 1)
    ]  # fmt: skip
    off = [y for y in range(2, 40) if root_of(y) is None][:4]
    cases += [
        {"what": f"Ed25519 y = {y} off the curve", "problem": "not on the curve",
         "key": spelled(y, y & 1)}
        for y in off
    ]  # fmt: skip
    return cases


def refused_p256() -> list[dict[str, str]]:
    def on_curve(x: int) -> bool:
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(
                ec.SECP256R1(), b"\x02" + x.to_bytes(32, "big")
            )
        except ValueError:
            return False
        return True

    off = next(x for x in range(1, 100) if not on_curve(x))
    wrapped = next(x for x in range(100) if on_curve(x))
    point = "not a point of P-256"
    neither = "neither an Ed25519 nor a compressed P-256 key"
    good = RFC6979["key"]
    return [
        {"what": "P-256 x off the curve", "key": f"02{off:064x}", "problem": point},
        {"what": "P-256 x = p", "key": f"02{P256_P:064x}", "problem": point},
        {"what": "P-256 x not reduced", "key": f"03{P256_P + wrapped:064x}", "problem": point},
        {"what": "P-256 x all ones", "key": "02" + "ff" * 32, "problem": point},
        {"what": "P-256 infinity", "key": "00" + "00" * 32, "problem": neither},
        {"what": "P-256 uncompressed prefix", "key": "04" + good[2:], "problem": neither},
        {"what": "P-256 uncompressed", "key": "04" + good[2:] * 2, "problem": neither},
        {"what": "nothing", "key": "", "problem": neither},
        {"what": "31 bytes", "key": "11" * 31, "problem": neither},
        {"what": "34 bytes", "key": "02" * 34, "problem": neither},
    ]


def refused_signatures() -> list[dict[str, str]]:
    r, s = RFC8032_2["signature"][:64], bytes.fromhex(RFC8032_2["signature"])[32:]
    larger = (int.from_bytes(s, "little") + L).to_bytes(32, "little").hex()
    identity, zero = spelled(1, 0), "00" * 32
    ed = [("Ed25519 S + L", r + larger), ("Ed25519 R of small order, S = 0", identity + zero),
          ("Ed25519 all zero", zero * 2), ("Ed25519 all ones", "ff" * 64)]  # fmt: skip
    n, one = f"{P256_N:064x}", f"{1:064x}"
    p256 = [("P-256 r = s = 0", zero * 2), ("P-256 r = 0", zero + S_6979),
            ("P-256 s = 0", R_6979 + zero), ("P-256 r = n", n + S_6979),
            ("P-256 s = n", R_6979 + n), ("P-256 r = s = n", n * 2),
            ("P-256 r = s = 1", one * 2), ("P-256 r and s swapped", S_6979 + R_6979),
            ("P-256 all ones", "ff" * 64)]  # fmt: skip
    return [
        {"what": what, "key": case["key"], "message": case["message"], "signature": signature}
        for case, several in ((RFC8032_2, ed), (RFC6979, p256))
        for what, signature in several
    ]


def vectors() -> dict[str, object]:
    twin_s = f"{P256_N - int(S_6979, 16):064x}"
    twin = {"key": RFC6979["key"], "message": RFC6979["message"]}
    return {
        "origin": " ".join((__doc__ or "").split("Origins:")[1].split()),
        "refused": refused_ed25519() + refused_p256(),
        "accepted": [RFC8032_1, RFC8032_2, RFC6979],
        "signatures_refused": refused_signatures(),
        "twin": twin | {"signatures": [R_6979 + S_6979, R_6979 + twin_s]},
    }


def main() -> None:
    (HERE / "keys.json").write_text(json.dumps(vectors(), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
