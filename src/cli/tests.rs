//! A command reads, resolves and proves a script once.

use std::path::{Path, PathBuf};

use clap::Parser;

use super::database::SchemaSource;
use super::{Cli, Command, plan, prove};
use crate::check;
use crate::database;
use crate::diagnostic::Complaint;
use crate::engine::postgres::inspect::dump;
use crate::lab::{self, RowsFile};
use crate::repl::{Host, Session};
use crate::report::Terminal;
use crate::source::Source;
use crate::{infer, syntax, tally};

const TABLE: &str = "table users {\n    id integer primary key\n    username text\n}\n";

const DUMP: &str =
    "-- PostgreSQL database dump\n\nCREATE TABLE public.users (\n    id integer NOT NULL,\n    username text\n);\n
ALTER TABLE ONLY public.users\n    ADD CONSTRAINT users_pkey PRIMARY KEY (id);\n";

const APPS: &str = "app v1 { uses username }\napp v2 { uses display_name }\n";

const STATEMENTS: &str = "expand add column display_name text
expand sync username <-> display_name
migrate backfill display_name from username
deploy v2
retire v1
contract drop column username
";

/// Without the sync, `v2` reads old values; a remedy is looked for.
fn refuted() -> String {
    [TABLE, APPS, STATEMENTS].concat().replace("expand sync username <-> display_name\n", "")
}

struct NoHost;

impl Host for NoHost {
    fn read(&self, _: &Path) -> Result<Source, Complaint> {
        Err(Complaint::new("no files"))
    }

    fn write(&self, _: &Path, _: &str, _: bool) -> Result<(), Complaint> {
        Err(Complaint::new("no files"))
    }

    fn interrupted(&self) -> bool {
        false
    }
}

/// How often a script is read, resolved and proved by what `act` does with it.
fn counted(name: &str, text: &str, act: impl FnOnce(&Path, Source)) -> [usize; 3] {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("counted-{name}.mig"));
    std::fs::write(&path, text).unwrap();
    act(&path, Source::new(path.display().to_string(), text));
    tally::of(&format!("counted-{name}"))
}

fn checked(options: &[&str], path: &Path) {
    let path = path.display().to_string();
    let words = [&["miglab", "check"], options, &[&path]].concat();
    let Some(Command::Check(args)) = Cli::try_parse_from(words).unwrap().command else { panic!() };
    args.check(Path::new(&path)).unwrap();
}

fn session(source: Source) -> Session {
    Session::open(Box::new(NoHost), Terminal::plain(), source, Vec::new()).unwrap()
}

#[test]
fn a_command_reads_resolves_and_proves_a_script_once() {
    let whole = [TABLE, APPS, STATEMENTS].concat();
    let no_apps = [TABLE, STATEMENTS].concat().replace("deploy v2\nretire v1\n", "");
    let qualified = |name: &str| (name.to_owned(), format!("users.{name}"));
    let of_users = ["username", "display_name"].map(qualified);
    let on_database = of_users.iter().fold([APPS, STATEMENTS].concat(), |text, (name, full)| text.replace(name, full));
    let once = [1, 1, 1];
    let server = || dump::read(DUMP).unwrap().server;

    assert_eq!(counted("check", &whole, |path, _| checked(&[], path)), once);
    assert_eq!(counted("check-refuted", &refuted(), |path, _| checked(&[], path)), once);
    assert_eq!(counted("check-no-apps", &no_apps, |path, _| checked(&[], path)), once);
    let dumped = counted("check-schema", &on_database, |path, _| {
        let findings = SchemaSource::Dump(dump::read(DUMP).unwrap(), PathBuf::new()).check(path).unwrap();
        assert_eq!(findings.diagnostics, []);
    });
    assert_eq!(dumped, once);

    assert_eq!(counted("prove", &whole, |_, source| drop(prove::outcome(source))), once);
    assert_eq!(counted("prove-refuted", &refuted(), |_, source| drop(prove::outcome(source))), once);
    assert_eq!(counted("prove-no-apps", &no_apps, |_, source| drop(prove::outcome(source))), once);

    let planned = counted("plan", &whole, |_, source| drop(plan::opened(syntax::parse(source), None).unwrap()));
    assert_eq!(planned, once);
    let planned = counted("plan-schema", &on_database, |_, source| {
        plan::opened(syntax::parse(source), Some(&server())).unwrap();
    });
    assert_eq!(planned, once);

    assert_eq!(counted("run", &whole, |_, source| drop(lab::open(source, &[]).unwrap())), once);
    let with_rows = counted("run-rows", &on_database, |path, source| {
        let rows = path.with_extension("csv");
        std::fs::write(&rows, "id,username\n1,ann\n").unwrap();
        lab::open(source, &[RowsFile { table: "users".into(), path: rows }]).unwrap();
    });
    assert_eq!(with_rows, once);
    // `run --db` opens a script by this, and `resume`, `rollback` and `status` the one that the database keeps. What they do
    // before and after it needs a server, and is not counted.
    let opened = counted("database", &on_database, |_, source| {
        let opened = database::open(source, &server()).unwrap();
        assert!(opened.checked.proof().is_some());
    });
    assert_eq!(opened, once);

    let played = counted("repl", &refuted(), |_, source| {
        let mut session = session(source);
        assert!(session.line("why").text.contains("refuted"));
    });
    assert_eq!(played, once);

    let inferred = counted("infer", &no_apps, |_, source| {
        assert!(matches!(infer::apps(&check::check(syntax::parse(source), &[])), infer::Inferred::Apps(_)));
    });
    assert_eq!(inferred, once);
    // The script with its applications is another one, and checked as well.
    assert_eq!(counted("infer-apps", &no_apps, |path, _| checked(&["--infer-apps"], path)), [2, 2, 2]);
}

#[test]
fn a_statement_typed_into_a_session_has_the_script_read_once_more() {
    let counts = counted("typed", &[TABLE, "app v1 { uses username }\n"].concat(), |_, source| {
        let reply = session(source).line("expand add column nick text");
        assert!(!reply.failed, "{}", reply.text);
    });
    assert_eq!(counts, [2, 2, 1]);
}
