//! Whatever the key: every row is treated, once.

use super::fill::{Database, WRONG, jobs, key, plain, plain_work, work};

/// The table is filled by 1, 2 and 5 workers, in batches of several sizes.
fn every_way(name: &str, setup: &str, relation: &str, columns: &[(&str, &str)], wrong: &str, rows: u64) {
    let mut database = Database::new(name, setup);
    for (workers, size) in [(1, Some(7)), (1, None), (2, Some(1)), (2, Some(50)), (5, Some(13)), (5, None)] {
        database.client.batch_execute(&format!("delete from miglab.range; update {relation} set d = null")).unwrap();
        let told = database.fill(&work(relation, key(columns), size), &jobs(workers));
        let case = format!("{name}: {workers} workers, batches of {size:?}");
        assert_eq!(told.rows(), rows, "{case}");
        assert_eq!(database.number(wrong), 0, "{case}");
        let last = told.batches.last().map_or((0, 0), |batch| (batch.rows_done, batch.rows_total));
        assert_eq!(last.0, last.1, "{case}");
        assert!(told.batches.iter().all(|batch| batch.rows_done <= batch.rows_total), "{case}");
        assert_eq!(database.number("select count(*) from miglab.range where not done"), 0, "{case}");
        assert!(database.number("select count(*) from miglab.range") >= i64::from(rows > 0), "{case}");
    }
}

const FILLED: &str = " c text not null, d text, ";

#[test]
fn an_integer() {
    let setup = format!(
        "create table t (id int,{FILLED} primary key (id)); insert into t select i, 'r' || i from generate_series(1, 400) i"
    );
    every_way("integer", &setup, "public.t", &[("\"id\"", "integer")], WRONG, 400);
}

#[test]
fn an_integer_with_gaps_and_below_zero() {
    let setup = format!(
        "create table t (id bigint,{FILLED} primary key (id));
         insert into t select -9223372036854775808 + i * i, 'r' || i from generate_series(0, 99) i;
         insert into t select 9223372036854775807 - i * i * i, 'r' || i from generate_series(0, 99) i;
         insert into t select i, 'r' || i from generate_series(-50, 49) i"
    );
    every_way("gaps", &setup, "public.t", &[("\"id\"", "bigint")], WRONG, 300);
}

