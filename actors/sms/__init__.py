"""SMS: sends the SMS that the club's programs wrote into the database, inside the hours that the settings allow.

What it does: every minute, and at once on demand, gives the due rows of the table `sms` to the club's gateway; asks it
what became of those that left, what members answered, and where an answer was lost, whether it had the SMS.
On which stations: any; one station at a time.
What it touches: the tables `sms`, `sms_report`, `sms_received` and `sms_opt_out`, the gateway of the settings.
What happens when it fails: a refusal for now is tried again later, a refusal for good becomes the row's `failed` with
its reason; when the gateway was given an SMS and gave no answer, the row is `uncertain`: the gateway is asked where it
can be, else a person decides.
"""

from actors.sms.operation import OPERATION as OPERATION
