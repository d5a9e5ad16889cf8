//! Sessions on a terminal: the built program behind a pty.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use rexpect::session::{PtySession, spawn_command};

/// How long a text may take to appear before a test fails.
const PATIENCE_MS: u64 = 30_000;

const RENAME: &str = "scripts/rename.mig";

fn command(args: &[&str], history: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_miglab"));
    command.args(args).env("TERM", "xterm").env("NO_COLOR", "1").env("MIGLAB_HISTORY", history);
    for variable in ["CLICOLOR_FORCE", "FORCE_COLOR"] {
        command.env_remove(variable);
    }
    command
}

fn open(args: &[&str], history: &Path) -> PtySession {
    spawn_command(command(args, history), Some(PATIENCE_MS)).unwrap()
}

/// Types a line and waits for a text in the answer, and for the prompt behind it.
fn answer(session: &mut PtySession, line: &str, expected: &str, prompt: &str) {
    session.send_line(line).unwrap();
    expect(session, expected);
    expect(session, prompt);
}

/// Presses keys.
fn keys(session: &mut PtySession, keys: &str) {
    session.send(keys).unwrap();
    session.flush().unwrap();
}

fn expect(session: &mut PtySession, expected: &str) -> String {
    session.exp_string(expected).unwrap_or_else(|error| panic!("waited for {expected:?}: {error}"))
}

fn ended_well(mut session: PtySession) {
    session.exp_eof().unwrap();
    let status = format!("{:?}", session.process().wait().unwrap());
    assert!(status.starts_with("Exited") && status.ends_with(", 0)"), "{status}");
}

#[test]
fn a_session_from_the_greeting_to_quit() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = open(&["repl", RENAME], &folder.path().join("history"));
    expect(&mut session, "miglab: Rename username to display_name.");
    expect(&mut session, "rename [0/6 PENDING]> ");
    answer(&mut session, "step", "[EXPANDING] 1/6 Add column 'display_name'", "rename [1/6 EXPANDING]> ");
    answer(&mut session, "expand add column nick text", "2/7 Add column 'nick'", "rename [2/7 EXPANDING]> ");
    answer(&mut session, "setp", "did you mean `step`?", "rename [2/7 EXPANDING]> ");
    answer(&mut session, "expand add column nick integer", "column-conflict", "rename [2/7 EXPANDING]> ");
    answer(&mut session, "as v1 select", "alice@example.com", "rename [2/7 EXPANDING]> ");
    session.send_line("quit").unwrap();
    ended_well(session);
}

#[test]
fn the_program_alone_opens_a_session() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = open(&[], &folder.path().join("history"));
    expect(&mut session, "miglab: an empty session.");
    expect(&mut session, "miglab> ");
    session.send_control('d').unwrap();
    ended_well(session);
}

#[test]
fn a_block_is_typed_over_several_lines() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = open(&["repl"], &folder.path().join("history"));
    expect(&mut session, "miglab> ");
    for line in ["table users {", "  id integer primary key", "  name text"] {
        session.send_line(line).unwrap();
    }
    answer(&mut session, "}", "declared table `users`", "miglab> ");
    session.send_line("expand {").unwrap();
    answer(&mut session, "add column a text }", "[EXPANDING] 1/1 Add column 'a'", "miglab [1/1 EXPANDING]> ");
    session.send_control('d').unwrap();
    ended_well(session);
}

#[test]
fn ctrl_c_clears_the_line_and_the_session_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = open(&["repl", RENAME], &folder.path().join("history"));
    expect(&mut session, "rename [0/6 PENDING]> ");
    keys(&mut session, "expand {");
    session.send_line("").unwrap();
    keys(&mut session, "add column");
    session.send_control('c').unwrap();
    expect(&mut session, "rename [0/6 PENDING]> ");
    answer(&mut session, "step", "1/6 Add column", "rename [1/6 EXPANDING]> ");
    session.send_control('d').unwrap();
    ended_well(session);
}

#[test]
fn tab_completes_keywords_and_names() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = open(&["repl", RENAME], &folder.path().join("history"));
    expect(&mut session, "rename [0/6 PENDING]> ");
    keys(&mut session, "expa\tad\t");
    expect(&mut session, "expand add ");
    session.send_control('c').unwrap();
    expect(&mut session, "rename [0/6 PENDING]> ");
    answer(&mut session, "step 2", "2/6 Sync", "rename [2/6 EXPANDING]> ");
    keys(&mut session, "migrate backf\tdisp\tfr\tusern\t");
    expect(&mut session, "backfill display_name from username ");
    answer(&mut session, "", "3/7 Backfill 'display_name' of users", "rename [3/7 MIGRATING]> ");
    keys(&mut session, "expl\tbig\t");
    answer(&mut session, "", "big-bang", "rename [3/7 MIGRATING]> ");
    keys(&mut session, "load scripts/add_disp\t");
    answer(&mut session, "", "miglab: Add display_name", "add_display_name [0/");
    session.send_control('d').unwrap();
    ended_well(session);
}

#[test]
fn the_history_outlives_the_session() {
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("new/folder/history");
    let mut session = open(&["repl", RENAME], &history);
    expect(&mut session, "rename [0/6 PENDING]> ");
    answer(&mut session, "run 3", "3/6 Backfill", "rename [3/6 MIGRATING]> ");
    session.send_control('d').unwrap();
    ended_well(session);

    let mut session = open(&["repl", RENAME], &history);
    expect(&mut session, "rename [0/6 PENDING]> ");
    session.send_control('p').unwrap();
    answer(&mut session, "", "3/6 Backfill", "rename [3/6 MIGRATING]> ");
    session.send_control('d').unwrap();
    ended_well(session);
}

#[test]
fn without_a_place_for_the_history_the_session_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let mut session = open(&["repl", RENAME], &folder.path().join("file/history"));
    expect(&mut session, "rename [0/6 PENDING]> ");
    answer(&mut session, "step", "1/6 Add column", "rename [1/6 EXPANDING]> ");
    session.send_control('d').unwrap();
    ended_well(session);
}

#[test]
fn words_are_coloured_where_colours_are_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(&["repl", RENAME], &folder.path().join("history"));
    command.env_remove("NO_COLOR");
    let mut session = spawn_command(command, Some(PATIENCE_MS)).unwrap();
    expect(&mut session, "\u{1b}[1mrename [0/6 PENDING]> ");
    keys(&mut session, "expand");
    expect(&mut session, "\u{1b}[36mexpand\u{1b}[0m");
    session.send_control('c').unwrap();
    expect(&mut session, "rename [0/6 PENDING]> ");
    keys(&mut session, "run");
    expect(&mut session, "\u{1b}[2m [expand | migrate | contract | STATEMENT]");
    session.send_control('c').unwrap();
    expect(&mut session, "rename [0/6 PENDING]> ");
    session.send_control('d').unwrap();
    ended_well(session);
}

#[test]
fn a_dumb_terminal_gets_no_escape_codes() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(&["repl", RENAME], &folder.path().join("history"));
    command.env("TERM", "dumb").env_remove("NO_COLOR");
    let mut session = spawn_command(command, Some(PATIENCE_MS)).unwrap();
    let mut seen = expect(&mut session, "rename [0/6 PENDING]> ");
    session.send_line("step").unwrap();
    seen += &expect(&mut session, "rename [1/6 EXPANDING]> ");
    session.send_line("quit").unwrap();
    seen += &session.exp_eof().unwrap();
    assert!(!seen.contains('\u{1b}'), "{seen:?}");
}
