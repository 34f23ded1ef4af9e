"""The club database: tables, migrations, leases, outbox. No actor and no settings file."""
