//! Sessions without a terminal. `tests/repl/*.repl` are lines of a session, beside what it says to them;
//! `SNAPSHOTS=overwrite cargo test` rewrites that. A first line `# script: PATH` opens a script.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::common::{Ran, miglab};
use miglab::diagnostic::Complaint;
use miglab::repl::{Host, Session};
use miglab::report::Terminal;
use miglab::source::Source;
use snapbox::{Assert, Data};

/// A machine whose files are those of the package, and those that a session wrote in memory.
#[derive(Clone, Default)]
struct Bench {
    written: Rc<RefCell<BTreeMap<PathBuf, String>>>,
    interrupted: Rc<Cell<bool>>,
}

impl Host for Bench {
    fn read(&self, path: &Path) -> Result<Source, Complaint> {
        let written = self.written.borrow().get(path).cloned();
        let text = written.map_or_else(|| fs::read_to_string(path), Ok);
        let text = text.map_err(|_| Complaint::new(format!("cannot read `{}`: it does not exist", path.display())))?;
        Ok(Source::new(path.display().to_string(), text))
    }

    fn write(&self, path: &Path, text: &str, may_replace: bool) -> Result<(), Complaint> {
        if !may_replace && (path.exists() || self.written.borrow().contains_key(path)) {
            return Err(Complaint::new(format!("`{}` already exists", path.display())));
        }
        self.written.borrow_mut().insert(path.to_owned(), text.to_owned());
        Ok(())
    }

    fn interrupted(&self) -> bool {
        self.interrupted.get()
    }
}

fn session(script: Option<&str>, bench: &Bench) -> Session {
    let host = Box::new(bench.clone());
    let opened = match script {
        Some(path) => Session::open(host, Terminal::plain(), bench.read(Path::new(path)).unwrap(), Vec::new()),
        None => Session::empty(host, Terminal::plain(), Vec::new()),
    };
    opened.unwrap_or_else(|error| panic!("{script:?}: {error:?}"))
}

/// What a person would see who types `lines`.
fn transcript(lines: &str) -> String {
    let script = lines.lines().next().and_then(|line| line.strip_prefix("# script: "));
    let mut session = session(script, &Bench::default());
    let (mut seen, mut pending) = (session.greeting(), String::new());
    for line in lines.lines().skip(usize::from(script.is_some())) {
        let prompt = if pending.is_empty() { session.prompt() } else { "... ".to_owned() };
        seen += format!("{prompt}{line}").trim_end();
        seen.push('\n');
        pending += line;
        let reply = session.line(&pending);
        if reply.incomplete {
            pending.push('\n');
            continue;
        }
        pending.clear();
        seen += &reply.text;
    }
    assert_eq!(pending, "", "the lines end within something");
    seen
}

#[test]
fn sessions_say_what_stands_beside_them() {
    let assert = Assert::new().action_env("SNAPSHOTS");
    let entries = fs::read_dir("tests/repl").unwrap().map(|entry| entry.unwrap().path());
    let mut sessions: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "repl")).collect();
    sessions.sort();
    assert!(sessions.len() >= 8);
    for path in sessions {
        let lines = fs::read_to_string(&path).unwrap();
        assert.eq(transcript(&lines), Data::read_from(&path.with_extension("out"), None));
    }
}

/// Does the lines, each of which must go well, and gives what the last one said.
fn done(session: &mut Session, lines: &[&str]) -> String {
    let mut last = String::new();
    for line in lines {
        let reply = session.line(line);
        assert!(!reply.failed && !reply.incomplete, "{line}: {}", reply.text);
        last = reply.text;
    }
    last
}

/// Everything that a session shows of where it is.
fn everything(session: &mut Session) -> String {
    let views = ["plan", "table", "schema", "history", "apps", "syncs", "check"];
    let mut shown = session.prompt();
    for view in views {
        shown += &session.line(view).text;
    }
    shown
}

const RENAME: &str = "scripts/rename.mig";

