"""Coupons, spends, policy and the decision: pure. No clock, storage, randomness or device here."""
