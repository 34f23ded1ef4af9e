"""E-MAIL: sends the e-mails that the club's programs wrote into the database.

What it does: every minute, and at once on demand, gives all due rows of the table `email` to the club's mail server,
over one connection.
On which stations: any; one station at a time.
What it touches: the tables `email` and `email_attachment`, the mail server of the settings.
What happens when it fails: a refusal for now is tried again later, a refusal for good becomes the row's `failed` with
its reason; when the server was given a whole message and did not confirm it, the row is `uncertain` and a person
decides.
"""

from actors.email.operation import OPERATION as OPERATION
