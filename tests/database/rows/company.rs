//! A fill in company: applications hold rows, write, and are in its way.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use miglab::engine::postgres::fill::Options;
use miglab::engine::postgres::operation::RowsWork;
use postgres::Client;

use super::fill::{Database, WRONG, jobs, plain, plain_setup, plain_work, work};
use crate::common::postgres::TestServer;

#[test]
fn a_row_that_somebody_holds_is_done_in_the_end() {
    let mut database = plain("held", 2_000);
    let mut holder = database.another();
    holder.batch_execute("set application_name = 'shop-v1'; begin; update t set n = n + 1 where id = 700").unwrap();
    let mut other = database.another();
    other.batch_execute("set lock_timeout = '5s'").unwrap();
    let (mut waits, mut free) = (0, Some(holder));
    let told = database.fill_until(&plain_work(None), &jobs(1), |happening| {
        if let miglab::engine::Happening::Waiting(_) = happening {
            // The rows before it are done, and those around it are free.
            other.batch_execute("update t set n = n + 1 where id in (699, 701)").unwrap();
            waits += 1;
            if waits == 3
                && let Some(mut holder) = free.take()
            {
                holder.batch_execute("commit").unwrap();
            }
        }
        ControlFlow::Continue(())
    });
    assert_eq!((told.rows(), database.number(WRONG)), (2_000, 0));
    assert_eq!(database.number("select n::bigint from t where id = 700"), 1, "the write of the application stays");
    let named = told.waits.iter().flat_map(|wait| &wait.blockers).any(|line| line.contains("shop-v1"));
    assert!(named, "{:?}", told.waits);
}

#[test]
fn while_it_waits_for_a_row_it_can_be_stopped() {
    let mut database = plain("held and stopped", 100);
    let mut holder = database.another();
    holder.batch_execute("begin; update t set n = n + 1 where id = 50").unwrap();
    let told = database.fill_until(&plain_work(None), &jobs(2), |happening| match happening {
        miglab::engine::Happening::Waiting(_) => ControlFlow::Break(()),
        miglab::engine::Happening::Batch(_) => ControlFlow::Continue(()),
    });
    assert_eq!(told.fault().kind, miglab::engine::FaultKind::Interrupted);
    holder.batch_execute("commit").unwrap();
    assert_eq!(database.fill(&plain_work(None), &jobs(2)).rows(), 100);
    assert_eq!(database.number(WRONG), 0);
}

/// An application that takes rows in the other order is never the one that has to give way.
#[test]
fn in_a_deadlock_it_is_the_fill_that_gives_way() {
    let mut database = plain("deadlock", 400);
    let mut app = database.another();
    app.batch_execute("begin; update t set n = 1 where id = 300").unwrap();
    let mut finished = None;
    let told = database.fill_until(&plain_work(Some(400)), &jobs(1), |_| {
        if finished.is_none() {
            let second = app.batch_execute("update t set n = 1 where id = 299; update t set n = 1 where id = 1");
            finished = Some(second.and_then(|()| app.batch_execute("commit")));
        }
        ControlFlow::Continue(())
    });
    finished.expect("the fill told of something").expect("the application was not hindered");
    assert_eq!((told.rows(), database.number(WRONG)), (400, 0));
    assert_eq!(database.number("select sum(n)::bigint from t"), 3);
}

/// `d` follows `c` where `c` is written, as a sync does, and not where a fill writes.
const SYNC: &str = "
    create function follow() returns trigger language plpgsql as
        $$ begin new.d := upper(new.c); return new; end $$;
    create trigger sync_insert before insert on t for each row
        when (current_setting('miglab.backfill', true) is distinct from 'on') execute function follow();
    create trigger sync_update before update on t for each row
        when (old.c is distinct from new.c and current_setting('miglab.backfill', true) is distinct from 'on')
        execute function follow()";

