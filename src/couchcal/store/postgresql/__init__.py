"""A practice on a PostgreSQL server: the same database as a file to everything above the store.

Nothing here is imported before a server's address is given; psycopg comes with `couchcal[postgresql]`.
"""
