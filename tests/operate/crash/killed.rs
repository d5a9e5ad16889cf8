//! A run on a database, killed behind a line of its output.

use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use miglab::engine::Engine;

use crate::common::both::{Both, database, url_of};
use crate::common::postgres::TestServer;
use crate::common::{Ran, miglab};

/// What a run that nothing happens to leaves.
#[derive(Debug, PartialEq)]
pub struct End {
    pub lines: usize,
    /// How many rows were inserted, updated and deleted in each table.
    changes: Vec<String>,
    /// What was noted as done, each as often as it was.
    events: Vec<String>,
    schema: Vec<String>,
}

pub struct Crash {
    server: Arc<TestServer>,
    name: String,
    text: String,
    url: String,
    folder: tempfile::TempDir,
}

/// Counts what is done to rows.
const COUNTING: &str = "
    drop schema if exists miglab, counted cascade; create schema counted;
    create table counted.change (tab name, op text);
    create function counted.note() returns trigger language plpgsql as $$ begin
        insert into counted.change values (tg_table_name, tg_op); return null; end $$;
    do $$ declare t name; begin
        for t in select tablename from pg_tables where schemaname = 'public' loop
            execute format('create trigger counts after insert or update or delete on public.%I for each row
                            execute function counted.note()', t);
        end loop; end $$";

impl Crash {
    pub fn new(server: &Arc<TestServer>, name: &str, text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        std::fs::write(folder.path().join("plan.mig"), text).expect("it can be written to");
        // A connection to a database of this thread makes it.
        drop(database(server, "crash"));
        let url = url_of(server, "crash");
        Self { server: Arc::clone(server), name: name.to_owned(), text: text.to_owned(), url, folder }
    }

    /// The tables as they are before the run.
    fn begin(&self) -> Both {
        let mut both = Both::open(&self.name, &self.text, database(&self.server, "crash"));
        both.execute(COUNTING);
        both
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = miglab(args);
        command.args(["--db", &self.url]).current_dir(self.folder.path());
        command
    }

    /// Runs it, and again as long as the server has not noticed that another process was killed.
    fn run(&self, args: &[&str]) {
        let give_up = Instant::now() + Duration::from_secs(30);
        loop {
            let ran = Ran::of(&mut self.command(args));
            if ran.code == 0 {
                return;
            }
            let waits = ran.err.contains("another miglab works") && Instant::now() < give_up;
            assert!(waits, "{}: {args:?} ended with {}: {}", self.name, ran.code, ran.err);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills it behind so many lines.
    fn kill_behind(&self, lines: usize) {
        let mut command = self.command(&["run", "plan.mig", "--yes", "--format", "json"]);
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = piped.spawn().expect("the program is there");
        let mut reader = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        for _ in 0..lines {
            line.clear();
            reader.read_line(&mut line).expect("it writes text");
        }
        child.kill().expect("it can be killed");
        child.wait().expect("it can be waited for");
    }

    /// How far a run is that was killed, once nobody works at it any more.
    fn status(both: &mut Both) -> Option<String> {
        let give_up = Instant::now() + Duration::from_secs(30);
        let others =
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
                      and application_name like 'miglab%'";
        while both.client.query_one(others, &[]).expect("it is asked").get::<_, i64>(0) > 0 {
            assert!(Instant::now() < give_up, "a session of a killed process stays");
            std::thread::sleep(Duration::from_millis(5));
        }
        let begun = both.client.query_one("select to_regclass('miglab.run') is not null", &[]).expect("it is asked");
        let sql = "select status from miglab.run";
        let row = begun.get::<_, bool>(0).then(|| both.client.query_opt(sql, &[]).expect("it is asked")).flatten();
        row.map(|row| row.get(0))
    }

    fn end(both: &mut Both, lines: usize) -> End {
        let mut ask = |sql: &str| -> Vec<String> {
            both.client.query(sql, &[]).expect("it is asked").iter().map(|row| row.get(0)).collect()
        };
        let changes =
            ask("select format('%s %s %s', tab, op, count(*)) from counted.change group by tab, op order by 1");
        let events = ask("select format('%s %s', step, count(*)) from miglab.event where step is not null \
                          group by step, state order by step, state");
        End { lines, changes, events, schema: both.picture() }
    }

    /// Nothing happens to it.
    pub fn undisturbed(&mut self) -> End {
        let mut both = self.begin();
        let ran = Ran::of(&mut self.command(&["run", "plan.mig", "--yes", "--format", "json"]));
        assert_eq!(ran.code, 0, "{}: {}{}", self.name, ran.out, ran.err);
        let lines = ran.out.lines().filter(|line| line.contains("\"statement_") || line.contains("\"batch\"")).count();
        self.rows_are_right(&mut both, "undisturbed");
        Self::end(&mut both, lines)
    }

    fn rows_are_right(&self, both: &mut Both, when: &str) {
        for step in &both.plan.steps.clone() {
            let done = both.memory.apply(&step.action, &mut |_| ControlFlow::Continue(()));
            done.unwrap_or_else(|fault| panic!("{}: {fault:?}", step.title));
        }
        both.compare(&format!("{when}: {}", self.name));
    }

    /// Whether it was killed on the way.
    pub fn killed_and_resumed(&mut self, line: usize, end: &End) -> bool {
        let mut both = self.begin();
        self.kill_behind(line);
        let status = Self::status(&mut both);
        match status.as_deref() {
            None => self.run(&["run", "plan.mig", "--yes"]),
            Some("complete") => {}
            Some(_) => self.run(&["resume", "--yes"]),
        }
        let when = format!("killed behind line {line}, when it was {status:?}");
        self.rows_are_right(&mut both, &when);
        let found = Self::end(&mut both, end.lines);
        assert_eq!(&found, end, "{}: {when}", self.name);
        status.is_some_and(|status| status != "complete")
    }

    /// The same, and then it is taken back.
    pub fn killed_and_rolled_back(&mut self, line: usize) -> bool {
        let mut both = self.begin();
        let before = both.picture();
        self.kill_behind(line);
        let Some(status) = Self::status(&mut both) else { return false };
        self.run(&["rollback", "--yes", "--lose-writes"]);
        let when = format!("killed behind line {line}, when it was {status}, and rolled back");
        both.compare(&format!("{when}: {}", self.name));
        assert_eq!(both.picture(), before, "{}: {when}", self.name);
        status != "complete"
    }
}
