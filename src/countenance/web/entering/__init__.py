"""How people get in and stay in: a one-time link, then a password and a second factor, then a session; and how it ends."""
