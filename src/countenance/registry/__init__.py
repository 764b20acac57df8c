"""Path: authorise -> policy -> record -> log. Clients, accounts, galleries, sources, people, consents, cases."""
