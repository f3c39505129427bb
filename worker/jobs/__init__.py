"""One module per domain, one short function per job; each calls one service."""
