"""Installing and updating while others work: nothing is changed in tables but in short
transactions beforehand, nobody waits, and a broken attempt can be repeated."""

import json
import subprocess
import sys
import threading
import time
from contextlib import closing

import psycopg2
import pytest
from conftest import DEV, MODULE
from test_in_use import NATIVE_DATA, SNAPSHOT

WATCH = """
CREATE TABLE watched (txid bigint, tag text, object text);
CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO watched
    SELECT txid_current(), command_tag, object_identity
      FROM pg_event_trigger_ddl_commands();
END $$;
CREATE EVENT TRIGGER watch ON ddl_command_end
    WHEN TAG IN ('ALTER TABLE', 'CREATE TABLE', 'CREATE INDEX')
    EXECUTE FUNCTION watch();
"""
# In the transaction that ended with the module being installed.
IN_THE_INSTALLATION = """
SELECT tag, object FROM watched
 WHERE txid % 4294967296 = (
       SELECT xmin::text::bigint FROM ir_module_module WHERE name = 'crm_gestion')
 ORDER BY 1, 2
"""
BREAK = """
CREATE FUNCTION breaks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE 'the power is gone';
END $$;
CREATE TRIGGER breaks BEFORE UPDATE ON ir_module_module FOR EACH ROW
    WHEN (NEW.name = 'crm_gestion' AND NEW.state = 'installed')
    EXECUTE FUNCTION breaks();
"""
# What an interruption leaves: an index that PostgreSQL does not use.
SPOIL = """
UPDATE pg_index SET indisvalid = false
 WHERE indexrelid = 'crm_lead_crm_user_idx'::regclass;
DROP TRIGGER breaks ON ir_module_module;
"""
SOUND = """
SELECT (SELECT indisvalid FROM pg_index
         WHERE indexrelid = 'crm_lead_crm_user_idx'::regclass),
       (SELECT count(*) FROM pg_constraint
         WHERE contype = 'f' AND NOT convalidated),
       (SELECT state FROM ir_module_module WHERE name = 'crm_gestion')
"""
WAITING = """
SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'crm_lead'::regclass
"""
# A new version with another column, key and index, as it finds an older one.
GO_BACK = """
ALTER TABLE crm_lead DROP COLUMN native_stage_id, DROP COLUMN push_count;
ALTER TABLE res_company DROP COLUMN crm_shared_history;
ALTER TABLE crm_gestion DROP COLUMN direction;
DROP INDEX crm_lead_crm_open_idx;
DELETE FROM watched;
UPDATE ir_module_module SET latest_version = '19.0.1.4.0' WHERE name = 'crm_gestion';
"""


def connect(name):
    connection = psycopg2.connect(dbname=name)
    connection.autocommit = True
    return closing(connection)


def query(name, sql):
    with connect(name) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None


@pytest.fixture(scope="module")
def watched(database, odoo, assert_clean):
    """A database with native opportunities, the add-on installed on it, and what was
    done to tables meanwhile."""
    name = database("watched")
    odoo.shell(name, NATIVE_DATA)
    query(name, WATCH)
    assert_clean(odoo.install(name))
    return name


def test_the_installation_itself_changes_no_table(watched):
    assert query(watched, IN_THE_INSTALLATION) == []
    made = query(watched, "SELECT count(DISTINCT txid), count(*) FROM watched")[0]
    assert made[0] > 200, "keys and tables have transactions of their own"
    assert made[1] > made[0]


def test_an_update_changes_no_table_either(watched, odoo, assert_clean):
    query(watched, GO_BACK)
    assert_clean(odoo.update(watched))
    assert query(watched, IN_THE_INSTALLATION) == []
    tables = {row[0] for row in query(watched, "SELECT object FROM watched")}
    assert {
        "public.crm_lead",
        "public.crm_lead_crm_open_idx",
        "public.crm_lead__native_stage_id_index",
        "public.res_company",
    } <= tables
    shared = "SELECT DISTINCT crm_shared_history FROM res_company"
    assert query(watched, shared) == [("own",)]


def test_a_broken_attempt_changes_nothing_and_can_be_repeated(
    database, odoo, assert_clean
):
    name = database("broken")
    odoo.shell(name, NATIVE_DATA)
    before = odoo.shell(name, SNAPSHOT)
    query(name, BREAK)
    with pytest.raises(pytest.fail.Exception, match="the power is gone"):
        odoo.install(name)
    assert odoo.shell(name, SNAPSHOT) == before
    assert query(name, SOUND)[0][2] == "uninstalled"
    query(name, SPOIL)
    assert_clean(odoo.install(name))
    assert query(name, SOUND) == [(True, 0, "installed")]
    assert odoo.shell(name, SNAPSHOT) == before


def test_nobody_waits_behind_an_installation_that_waits(database, odoo, tmp_path):
    """Somebody reads opportunities for a long time: the installation waits for him, and
    nobody waits for the installation."""
    name = database("waiting")
    odoo.shell(name, NATIVE_DATA)
    result = tmp_path / "result.json"
    command = [sys.executable, DEV.parent / "bench/install.py", name, "--json", result]
    # with so few records, writing any would collide with the installation's own writing
    command += ["--probes", "read,list,create"]
    installation = threading.Thread(target=subprocess.run, args=[command])
    try:
        with closing(psycopg2.connect(dbname=name)) as reader:
            reader.cursor().execute("SELECT count(*) FROM crm_lead")
            installation.start()
            last = time.monotonic() + 300
            while not query(name, WAITING):
                assert time.monotonic() < last, "the installation did not wait"
                time.sleep(0.1)
            time.sleep(5)
    finally:
        installation.join()
    figures = json.loads(result.read_text())
    assert figures["status"] == 0
    assert figures["longest_wait"] < 5
    assert figures["longest_lock"] < 5
    state = f"SELECT state FROM ir_module_module WHERE name = '{MODULE}'"
    assert query(name, state) == [("installed",)]