#[test]
fn without_a_sync_a_read_goes_stale_and_stepping_back_repairs_it() {
    let mut session = session(Some("tests/repl/unsynced.mig"), &Bench::default());
    done(&mut session, &["run 3"]);
    let before = done(&mut session, &["as v2 select"]);
    assert!(before.contains("alice") && !before.contains("stale"), "{before}");
    let wrote = done(&mut session, &["as v1 update users set username = 'zed' where id = 1"]);
    assert!(wrote.contains("`v2` now reads a stale `display_name` in 1 row"), "{wrote}");
    let stale = done(&mut session, &["as v2 select"]);
    assert!(stale.contains("alice (stale)"), "{stale}");
    done(&mut session, &["back", "step"]);
    assert_eq!(done(&mut session, &["as v2 select"]), before);
}

#[test]
fn with_a_sync_no_read_goes_stale() {
    let mut session = session(Some(RENAME), &Bench::default());
    done(&mut session, &["run 4"]);
    let wrote = done(&mut session, &["as v1 update users set username = 'zed' where id = 1"]);
    assert_eq!(wrote, "1 row updated\n");
    let read = done(&mut session, &["as v2 select"]);
    assert!(read.contains("zed") && !read.contains("stale"), "{read}");
    let wrote = done(&mut session, &["as v2 update users set display_name = 'ann' where id = 2"]);
    assert_eq!(wrote, "1 row updated\n");
    assert!(done(&mut session, &["as v1 select"]).contains("ann"));
}

#[test]
fn a_bad_line_changes_nothing() {
    const BAD: &[&str] = &[
        "setp",
        ":setp",
        "step x",
        "step 0",
        "run 99",
        "run 1",
        "run nowhere",
        "plan now",
        "load missing.mig",
        "table nope",
        "explain nope",
        "help nope",
        "save scripts/rename.mig",
        "as v1",
        "as v9 select",
        "as v1 select nope",
        "as v1 update users set display_name = 'x'",
        "as v2 update users set username = 'x'",
        "as v1 update users set username = null",
        "as v1 update users set username = id +",
        "as v1 frobnicate",
        "insert into users (id, username) values (1, 'again')",
        "insert into users values (1)",
        "update users set id = 1",
        "update nope set a = 1",
        "delete from nope",
        "select from",
        "select * from users where",
        "select * from users where username",
        "select * from users where id / 0 = 1",
        "expand",
        "expand add",
        "expand add column",
        "expand add column username integer",
        "migrate backfill nope from username",
        "migrate backfill email from id / 0",
        "contract drop column username",
        "contract drop column nope",
        "deploy v2",
        "deploy v9",
        "retire v2",
        "add column x text",
        "alter table users rename column a to b",
        "expand rename column username to name",
        "migrate verify id > 1",
        "table users { id integer }",
        "rows users { (9, 'x', 'y') }",
        "migration \"Again\"",
        "}",
        "{",
        ")",
        "\u{0}",
        "\u{1b}[31m",
        "'",
        "\"",
        "é",
        "😀",
        "expand add column x text; migrate verify id > 1",
        "allow nothing",
        "#!",
        ";",
        ":",
        ": :",
        "as",
        "as as as",
        "select select select",
        "step -1",
        "step 99999999999999999999",
        "back 99999999999999999999999",
    ];
    let mut session = session(Some(RENAME), &Bench::default());
    done(&mut session, &["run 2", "as v1 update users set email = 'new' where id = 1"]);
    let before = everything(&mut session);
    for line in BAD {
        let reply = session.line(line);
        let reply = if reply.incomplete { session.last_line(line) } else { reply };
        assert!(!reply.quit, "{line}");
        assert!(!reply.text.contains('\u{1b}'), "{line}");
        let after = everything(&mut session);
        assert_eq!(after, before, "{line}: {}", reply.text);
    }
}

#[test]
fn back_brings_back_everything() {
    let mut session = session(Some(RENAME), &Bench::default());
    let lines = [
        "step",
        "expand add column nickname text",
        "step",
        "migrate seed nickname from username",
        "step",
        "step",
        "rollback",
        "step",
        "confirm \"two at once\"\nwait 1s",
    ];
    let mut moments = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        moments.push(everything(&mut session));
        done(&mut session, &[line, &format!("as v1 update users set email = '{number}'")]);
    }
    while let Some(before) = moments.pop() {
        done(&mut session, &["back"]);
        assert_eq!(everything(&mut session), before, "before line {}", moments.len());
    }
    assert!(session.line("back").failed);
}

