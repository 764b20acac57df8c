"""Tables of the engines, and what a CHECK cannot say: a reference needs a receipt or basis that is live."""

from collections.abc import Iterator

from django.db import migrations

from countenance.index.schema import schema as index_schema
from countenance.primitives.sql import Dialect
from countenance.records.operations import RunStatements
from countenance.tlog.schema import schema as tlog_schema

_NOT_LIVE = "a reference needs a receipt or basis that is live when it is enrolled"

_GROUND_IS_LIVE = """
    CASE WHEN NEW.receipt_id IS NOT NULL THEN EXISTS (
        SELECT 1 FROM records_consentreceipt r
        WHERE r.id = NEW.receipt_id AND r.withdrawn_at IS NULL AND r.given_at <= NEW.enrolled_at
          AND (r.expires_at IS NULL OR r.expires_at > NEW.enrolled_at))
    ELSE EXISTS (
        SELECT 1 FROM records_basis b
        WHERE b.id = NEW.basis_id AND b.ended_at IS NULL AND b.valid_from <= NEW.enrolled_at)
    END
    AND EXISTS (
        SELECT 1 FROM records_face f
        JOIN records_photograph p ON p.id = f.photograph_id
        JOIN records_source s ON s.id = p.source_id
        JOIN records_basis pb ON pb.id = p.basis_id
        WHERE f.id = NEW.face_id AND s.withdrawn_at IS NULL AND pb.ended_at IS NULL)
"""


def statements(dialect: Dialect) -> Iterator[str]:
    """Engine tables and triggers."""
    yield from tlog_schema(dialect)
    yield from index_schema(dialect)
    if dialect == "sqlite":
        for moment in ("INSERT", "UPDATE OF receipt_id, basis_id, face_id, enrolled_at"):
            yield f"""
                CREATE TRIGGER reference_ground_live_{moment.split()[0].lower()}
                BEFORE {moment} ON records_reference FOR EACH ROW WHEN NOT ({_GROUND_IS_LIVE})
                BEGIN SELECT RAISE(ABORT, '{_NOT_LIVE}'); END"""
    else:
        yield f"""
            CREATE FUNCTION reference_ground_live() RETURNS trigger LANGUAGE plpgsql AS $body$
            BEGIN
                IF NOT ({_GROUND_IS_LIVE}) THEN
                    RAISE EXCEPTION '{_NOT_LIVE}' USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
            END $body$"""
        yield """
            CREATE TRIGGER reference_ground_live
            BEFORE INSERT OR UPDATE OF receipt_id, basis_id, face_id, enrolled_at ON records_reference
            FOR EACH ROW EXECUTE FUNCTION reference_ground_live()"""


class Migration(migrations.Migration):
    """Engine tables and the liveness triggers."""

    dependencies = [("records", "0001_foundation")]
    operations = [RunStatements(statements)]
