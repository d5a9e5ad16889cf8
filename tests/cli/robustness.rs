//! No input ends the program badly: hostile files, closed pipes, full disks, Ctrl-C.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::common::{Ran, miglab};
use tempfile::TempDir;

const TABLE: &str =
    "table t {\n    id integer primary key\n    a integer\n    b integer\n}\nrows t {\n    (1, 1, null)\n}\n";

/// The commands that read a script, each with the arguments before it.
const READERS: &[&[&str]] = &[
    &["check"],
    &["check", "--format", "json"],
    &["check", "--format", "sarif"],
    &["check", "--format", "github"],
    &["check", "--diff"],
    &["run"],
    &["run", "--dry-run"],
    &["run", "--format", "json"],
    &["fmt", "--check"],
    &["fmt", "--diff"],
];

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = miglab(arguments);
        command.current_dir(self.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let ran = Ran::of(&mut self.command(arguments));
        assert!(!ran.err.contains("panicked"), "{arguments:?}: {}", ran.err);
        ran
    }

    /// Runs every command that reads a script on `name`.
    fn run_readers(&self, name: &str) -> Vec<Ran> {
        READERS.iter().map(|reader| self.run(&[*reader, &[name]].concat())).collect()
    }
}

#[test]
fn a_missing_file_is_told() {
    for ran in Folder::new().run_readers("gone.mig") {
        assert_eq!((ran.code, ran.err.as_str()), (2, "error: cannot read `gone.mig`: it does not exist\n"));
    }
}

