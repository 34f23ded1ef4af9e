"""SMS: sends the SMS that the club's programs wrote into the database, inside the hours that the settings allow."""
