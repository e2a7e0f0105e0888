"""The dialogue with the host: entries up, cosigned checkpoint, verdicts and policy down; pure."""
