"""How operators sign in: by a code, by a link, by this machine's credential file; and sessions."""