/// Writes until told to stop; gives the number of writes.
fn write(client: &mut Client, stop: &AtomicBool, first: i32) -> u32 {
    let mut writes = 0;
    let mut number = first;
    while !stop.load(Ordering::Relaxed) {
        number = number.wrapping_mul(1_103_515_245).wrapping_add(12_345) & 0x7fff_ffff;
        let id = number % 20_000;
        let statement = match number >> 16 & 7 {
            0 => format!("insert into t (id, c) values ({id} + 20000, 'new {number}') on conflict do nothing"),
            1 => format!("delete from t where id = {id}"),
            2 | 3 => format!("update t set c = 'changed {number}' where id = {id}"),
            4 => format!("update t set n = n + 1 where id between {id} and {id} + 3"),
            _ => format!("update t set n = n + 1, filler = repeat('x', {number} % 300) where id = {id}"),
        };
        client.batch_execute(&statement).expect("no write of an application fails");
        writes += 1;
    }
    writes
}

fn fill_in_company(database: &mut Database, work: &RowsWork, options: &Options) {
    database.client.batch_execute(&format!("alter table t add filler text; {SYNC}")).unwrap();
    let (stop, writes) = (AtomicBool::new(false), AtomicU32::new(0));
    let mut clients: Vec<Client> = (0..3).map(|_| database.another()).collect();
    thread::scope(|scope| {
        for (number, client) in (0_i32..).zip(&mut clients) {
            let (stop, writes) = (&stop, &writes);
            scope.spawn(move || writes.fetch_add(write(client, stop, 7 + number * 1_000), Ordering::Relaxed));
        }
        let told = database.fill(work, options);
        thread::sleep(Duration::from_millis(20));
        stop.store(true, Ordering::Relaxed);
        told.rows();
    });
    assert!(writes.load(Ordering::Relaxed) > 50);
    assert_eq!(database.number(WRONG), 0);
}

#[test]
fn applications_write_meanwhile() {
    for (workers, size) in [(1, Some(100)), (2, None), (5, Some(500))] {
        let mut database = plain(&format!("company {workers}"), 20_000);
        fill_in_company(&mut database, &plain_work(size), &jobs(workers));
    }
}

#[test]
fn applications_write_meanwhile_and_rows_move_to_other_blocks() {
    for workers in [1, 3] {
        let mut database = plain(&format!("company without key {workers}"), 20_000);
        database.client.batch_execute("delete from t where id % 3 = 0").unwrap();
        database.client.batch_execute("vacuum t").unwrap();
        fill_in_company(&mut database, &work("public.t", Vec::new(), Some(3)), &jobs(workers));
    }
}

/// What an application writes to other columns moves a row to a block that was done: it is filled nevertheless.
#[test]
fn a_row_that_moves_behind_the_fill_is_not_missed() {
    let mut database = plain("moves", 5_000);
    database.client.batch_execute("delete from t where id < 2000").unwrap();
    database.client.batch_execute("vacuum t").unwrap();
    let (mut app, mut moved) = (database.another(), 4_990);
    let told = database.fill_until(&work("public.t", Vec::new(), Some(1)), &jobs(1), |_| {
        let update = format!("update t set n = n + 1 where id = {moved}");
        if moved > 4_950 {
            app.batch_execute(&update).unwrap();
            moved -= 1;
        }
        ControlFlow::Continue(())
    });
    assert_eq!((told.rows(), database.number(WRONG)), (3_001, 0));
}

#[test]
fn it_waits_while_too_many_sessions_are_active() {
    let server = Arc::new(TestServer::launch_with(&[]));
    let mut database = Database::on(server, "active", &plain_setup(2_000));
    let mut busy = database.another();
    let pid: i32 = busy.query_one("select pg_backend_pid()", &[]).unwrap().get(0);
    let sleeper = thread::spawn(move || busy.batch_execute("select pg_sleep(600)"));
    let mut killer = database.another();
    let options = Options { max_active: Some(0), ..jobs(2) };
    let work = RowsWork { pause_ms: Some(20), ..plain_work(Some(50)) };
    let told = database.fill_until(&work, &options, |happening| {
        if let miglab::engine::Happening::Waiting(_) = happening {
            killer.execute("select pg_terminate_backend($1)", &[&pid]).unwrap();
        }
        ControlFlow::Continue(())
    });
    assert_eq!((told.rows(), database.number(WRONG)), (2_000, 0));
    let wait = told.waits.first().expect("it waited");
    assert!(wait.what.ends_with(" sessions that are active, with 0 allowed"), "{}", wait.what);
    assert!(sleeper.join().unwrap().is_err());
}
