//! A database of one's own with a table in it, a folder with scripts, and the program.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use postgres::{Client, NoTls};
use serde_json::Value;

use crate::common::postgres::TestServer;
use crate::common::{Ran, miglab};

pub const HEADER: &str = r#"
migration "Rename username to display_name" on users

table users {
    id       integer primary key
    username text not null
    email    text
}
"#;

/// Every kind of gate, a concurrent index, a backfill of several batches, and a contract.
pub const RENAME: &str = r#"
app v1 { reads username, email  writes username, email }
app v2 { reads display_name, email  writes display_name, email }

expand add column display_name text
expand sync username <-> display_name
expand add index users_email on users (email)
migrate backfill display_name from username in batches of 40
deploy v2
confirm "v2 is at 100 %"
retire v1
wait 100ms
contract drop column username
"#;

/// Rows that the table begins with.
pub const ROWS: i64 = 200;

static DATABASES: AtomicU32 = AtomicU32::new(0);

pub struct World {
    _server: Arc<TestServer>,
    pub url: String,
    folder: tempfile::TempDir,
}

impl World {
    /// A table `users` with rows, and a script `rename.mig` with this plan.
    pub fn with(plan: &str) -> Self {
        let world = Self::without_script();
        world.script("rename.mig", plan);
        world
    }

    pub fn without_script() -> Self {
        let server = TestServer::start();
        let url = server.database(&format!("run_{}", DATABASES.fetch_add(1, Ordering::Relaxed)));
        let world = Self { _server: server, url, folder: tempfile::tempdir().unwrap() };
        world.do_sql(&format!(
            "create table users (id integer primary key, username text not null, email text);
             insert into users select id, 'user ' || id, id || '@example.com' from generate_series(1, {ROWS}) id;
             analyze users"
        ));
        world
    }

    /// Writes a script: the header and a plan.
    pub fn script(&self, name: &str, plan: &str) {
        self.file(name, &format!("{HEADER}{plan}"));
    }

    pub fn file(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub fn connect(&self) -> Client {
        Client::connect(&self.url, NoTls).unwrap()
    }

    pub fn connect_as(&self, application: &str) -> Client {
        let mut config: postgres::Config = self.url.parse().unwrap();
        config.application_name(application).connect(NoTls).unwrap()
    }

    pub fn do_sql(&self, sql: &str) {
        self.connect().batch_execute(sql).unwrap();
    }

    /// One value, as text.
    pub fn ask(&self, query: &str) -> String {
        let row = self.connect().query_one(&format!("select ({query})::text"), &[]).unwrap();
        row.get::<_, Option<String>>(0).unwrap_or_else(|| "null".into())
    }

    /// `miglab … --db URL`, in the folder of the scripts, without a database in the environment.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut all = args.to_vec();
        all.extend(["--db", &self.url]);
        let mut command = miglab(&all);
        let variables = std::env::vars().map(|(name, _)| name);
        variables.filter(|name| name.starts_with("PG") || name == "DATABASE_URL").for_each(|name| {
            command.env_remove(name);
        });
        command.current_dir(self.folder.path());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        let ran = Ran::of(&mut self.command(args));
        assert!(!ran.err.contains("panicked"), "{args:?}: {}", ran.err);
        ran
    }

    /// Runs it, and holds the exit code.
    #[track_caller]
    pub fn expect(&self, code: i32, args: &[&str]) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.code, code, "{args:?}\n{}\n{}", ran.out, ran.err);
        ran
    }

    pub fn start(&self, args: &[&str]) -> Started {
        let mut command = self.command(args);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Started { child }
    }

    pub fn status(&self) -> Value {
        serde_json::from_str(&self.expect(0, &["status", "--format", "json"]).out).unwrap()
    }

    /// Everything of the database but what miglab keeps for itself: columns, constraints, indexes, triggers, functions.
    pub fn schema(&self) -> Vec<String> {
        let query = "
            select * from (
                select format('column %s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default)
                from information_schema.columns where table_schema = 'public'
                union all
                select format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
                from pg_constraint where connamespace = 'public'::regnamespace
                union all
                select format('index %s %s', indexname, indexdef) from pg_indexes where schemaname = 'public'
                union all
                select format('trigger %s', tgname) from pg_trigger where not tgisinternal
                union all
                select format('function %s', proname) from pg_proc
                where pronamespace in ('public'::regnamespace, to_regnamespace('miglab')) and proname <> 'given'
                union all
                select format('kept %s', tablename) from pg_tables
                where schemaname = 'miglab' and tablename not in ('version', 'run', 'operation', 'range', 'event')
            ) all_of_it (line) order by line";
        self.connect().query(query, &[]).unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// The rows of the table, as text.
    pub fn rows(&self) -> Vec<String> {
        let query = "select to_jsonb(u)::text from users u order by id";
        self.connect().query(query, &[]).unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// Schema and rows.
    pub fn everything(&self) -> Vec<String> {
        self.schema().into_iter().chain(self.rows()).collect()
    }
}

/// Holds two descriptions against each other, and shows what differs.
#[track_caller]
pub fn assert_same(found: &[String], expected: &[String], when: &str) {
    let more: Vec<&String> = found.iter().filter(|line| !expected.contains(line)).collect();
    let less: Vec<&String> = expected.iter().filter(|line| !found.contains(line)).collect();
    assert!(more.is_empty() && less.is_empty(), "{when}: found {more:#?}, expected {less:#?}");
}

/// A process on its way.
pub struct Started {
    child: Child,
}

impl Started {
    /// Reads lines of its output until `stop` says so, and gives how many were read. At the end of the output it stops too.
    pub fn read_until(&mut self, mut stop: impl FnMut(&str) -> bool) -> usize {
        let out = self.child.stdout.take().unwrap();
        let mut reader = BufReader::new(out);
        let (mut line, mut count) = (String::new(), 0);
        while reader.read_line(&mut line).unwrap() > 0 {
            count += 1;
            if stop(&line) {
                break;
            }
            line.clear();
        }
        self.child.stdout = Some(reader.into_inner());
        count
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ctrl-C.
    pub fn interrupt(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    }

    /// Its end.
    pub fn finish(self) -> Ran {
        Ran::from(self.child.wait_with_output().unwrap())
    }
}
