"""The only code of the e-mail operation that touches a server, a message's bytes or the database."""
