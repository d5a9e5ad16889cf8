//! A fill that is stopped, cut off, taken over or refused, and goes on.

use std::ops::ControlFlow;

use miglab::engine::postgres::fill::{self, FillId};
use miglab::engine::{FaultKind, Happening};

use super::fill::{OWNER, PLACE, WRONG, jobs, plain, plain_work, work};

/// Each row counts how often it was written to.
const COUNT_WRITES: &str = "
    alter table t add writes int not null default 0;
    create function count_writes() returns trigger language plpgsql as
        $$ begin new.writes := old.writes + 1; return new; end $$;
    create trigger count_writes before update on t for each row execute function count_writes()";

#[test]
fn stopped_by_the_watcher_it_goes_on_where_it_was() {
    for workers in [1, 2, 5] {
        let mut database = plain(&format!("stopped {workers}"), 600);
        database.client.batch_execute(COUNT_WRITES).unwrap();
        let work = plain_work(Some(20));
        let mut rounds = 0;
        let rows = loop {
            let mut batches = 0;
            let told = database.fill_until(&work, &jobs(workers), |_| {
                batches += 1;
                if batches == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            match told.outcome {
                Ok(rows) => break rows,
                Err(fault) => assert_eq!(fault.kind, FaultKind::Interrupted, "{fault:?}"),
            }
            let recorded = database.number("select coalesce(sum(rows), 0)::bigint from miglab.range");
            assert_eq!(recorded, database.number("select count(*) from t where d is not null"));
            rounds += 1;
        };
        assert!(rounds >= 2, "{rounds} rounds");
        assert_eq!((rows, database.number(WRONG)), (600, 0));
        assert_eq!(database.number("select count(*) from t where writes <> 1"), 0, "a row was done twice");
    }
}

#[test]
fn a_stop_is_at_once_for_one_worker() {
    let mut database = plain("stop at once", 100);
    let told = database.fill_until(&plain_work(Some(10)), &jobs(1), |_| ControlFlow::Break(()));
    assert_eq!(told.fault().kind, FaultKind::Interrupted);
    assert_eq!(database.number("select count(*) from t where d is not null"), 10);
}

#[test]
fn cut_off_it_goes_on_where_it_was() {
    for workers in [1, 2, 5] {
        let mut database = plain(&format!("cut off {workers}"), 600);
        database.client.batch_execute(COUNT_WRITES).unwrap();
        let work = plain_work(Some(20));
        let mut rounds = 0;
        let rows = loop {
            let (mut batches, mut killer) = (0, database.another());
            let told = database.fill_until(&work, &jobs(workers), |_| {
                batches += 1;
                if batches == 4 {
                    let cut = "select pg_terminate_backend(pid) from pg_stat_activity
                               where application_name = 'miglab' and datname = current_database()";
                    killer.execute(cut, &[]).unwrap();
                }
                ControlFlow::Continue(())
            });
            match told.outcome {
                Ok(rows) => break rows,
                Err(fault) => assert_eq!(fault.kind, FaultKind::Connection, "{fault:?}"),
            }
            rounds += 1;
        };
        assert!(rounds >= 2, "{rounds} rounds");
        assert_eq!((rows, database.number(WRONG)), (600, 0));
        assert_eq!(database.number("select count(*) from t where writes <> 1"), 0, "a row was done twice");
    }
}

#[test]
fn resumed_with_more_workers_it_goes_on_with_each_range() {
    let mut database = plain("more workers", 600);
    let work = plain_work(Some(20));
    database.fill_until(&work, &jobs(5), |_| ControlFlow::Break(()));
    let ranges = database.number("select count(*) from miglab.range");
    let told = database.fill(&work, &jobs(2));
    assert_eq!((told.rows(), database.number(WRONG)), (600, 0));
    assert_eq!(database.number("select count(*) from miglab.range"), ranges);
}

#[test]
fn done_twice_it_changes_nothing_more() {
    let mut database = plain("done twice", 100);
    assert_eq!(database.fill(&plain_work(None), &jobs(2)).rows(), 100);
    let places = "select sum(hashtext(id || ' ' || ctid::text)) from t";
    let before = database.number(places);
    assert_eq!(database.fill(&plain_work(None), &jobs(2)).rows(), 100);
    assert_eq!(database.number(places), before, "no row is written again");
}

#[test]
fn taken_over_it_stops_before_it_writes() {
    for keyless in [false, true] {
        let mut database = plain(&format!("taken over {keyless}"), 600);
        let mut work = plain_work(Some(10));
        if keyless {
            work.key.clear();
            work.batch_rows = Some(1);
        }
        let (mut other, mut after) = (database.another(), None);
        let told = database.fill_until(&work, &jobs(1), |_| {
            other.execute("update miglab.range set owner = 'another'", &[]).unwrap();
            after.get_or_insert_with(|| {
                let rows = other.query_one("select count(*) from t where d is not null", &[]).unwrap();
                rows.get::<_, i64>(0)
            });
            ControlFlow::Continue(())
        });
        assert!(told.fault().message.contains("taken this one over"), "{:?}", told.fault());
        assert_eq!(Some(database.number("select count(*) from t where d is not null")), after);
        let mut session = database.session();
        let place = FillId { owner: "a third", ..PLACE };
        let rows = fill::run(&mut session, &work, place, &jobs(1), &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!((rows, database.number(WRONG)), (600, 0));
    }
}

#[test]
fn a_row_that_cannot_be_done_is_named() {
    let mut database = plain("refused", 500);
    database
        .client
        .batch_execute("alter table t add q int; update t set n = 1; update t set n = 0 where id = 321")
        .unwrap();
    let mut work = plain_work(None);
    work.statement = work.statement.replace("upper(r.c)", "(100 / r.n)::text");
    work.last_look = work.last_look.replace("upper(r.c)", "(100 / r.n)::text");
    let fault = database.fill(&work, &jobs(1)).fault();
    assert_eq!(fault.kind, FaultKind::Value);
    assert!(fault.message.contains("division by zero") && fault.message.contains("(row id = 321)"), "{fault:?}");
    assert_eq!(database.number("select count(*) from t where d is not null"), 320, "what comes before is done");
    database.client.batch_execute("update t set n = 2 where id = 321").unwrap();
    assert_eq!(database.fill(&work, &jobs(1)).rows(), 500);
}

#[test]
fn a_statement_that_is_wrong_is_refused_at_once() {
    let database = plain("wrong", 500);
    let mut work = plain_work(None);
    work.statement = work.statement.replace("upper(r.c)", "upper(r.nothing)");
    for workers in [1, 5] {
        let told = database.fill(&work, &jobs(workers));
        assert_eq!(told.fault().kind, FaultKind::Missing, "{:?}", told.fault());
        assert!(told.batches.is_empty());
    }
}

#[test]
fn a_table_that_is_not_there_is_refused() {
    let database = plain("no table", 1);
    let told = database.fill(&work("public.nowhere", Vec::new(), None), &jobs(1));
    assert_eq!(told.fault().kind, FaultKind::Missing);
    assert_eq!(OWNER, PLACE.owner);
}

#[test]
fn what_is_told_of_never_goes_back() {
    let database = plain("told", 600);
    let told = database.fill_until(&plain_work(Some(20)), &jobs(3), |happening| {
        assert!(matches!(happening, Happening::Batch(_)));
        ControlFlow::Continue(())
    });
    assert!(told.batches.windows(2).all(|pair| pair[0].rows_done <= pair[1].rows_done));
    assert!(told.batches.len() >= 30);
}
