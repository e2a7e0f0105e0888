"""The payer's wallet as a web page: a server of fixed files; everything else is in the browser."""
