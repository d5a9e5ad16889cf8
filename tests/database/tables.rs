//! Tables as people have them: partitioned, without a key, in other schemas, with types of their own, guarded by policies,
//! owned by a role that is no superuser. Each goes through a whole plan and back.

use crate::common::postgres::TestServer;
use crate::common::{Ran, miglab};
use postgres::{Client, NoTls};

/// A database with tables, and a folder for the script.
struct FillId {
    url: String,
    client: Client,
    folder: tempfile::TempDir,
}

impl FillId {
    fn new(server: &TestServer, name: &str, sql: &str) -> Self {
        let url = server.database(&format!("tables_{name}"));
        let mut client = Client::connect(&url, NoTls).unwrap();
        client.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}\n{error:?}"));
        Self { url, client, folder: tempfile::tempdir().unwrap() }
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.run_as(&self.url, args)
    }

    fn run_as(&self, url: &str, args: &[&str]) -> Ran {
        let mut command = miglab(args);
        Ran::of(command.args(["--db", url]).current_dir(self.folder.path()))
    }

    fn script(&self, text: &str) {
        std::fs::write(self.folder.path().join("plan.mig"), text).unwrap();
    }

    fn texts(&mut self, sql: &str) -> Vec<String> {
        let rows = self.client.query(sql, &[]).unwrap_or_else(|error| panic!("{sql}\n{error:?}"));
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Columns, constraints, indexes and triggers outside of miglab's own schema.
    fn picture(&mut self) -> Vec<String> {
        self.texts(
            "select format('%s.%s %s %s %s', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), \
                    a.attnotnull, pg_get_expr(d.adbin, d.adrelid)) \
             from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_attrdef d \
                  on d.adrelid = a.attrelid and d.adnum = a.attnum \
             where c.relnamespace::regnamespace::text not in ('miglab', 'pg_catalog', 'information_schema', 'pg_toast') \
               and a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v') \
             union all select format('%s: %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) \
             from pg_constraint where connamespace::regnamespace::text not in ('miglab', 'pg_catalog', 'information_schema') \
             union all select indexdef from pg_indexes where schemaname not in ('miglab', 'pg_catalog', 'pg_toast') \
             union all select format('%s: %s', tgrelid::regclass, tgname) from pg_trigger where not tgisinternal \
             order by 1",
        )
    }

    /// The plan runs to its end, `holds` says that all is well, and a rollback brings the old schema back.
    fn there_and_back(&mut self, url: &str, holds: impl FnOnce(&mut Self)) {
        let before = self.picture();
        let ran = self.run_as(url, &["run", "plan.mig", "--yes"]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        holds(self);
        let back = self.run_as(url, &["rollback", "--yes", "--lose-writes"]);
        assert_eq!(back.code, 0, "{}{}", back.out, back.err);
        assert_eq!(self.picture(), before);
    }
}

const RENAME: &str = "
app v1 { uses note }
app v2 { uses remark }
expand add column remark
expand sync note <-> remark
expand add index t_remark_idx on t (remark)
migrate backfill remark from note
deploy v2
retire v1
contract drop column note
";

fn is_filled(place: &mut FillId, table: &str) {
    let missing = format!("select count(*)::text from {table} where remark is null");
    assert_eq!(place.texts(&missing), ["0"]);
}

#[test]
fn a_partitioned_table_with_an_identity_and_a_generated_column() {
    let server = TestServer::start();
    let tables = "create table t (id bigint generated always as identity, day date not null, note text, \
                      total numeric(10,2), twice numeric generated always as (total * 2) stored, primary key (id, day)) \
                      partition by range (day); \
                  create table t_2020 partition of t for values from ('2020-01-01') to ('2021-01-01'); \
                  create table \"t of 2021\" partition of t for values from ('2021-01-01') to ('2022-01-01'); \
                  insert into t (day, note, total) select '2020-06-01'::date + i % 500, 'n' || i, i \
                      from generate_series(1, 3000) i";
    let mut place = FillId::new(&server, "partitioned", tables);
    place.script(&format!("migration \"Rename\" on t\n{RENAME}"));
    let url = place.url.clone();
    place.there_and_back(&url, |place| {
        is_filled(place, "t");
        let invalid = "select indexrelid::regclass::text from pg_index where not indisvalid";
        assert_eq!(place.texts(invalid), Vec::<String>::new());
        place.client.batch_execute("insert into t (day, remark) values ('2020-02-02', 'new')").unwrap();
    });
}

#[test]
fn a_table_without_a_key_and_with_a_type_of_its_own() {
    let server = TestServer::start();
    let tables = "create type mood as enum ('ok', 'sad'); create table t (note mood not null, tags text[]); \
                  insert into t select case when i % 3 = 0 then 'sad' else 'ok' end::mood, array['a'] \
                      from generate_series(1, 3000) i";
    let mut place = FillId::new(&server, "keyless", tables);
    place.script(&format!("migration \"Rename\" on t\n{RENAME}"));
    let url = place.url.clone();
    place.there_and_back(&url, |place| {
        is_filled(place, "t");
        assert_eq!(place.texts("select distinct pg_typeof(remark)::text from t"), ["mood"]);
        assert_eq!(place.texts("select count(*)::text from t where remark = 'sad'"), ["1000"]);
    });
}

#[test]
fn a_table_in_a_schema_of_the_search_path() {
    let server = TestServer::start();
    let tables = "create schema \"Shop floor\"; create table \"Shop floor\".t (id uuid primary key default gen_random_uuid(), \
                  note text); insert into \"Shop floor\".t (note) select 'n' || i from generate_series(1, 3000) i; \
                  create table t (id integer primary key)";
    let mut place = FillId::new(&server, "elsewhere", tables);
    place.script(&format!("migration \"Rename\" on t\n{RENAME}"));
    let url = format!("{}&options=-c%20search_path%3D%22Shop%5C%20floor%22%2Cpublic", place.url);
    place.there_and_back(&url, |place| is_filled(place, "\"Shop floor\".t"));
}

#[test]
fn a_role_that_owns_the_table_and_may_make_a_schema_is_enough() {
    let server = TestServer::start();
    let tables = "create role owner_of_t login; create role app_of_t login; \
                  create table t (id integer primary key, note text); alter table t owner to owner_of_t; \
                  grant select, insert, update on t to app_of_t; grant create on schema public to owner_of_t; \
                  insert into t select i, 'n' || i from generate_series(1, 3000) i";
    let mut place = FillId::new(&server, "roles", tables);
    place.script(&format!("migration \"Rename\" on t\n{RENAME}"));
    let as_role = |place: &FillId, role: &str| place.url.replace("//miglab@", &format!("//{role}@"));
    let (owner, app) = (as_role(&place, "owner_of_t"), as_role(&place, "app_of_t"));
    let refused = place.run_as(&owner, &["run", "plan.mig", "--yes"]);
    assert_ne!(refused.code, 0);
    assert!(refused.err.contains("create"), "{}", refused.err);
    let refused = place.run_as(&app, &["run", "plan.mig", "--yes"]);
    assert_ne!(refused.code, 0);
    place.client.batch_execute("grant create on database tables_roles to owner_of_t").unwrap();
    place.there_and_back(&owner, |place| {
        is_filled(place, "t");
        // The role of an application needs nothing of miglab's.
        let mut client = Client::connect(&app, NoTls).unwrap();
        client
            .batch_execute("insert into t (id, remark) values (0, 'x'); update t set remark = 'y' where id = 1")
            .unwrap();
    });
}

/// While both versions are live, the role of an application fires the triggers with its own rights.
#[test]
fn an_application_fires_syncs_into_a_table_that_it_may_not_write() {
    let server = TestServer::start();
    let tables = "create role clerk login; create table users (id integer primary key, street text); \
                  grant select, insert, update on users to clerk; insert into users values (1, 'Hauptstr. 1')";
    let mut place = FillId::new(&server, "clerks", tables);
    place.script(
        "migration \"Split\"\n\
         app v1 { uses users.street }\napp v2 { uses addresses.street  deletes none }\n\
         expand add table addresses { user_id integer primary key references users (id)  street text }\n\
         expand sync addresses.street <-> users.street\n\
         migrate copy users to addresses (user_id from id, street from street)\n\
         deploy v2\nretire v1\ncontract drop column users.street\n",
    );
    let stopped = place.run(&["run", "plan.mig"]);
    assert_eq!(stopped.code, 4, "{}{}", stopped.out, stopped.err);
    let mut clerk = Client::connect(&place.url.replace("//miglab@", "//clerk@"), NoTls).unwrap();
    clerk.batch_execute("update users set street = 'Elm St'; insert into users values (2, 'Rue X')").unwrap();
    assert_eq!(place.texts("select user_id || street from addresses order by 1"), ["1Elm St", "2Rue X"]);
    place.client.batch_execute("update addresses set street = 'Back' where user_id = 2").unwrap();
    assert_eq!(place.texts("select street from users order by id"), ["Elm St", "Back"]);
}

#[test]
fn a_policy_that_hides_rows_from_the_backfill_is_refused() {
    let server = TestServer::start();
    let tables = "create role tenant login; create table t (id integer primary key, note text); \
                  alter table t owner to tenant; alter table t enable row level security; \
                  alter table t force row level security; create policy p on t using (id < 10); \
                  grant create on schema public to tenant; grant create on database tables_policies to tenant; \
                  insert into t select i, 'n' from generate_series(1, 20) i";
    let mut place = FillId::new(&server, "policies", tables);
    place.script(&format!("migration \"Rename\" on t\n{RENAME}"));
    let before = place.picture();
    let refused = place.run_as(&place.url.replace("//miglab@", "//tenant@"), &["run", "plan.mig", "--yes"]);
    assert_ne!(refused.code, 0, "{}", refused.out);
    assert!(refused.err.contains("row") && refused.err.contains("`t`"), "{}", refused.err);
    assert_eq!(place.picture(), before);
}

/// What the script's own rows and made-up values do not show, the rows of the database may.
#[test]
fn a_row_that_does_not_survive_the_way_there_and_back_is_named() {
    let server = TestServer::start();
    let tables =
        "create table t (id integer primary key, price numeric not null); insert into t values (1, 2), (2, 17.25)";
    let mut place = FillId::new(&server, "forms", tables);
    let script = "migration \"Cents\" on t\n@app v1 { uses price }\napp v2 { uses cents }\n\
                  expand add column cents bigint\n\
                  expand sync cents from (price * 10)::bigint\n\
                  expand sync price from cents / 10.0\n\
                  migrate backfill cents from (price * 10)::bigint\n\
                  deploy v2\nretire v1\ncontract drop column price\n";
    place.script(&script.replace('@', ""));
    let found = place.run(&["check", "plan.mig"]);
    assert!(found.out.contains("`price` '17.25' comes back as '17.3"), "{}{}", found.out, found.err);
    place.script(&script.replace('@', "    allow lossy-translation because 'prices are whole'\n"));
    let allowed = place.run(&["check", "plan.mig"]);
    assert!(!allowed.out.contains("17.25"), "{}", allowed.out);
    place.script(&script.replace('@', ""));
    place.client.batch_execute("delete from t where id = 2").unwrap();
    assert!(!place.run(&["check", "plan.mig"]).out.contains("a row of the database"), "no such row is left");
}

/// What role and database have set counts as little as it does for a run.
#[test]
fn a_database_is_asked_with_the_settings_of_a_run() {
    let server = TestServer::start();
    let tables = "create table t (id integer primary key, day date default '2024-02-01'); \
                  alter database tables_settings set datestyle = 'German'";
    let place = FillId::new(&server, "settings", tables);
    let mut other = Client::connect(&place.url, NoTls).unwrap();
    let shown = other.query_one("select date '2024-02-01' || ''", &[]).unwrap();
    assert_eq!(shown.get::<_, String>(0), "01.02.2024", "the setting holds for others");
    let schema = place.run(&["schema"]);
    assert!(schema.out.contains("2024-02-01"), "{}{}", schema.out, schema.err);
    place.script(&format!("migration \"Day\" on t\n{}\napp v1 {{ uses day }}\n", schema.out));
    let found = place.run(&["check", "plan.mig"]);
    assert!(!found.out.contains("01.02.2024"), "{}{}", found.out, found.err);
}

const TWO_TABLES: &str = "create schema shop; \
    create table item (id integer primary key, note text); insert into item values (1, 'public'); \
    create table shop.item (id integer primary key, note text); insert into shop.item values (1, 'shop')";

#[test]
fn a_run_goes_on_with_the_table_that_it_began_with() {
    let server = TestServer::start();
    let mut place = FillId::new(&server, "paths", TWO_TABLES);
    place.script(&format!("migration \"Rename\" on item\n{}", RENAME.replace("t_remark_idx on t ", "i on item ")));
    let before = place.picture();
    let elsewhere = format!("{}&options=-c%20search_path%3Dshop,public", place.url);
    assert_eq!(place.run_as(&elsewhere, &["run", "plan.mig"]).code, 4);
    let done = place.run(&["resume", "--yes"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert_eq!(place.texts("select remark from shop.item"), ["shop"]);
    assert_eq!(place.texts("select note from public.item"), ["public"]);
    let back = place.run(&["rollback", "--yes", "--lose-writes"]);
    assert_eq!(back.code, 0, "{}{}", back.out, back.err);
    assert_eq!(place.picture(), before);
}

#[test]
fn a_table_renamed_by_others_on_the_way_is_told() {
    let server = TestServer::start();
    let mut place = FillId::new(&server, "renamed", TWO_TABLES);
    place.script(&format!("migration \"Rename\" on item\n{}", RENAME.replace("t_remark_idx on t ", "i on item ")));
    assert_eq!(place.run(&["run", "plan.mig"]).code, 4);
    place.client.batch_execute("alter table item rename to thing").unwrap();
    let refused = place.run(&["resume", "--yes"]);
    assert_eq!(refused.code, 1, "{}", refused.out);
    assert!(refused.err.contains("table `item` is now `public.thing`"), "{}", refused.err);
}

/// A row that gets another key while the backfill is under way is not where it will come by any more.
#[test]
fn rows_that_get_other_keys_during_a_backfill_are_filled() {
    let server = TestServer::start();
    let tables = "create table t (id integer primary key, note text); \
                  insert into t select i, 'n' || i from generate_series(1, 2000) i";
    let mut place = FillId::new(&server, "keys", tables);
    let slow = RENAME.replace("backfill remark from note", "backfill remark from note in batches of 100 pause 50ms");
    place.script(&format!("migration \"Rename\" on t\n{slow}"));
    let mut command = miglab(&["run", "plan.mig", "--db", &place.url]);
    let mut running = command.current_dir(place.folder.path()).stdout(std::process::Stdio::null()).spawn().unwrap();
    let begun =
        "select count(*)::text from pg_class where relnamespace = to_regnamespace('miglab') and relname = 'range'";
    let filled = "select (coalesce(sum(rows), 0) > 0)::text from miglab.range";
    while place.texts(begun) != ["1"] || place.texts(filled) != ["true"] {
        assert!(running.try_wait().unwrap().is_none(), "the run has ended before anything was filled");
    }
    place.client.batch_execute("update t set id = -id where id > 1900").unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(4));
    is_filled(&mut place, "t");
}

#[test]
fn a_trigger_of_the_application_is_told_of() {
    let server = TestServer::start();
    let tables = "create table t (id integer primary key, note text); \
                  create function norm() returns trigger language plpgsql as \
                      $$ begin new.note := lower(new.note); return new; end $$; \
                  create trigger zzzz_norm before insert or update on t for each row execute function norm()";
    let place = FillId::new(&server, "triggers", tables);
    place.script(&format!("migration \"Rename\" on t\n{RENAME}"));
    let found = place.run(&["check", "plan.mig"]);
    assert!(
        found.out.contains("trigger `zzzz_norm` of table `t`") && found.out.contains("sorts after"),
        "{}",
        found.out
    );
}

#[test]
fn an_empty_address_is_a_mistake() {
    let ran = Ran::of(miglab(&["status", "--db", ""]).env("DATABASE_URL", "postgres://localhost/production"));
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("the address after `--db` is empty"), "{}", ran.err);
}
