"""What the terminal remembers for ever: entries under a Merkle log. The only code that writes.

``writer.Journal`` is the one writer, ``reader.JournalReader`` reads beside it, ``entry`` and
``detail`` are what is remembered, ``export`` and ``verify`` hand it to others.
"""
