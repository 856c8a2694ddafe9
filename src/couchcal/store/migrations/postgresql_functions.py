"""SQLite's functions that statements of this program use, for PostgreSQL: only what it cannot say itself."""

from __future__ import annotations

from alembic import op

_FUNCTIONS = (
    """
CREATE FUNCTION instr(whole text, part text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN strpos(whole, part)
""",
    # Truth comes out as 1 and 0; cast numbers, since what is found is text.
    """
CREATE FUNCTION json_extract(document text, path text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT CASE found WHEN 'true'::jsonb THEN '1' WHEN 'false'::jsonb THEN '0' ELSE found #>> '{}' END
    FROM jsonb_path_query_first(document::jsonb, path::jsonpath) AS found
)
""",
    """
CREATE FUNCTION json_valid(document text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    PERFORM document::json;
    RETURN true;
EXCEPTION WHEN data_exception THEN
    RETURN false;
END $$
""",
    # Members of the document itself; what is left is written as it was, without spaces.
    """
CREATE FUNCTION json_remove(document text, VARIADIC paths text[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT '{' || coalesce(string_agg(to_json(name)::text || ':' || value::text, ',' ORDER BY at), '') || '}'
    FROM json_each(document::json) WITH ORDINALITY AS member(name, value, at)
    WHERE NOT '$.' || name = ANY (paths)
)
""",
    """
CREATE FUNCTION group_concat_next(so_far text, value text, separator text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value IS NULL THEN so_far ELSE coalesce(so_far || separator, '') || value END
""",
    "CREATE AGGREGATE group_concat(text, text) (SFUNC = group_concat_next, STYPE = text)",
    """
CREATE FUNCTION count_true(so_far bigint, value boolean) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value IS NULL THEN so_far ELSE coalesce(so_far, 0) + value::integer END
""",
    "CREATE AGGREGATE sum(boolean) (SFUNC = count_true, STYPE = bigint)",
)


def create_functions() -> None:
    """The functions, in the schema of the tables."""
    for statement in _FUNCTIONS:
        op.execute(statement)