#[test]
fn typed_statements_are_saved_where_they_were_done() {
    let bench = Bench::default();
    let mut session = session(Some("tests/repl/blocks.mig"), &bench);
    done(&mut session, &["step", "expand add column c text", "run", "save typed.mig"]);
    let saved = bench.written.borrow()[Path::new("typed.mig")].clone();
    assert!(saved.contains("add column a text"), "{saved}");
    assert_eq!(session.prompt(), "typed [4/4 COMPLETE]> ");
    let shown = done(&mut session, &["plan"]);
    done(&mut session, &["load typed.mig", "run"]);
    assert_eq!(done(&mut session, &["plan"]), shown);
    done(&mut session, &["back", "migrate verify a is null", "save"]);
    assert!(bench.written.borrow()[Path::new("typed.mig")].contains("}\nmigrate verify a is null\nmigrate {"));
    assert!(session.line("save scripts/rename.mig").failed);
}

#[test]
fn an_interrupted_statement_is_taken_back() {
    let bench = Bench::default();
    let mut session = session(Some(RENAME), &bench);
    done(&mut session, &["step 2"]);
    let before = everything(&mut session);
    bench.interrupted.set(true);
    let reply = session.line("run");
    assert!(reply.failed && reply.text.contains("statement 3 was interrupted and undone"), "{}", reply.text);
    assert_eq!(everything(&mut session), before);
    bench.interrupted.set(false);
    done(&mut session, &["run"]);
    assert_eq!(session.prompt(), "rename [6/6 COMPLETE]> ");
}

#[test]
fn codes_are_explained() {
    let mut session = session(None, &Bench::default());
    assert!(done(&mut session, &["explain in-use"]).contains("in-use"));
    assert!(done(&mut session, &["explain"]).lines().count() > 20);
}

#[test]
fn any_prefix_of_a_line_is_answered() {
    let lines =
        ["as v1 update users set username = 'zed' where id in (1, 2)", "expand add column x text default 'a{b'"];
    for line in lines {
        for end in 0..line.len() {
            let mut session = session(Some(RENAME), &Bench::default());
            session.last_line(&line[..end]);
        }
    }
}

#[test]
fn a_pipe_is_a_session_without_prompts() {
    let history = tempfile::tempdir().unwrap();
    let file = history.path().join("history");
    let mut command = miglab(&["repl", RENAME]);
    let ran =
        Ran::with_input(command.env("MIGLAB_HISTORY", &file), b"step\nexpand {\n  add column x\n}\r\ntable users");
    assert_eq!(ran.code, 0);
    assert!(ran.out.starts_with("[EXPANDING] 1/6 Add column"), "{}", ran.out);
    assert!(ran.out.contains("2/7 Add column 'x'") && ran.out.contains("users (2 rows)\n"), "{}", ran.out);
    assert!(!ran.out.contains('\u{1b}') && !ran.out.contains("> "), "{}", ran.out);
    assert_eq!(ran.err, "");
    assert!(!file.exists());
}

#[test]
fn a_pipe_with_a_bad_line_goes_on_and_fails() {
    let ran = Ran::with_input(&mut miglab(&["repl", RENAME]), b"setp\nstep\n\xFF\nexpand {\n");
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("did you mean `step`?") && ran.out.contains("[EXPANDING] 1/6"), "{}", ran.out);
    assert!(ran.out.ends_with("error: the block is not closed yet\n"), "{}", ran.out);
    let ran = Ran::with_input(&mut miglab(&["repl"]), b"quit\nsetp\n");
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
}

#[test]
fn what_cannot_be_opened_is_told() {
    assert_eq!(Ran::of(&mut miglab(&["repl", "missing.mig"])).code, 2);
    assert_eq!(Ran::of(&mut miglab(&["repl", "tests"])).code, 2);
    assert_eq!(Ran::of(&mut miglab(&["repl", RENAME, "--rows", "users=missing.csv"])).code, 2);
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("bad.mig");
    fs::write(&script, "table users { id integer }\nexpand ad column x\n").unwrap();
    let ran = Ran::of(&mut miglab(&["repl", script.to_str().unwrap()]));
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("error[syntax]"), "{}", ran.err);
}

#[test]
fn rows_come_from_a_file() {
    let rows = "users=scripts/people.csv";
    let ran = Ran::with_input(&mut miglab(&["repl", RENAME, "--rows", rows]), b"table users\n");
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let ran = Ran::with_input(&mut miglab(&["repl", "--rows", rows]), b"table users\nexpand add column users.x text\n");
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}