#[test]
fn a_folder_is_no_script_to_run() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("empty")).unwrap();
    let ran = folder.run(&["run", "empty"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.starts_with("error: cannot read `empty`: it is a folder\n"), "{}", ran.err);
    let ran = folder.run(&["check", "empty"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("there is no `.mig` file in or below it"), "{}", ran.err);
}

#[test]
fn bytes_that_are_not_utf_8_are_placed() {
    let folder = Folder::new();
    folder.file("x.mig", b"# fine\nexpand \xff");
    for ran in folder.run_readers("x.mig") {
        assert_eq!(ran.code, 2);
        assert!(ran.err.contains("it is not UTF-8: line 2 has 0xFF as its byte 8"), "{}", ran.err);
    }
}

#[test]
fn a_byte_order_mark_and_crlf_are_read_over() {
    let folder = Folder::new();
    let script = format!("\u{feff}{TABLE}expand add column c integer\nmigrate backfill c from a\n");
    folder.file("x.mig", script.replace('\n', "\r\n"));
    assert_eq!(folder.run(&["check", "x.mig"]).code, 0);
    let ran = folder.run(&["run", "x.mig", "--show", "t", "--quiet"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.ends_with(" 1  1  null  1\n"), "{}", ran.out);
}

#[test]
fn nul_characters_are_refused_everywhere() {
    let folder = Folder::new();
    for text in [
        "expand add column t.b\0 text",
        "expand add column t.b text default 'a\0b'",
        "expand add column t.\"a\0\" text",
    ] {
        folder.file("x.mig", text);
        let ran = folder.run(&["check", "x.mig"]);
        assert_eq!(ran.code, 1, "{text:?}: {}", ran.out);
        assert!(ran.out.contains("a NUL character does not belong in a script"), "{text:?}: {}", ran.out);
        assert_eq!(ran.out.matches("error[").count(), 1, "{text:?}: {}", ran.out);
        assert_eq!(folder.run(&["run", "x.mig"]).code, 1, "{text:?}");
    }
}

#[test]
fn deep_nesting_is_refused_and_what_is_just_allowed_runs() {
    let folder = Folder::new();
    let nested = |open: &str, close: &str, depth: usize| {
        format!("{TABLE}migrate backfill b from {}a{}\n", open.repeat(depth), close.repeat(depth))
    };
    for (open, close) in [
        ("(", ")"),
        ("- ", ""),
        ("abs(", ")"),
        ("case when a = 1 then ", " else 2 end"),
        ("", " + 0"),
        ("", "::integer"),
        ("coalesce(null, ", ")"),
    ] {
        for depth in [150, 195] {
            folder.file("x.mig", nested(open, close, depth));
            for ran in folder.run_readers("x.mig") {
                assert!(ran.code <= 1 && !ran.out.contains("error["), "{open}{close}: {}", ran.err);
            }
        }
        for depth in [250, 10_000] {
            folder.file("x.mig", nested(open, close, depth));
            for ran in folder.run_readers("x.mig").into_iter().filter(|ran| ran.code == 2 || ran.err.contains("error"))
            {
                assert!(ran.err.contains("this is nested too deeply"), "{open}{close}: {}", ran.err);
            }
            assert_eq!(folder.run(&["check", "x.mig"]).code, 1);
        }
    }
}

#[test]
fn ten_thousand_blocks_in_one_another_are_one_mistake() {
    let folder = Folder::new();
    folder.file("x.mig", "expand {\n".repeat(10_000));
    for ran in folder.run_readers("x.mig") {
        assert!((1..=2).contains(&ran.code), "{}", ran.err);
    }
    let ran = folder.run(&["check", "x.mig"]);
    assert_eq!(ran.out.matches("error[").count(), 1, "{}", ran.out);
    folder.file("y.mig", format!("{}{}", "expand {\n".repeat(10_000), "}\n".repeat(10_000)));
    assert_eq!(folder.run(&["check", "y.mig"]).code, 1);
}

#[test]
fn large_files_of_one_character_are_read() {
    let folder = Folder::new();
    for character in ["(", "{", "'", "\"", "}", "-", "$", "é", "\r", "\u{feff}"] {
        folder.file("x.mig", character.repeat(1 << 20));
        let ran = folder.run(&["check", "x.mig", "--format", "github"]);
        assert!(ran.code <= 1, "{character:?}: {}", ran.err);
    }
}

#[test]
fn a_long_line_is_shown_in_part() {
    let folder = Folder::new();
    folder.file("x.mig", format!("{TABLE}expand add column c text default '{}' oops\n", "x".repeat(1 << 20)));
    let ran = folder.run(&["check", "x.mig"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.len() < 4096, "{} bytes", ran.out.len());
}

#[test]
fn a_text_full_of_mistakes_is_not_read_to_its_end() {
    let folder = Folder::new();
    folder.file("x.mig", "y\n".repeat(120_000));
    let ran = folder.run(&["fmt", "--check", "x.mig"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("too many mistakes: the rest of the file is not read"));
}

#[test]
fn many_statements_run() {
    let folder = Folder::new();
    let mut script = TABLE.to_owned();
    (0..2_000).for_each(|at| writeln!(script, "expand add column c{at} integer default {at}").unwrap());
    folder.file("x.mig", script);
    let ran = folder.run(&["run", "x.mig"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("Progress: 100%\nHistory (2001 entries):"));
}

#[test]
fn deep_json_is_refused_or_read_but_never_fatal() {
    let folder = Folder::new();
    for depth in [100, 1_000, 100_000] {
        let value = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        folder.file("x.mig", format!("table t {{\n    id integer primary key\n    a jsonb\n}}\nrows t {{\n    (1, '{value}')\n}}\nexpand add column b jsonb\nmigrate backfill b from a\n"));
        let ran = folder.run(&["run", "x.mig", "--show", "t"]);
        assert!(ran.code <= 1, "{depth}");
    }
}

/// Reads the first line of what a command prints and closes the pipe.
fn head(command: &mut Command) -> (String, i32, String) {
    let mut err = tempfile::tempfile().unwrap();
    let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(err.try_clone().unwrap());
    let mut child = piped.spawn().unwrap();
    let mut line = String::new();
    BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let code = child.wait().unwrap().code().expect("no signal ended it");
    let mut text = String::new();
    err.rewind().unwrap();
    err.read_to_string(&mut text).unwrap();
    (line, code, text)
}

#[test]
fn a_closed_pipe_changes_no_exit_code_and_prints_no_error() {
    let folder = Folder::new();
    let mut good = TABLE.to_owned();
    (0..1_000).for_each(|at| writeln!(good, "expand add column c{at} integer").unwrap());
    folder.file("good.mig", &good);
    folder.file("bad.mig", format!("{TABLE}{}", "expand ad column\n".repeat(2_000)));
    for reader in READERS.iter().filter(|reader| reader[0] != "fmt") {
        let (_, code, err) = head(&mut folder.command(&[*reader, &["good.mig"]].concat()));
        assert!(code == 0 && !err.contains("pipe") && !err.contains("panicked"), "{reader:?}: {code} {err}");
    }
    for format in ["human", "json", "sarif", "github"] {
        let (_, code, err) = head(&mut folder.command(&["check", "bad.mig", "--format", format]));
        assert_eq!((code, err.as_str()), (1, ""), "{format}");
    }
    for arguments in
        [&["explain"][..], &["new", "rename-column", "users.a", "b"], &["--help"], &["fmt", "--diff", "bad.mig"]]
    {
        let (_, code, err) = head(&mut folder.command(arguments));
        assert!(code <= 2 && !err.contains("pipe") && !err.contains("panicked"), "{arguments:?}: {code} {err}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let folder = Folder::new();
    folder.file("x.mig", format!("{TABLE}expand add column c text\n"));
    for arguments in [&["check", "x.mig"][..], &["run", "x.mig"], &["explain"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ran = folder.command(arguments).stdout(full).stderr(Stdio::piped()).output().unwrap();
        let err = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}");
        assert!(err.contains("cannot write to standard output: no space is left on the disk"), "{err}");
    }
}

/// A run over so many rows that it is in the middle of its backfill when its first batch is read.
#[cfg(unix)]
fn run_in_its_backfill(folder: &Folder) -> (Child, BufReader<std::process::ChildStdout>) {
    folder.file(
        "long.mig",
        "table t {\n    id integer primary key\n    a integer\n}\nrows t generate 300_000\n\nexpand add column b integer\nmigrate \
         backfill b from a % 7 in batches of 50\n",
    );
    let mut command = folder.command(&["run", "long.mig", "--format", "json"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains(r#""event":"batch""#) {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "it ended before its first batch");
    }
    (child, out)
}

#[cfg(unix)]
fn send(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_at_a_batch_and_rolls_back() {
    for signal in ["-INT", "-TERM"] {
        let folder = Folder::new();
        // Nothing more is read until the signal is sent: the pipe is full, and the run waits in its backfill.
        let (child, mut out) = run_in_its_backfill(&folder);
        send(&child, signal);
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        let ran = child.wait_with_output().unwrap();
        let err = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(130), "{err}");
        assert!(err.contains("stopped by Ctrl-C; what was done has been rolled back"), "{err}");
        let events: Vec<serde_json::Value> = rest.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let last = events.last().unwrap();
        assert_eq!((&last["event"], &last["phase"]), (&"finished".into(), &"ROLLED_BACK".into()));
        let undone = events.iter().filter(|event| event["event"] == "statement_undone").count();
        assert_eq!(undone, 1, "{rest}");
    }
}

#[cfg(unix)]
#[test]
fn a_second_ctrl_c_ends_the_program() {
    let folder = Folder::new();
    let (child, out) = run_in_its_backfill(&folder);
    send(&child, "-INT");
    send(&child, "-INT");
    drop(out);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
}