#[test]
fn a_text_with_anything_in_it() {
    let setup = format!(
        "create table t (id text,{FILLED} primary key (id));
         insert into t select chr(i) || '''\"\\$1' || i, 'r' || i from generate_series(1, 300) i where i <> 0;
         insert into t values ('', 'empty'), ('null', 'n'), ('{{a,b}}', 'x'), (E'line\\nbreak', 'y')"
    );
    every_way("texts", &setup, "public.t", &[("\"id\"", "text")], WRONG, 304);
}

#[test]
fn texts_in_the_order_of_their_own_collation() {
    let setup = format!(
        "create collation de (provider = icu, locale = 'de-u-ks-level2');
         create table t (id text collate de,{FILLED} primary key (id));
         insert into t select case i % 3 when 0 then 'Ä' when 1 then 'a' else 'Z' end || i, 'r' || i
         from generate_series(1, 300) i"
    );
    every_way("collation", &setup, "public.t", &[("\"id\"", "text")], WRONG, 300);
}

#[test]
fn a_uuid() {
    let setup = format!(
        "create table t (id uuid,{FILLED} primary key (id));
         insert into t select md5(i::text)::uuid, 'r' || i from generate_series(1, 400) i"
    );
    every_way("uuids", &setup, "public.t", &[("\"id\"", "uuid")], WRONG, 400);
}

#[test]
fn several_columns() {
    let setup = format!(
        "create table t (\"a b\" text, at timestamptz, n numeric,{FILLED} primary key (\"a b\", at, n));
         insert into t select 'k' || i % 3, timestamptz '2024-03-31 00:30+00' + (i / 9) * interval '7 min 0.000001 s',
                              i % 9 / 3.0, 'r' || i
         from generate_series(0, 399) i"
    );
    let columns = [("\"a b\"", "text"), ("\"at\"", "timestamp with time zone"), ("\"n\"", "numeric")];
    every_way("several", &setup, "public.t", &columns, WRONG, 400);
}

#[test]
fn other_types() {
    let cases = [
        ("real", "real", "i / 7.0"),
        ("float", "double precision", "i / 7.0 - 20"),
        ("day", "date", "date '0001-01-01 BC' + i * 1000"),
        ("char", "character(8)", "'k' || i"),
        ("varchar", "character varying(8)", "'k ' || i"),
        ("bytes", "bytea", "decode(md5(i::text), 'hex')"),
        ("span", "interval", "i * interval '1 hour 1 day' - interval '1 year'"),
        ("network", "inet", "inet '10.0.0.0' + i"),
        ("enum", "\"Odd Type\"", "('v' || i)::\"Odd Type\""),
        ("domain", "short", "i"),
    ];
    let labels: Vec<String> = (1..=60).map(|number| format!("'v{number}'")).collect();
    for (name, ty, value) in cases {
        let setup = format!(
            "create type \"Odd Type\" as enum ({}); create domain short as smallint check (value < 1000);
             create table t (id {ty},{FILLED} primary key (id));
             insert into t select {value}, 'r' || i from generate_series(1, 60) i",
            labels.join(", ")
        );
        every_way(&format!("type {name}"), &setup, "public.t", &[("\"id\"", ty)], WRONG, 60);
    }
}

#[test]
fn no_key_at_all() {
    let setup = format!(
        "create table t (id int,{FILLED} filler text);
         insert into t select i % 10, 'r' || i, null, repeat('x', 500) from generate_series(1, 400) i;
         delete from t where id = 3"
    );
    every_way("no key", &setup, "public.t", &[], WRONG, 360);
}

#[test]
fn no_rows_at_all() {
    let setup = format!("create table t (id int,{FILLED} primary key (id))");
    let mut database = Database::new("no rows", &setup);
    for columns in [&[("\"id\"", "integer")][..], &[]] {
        let told = database.fill(&work("public.t", key(columns), None), &jobs(2));
        assert_eq!((told.rows(), told.batches.len()), (0, 0));
    }
    assert_eq!(database.number("select count(*) from miglab.range"), 0);
}

const PARTITIONS: &str = "
    create table t_1 partition of t for values from (0) to (100);
    create table t_2 partition of t for values from (100) to (300) partition by hash (id);
    create table t_2a partition of t_2 for values with (modulus 2, remainder 0);
    create table t_2b partition of t_2 for values with (modulus 2, remainder 1);
    create table t_3 partition of t default;
    insert into t select i, 'r' || i from generate_series(1, 400) i";

#[test]
fn partitions_with_a_key() {
    let setup = format!("create table t (id int,{FILLED} primary key (id)) partition by range (id); {PARTITIONS}");
    every_way("partitions", &setup, "public.t", &[("\"id\"", "integer")], WRONG, 400);
}

#[test]
fn partitions_without_a_key() {
    let setup = format!("create table t (id int,{FILLED} x int) partition by range (id); {PARTITIONS}");
    every_way("partitions without key", &setup, "public.t", &[], WRONG, 400);
}

#[test]
fn names_that_are_anything_but_names() {
    let setup = "
        create schema \"S\"\"; drop\";
        create table \"S\"\"; drop\".\"we\"\"ird; $$ drop\" (\"miglab_a1\" int, \"select\" text, c text not null, d text,
            primary key (\"miglab_a1\", \"select\"));
        insert into \"S\"\"; drop\".\"we\"\"ird; $$ drop\" select i, '$1 $miglab0$', 'r' || i
        from generate_series(1, 200) i";
    let relation = "\"S\"\"; drop\".\"we\"\"ird; $$ drop\"";
    let wrong = format!("select count(*) from {relation} where d is distinct from upper(c)");
    let columns = [("\"miglab_a1\"", "integer"), ("\"select\"", "text")];
    every_way("names \"; $$", setup, relation, &columns, &wrong, 200);
    every_way("names without key", setup, relation, &[], &wrong, 200);
}

#[test]
fn rows_that_hold_the_value_are_left_alone() {
    let mut database = plain("left alone", 500);
    database.client.batch_execute("update t set d = upper(c) where id % 2 = 0").unwrap();
    let places = "select string_agg(ctid::text, ' ' order by id) from t where id % 2 = 0";
    let before: String = database.client.query_one(places, &[]).unwrap().get(0);
    let told = database.fill(&plain_work(Some(40)), &jobs(2));
    let after: String = database.client.query_one(places, &[]).unwrap().get(0);
    assert_eq!((told.rows(), database.number(WRONG)), (250, 0));
    assert_eq!(before, after);
}

#[test]
fn a_large_table_is_split_by_a_sample() {
    let mut database = plain("large", 120_000);
    let told = database.fill(&plain_work(None), &jobs(3));
    assert_eq!((told.rows(), database.number(WRONG)), (120_000, 0));
    assert!(database.number("select count(*) from miglab.range where rows > 0") >= 8);
}

#[test]
fn a_table_that_was_never_analysed_has_a_total() {
    let database = plain("total", 30_000);
    let told = database.fill(&plain_work(Some(1_000)), &jobs(1));
    let totals: Vec<u64> = told.batches.iter().map(|batch| batch.rows_total).collect();
    assert!(totals.iter().all(|total| (10_000..=60_000).contains(total)), "{totals:?}");
    assert!(told.batches.len() >= 30);
}
