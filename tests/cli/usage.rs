//! The command line where no script is involved: help, mistakes, `explain`, closed pipes.

use std::process::Stdio;

use crate::common::{Ran, miglab, run};

#[test]
fn the_version_is_printed() {
    let ran = run(&["--version"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, concat!("miglab ", env!("CARGO_PKG_VERSION"), "\n")));
}

#[test]
fn every_command_has_help_with_examples() {
    for command in
        ["run", "resume", "rollback", "status", "history", "purge", "check", "prove", "repl", "new", "fmt", "explain"]
    {
        let ran = run(&[command, "--help"]);
        assert_eq!(ran.code, 0, "{command}");
        assert!(ran.out.contains("Examples:\n  miglab "), "{command}: {}", ran.out);
    }
    assert!(run(&["--help"]).out.contains("Exit codes:"));
}

#[test]
fn no_command_in_a_pipe_prints_help_and_fails() {
    let ran = run(&[]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("Usage: miglab"));
}

#[test]
fn a_mistyped_command_is_answered_with_the_one_meant() {
    let ran = run(&["chekc"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("check"), "{}", ran.err);
}

#[test]
fn a_script_without_a_command_is_answered_with_the_commands() {
    let ran = run(&["rename.mig"]);
    let expected = "error: `rename.mig` is a script; say what to do with it\n  help: miglab check rename.mig\n        \
                    miglab run rename.mig\n        miglab repl rename.mig\n";
    assert_eq!((ran.code, ran.err.as_str()), (2, expected));
}

#[test]
fn explain_prints_a_page() {
    let ran = run(&["explain", "in-use"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.starts_with("# in-use"));
}

#[test]
fn explain_lists_all_codes() {
    let ran = run(&["explain"]);
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("too-many-statements       advice   a long plan\n"));
}

#[test]
fn explain_of_an_unknown_code_names_the_one_meant() {
    let ran = run(&["explain", "in-uze"]);
    assert_eq!(ran.code, 2);
    assert_eq!(ran.err, "error: there is no code `in-uze`\n  help: did you mean `in-use`?\n");
}

#[test]
fn colours_come_only_when_asked_for_in_a_pipe() {
    assert!(!run(&["explain"]).out.contains('\u{1b}'));
    let forced = Ran::of(miglab(&["explain"]).env("CLICOLOR_FORCE", "1"));
    assert!(forced.out.contains('\u{1b}'));
    let refused = Ran::of(miglab(&["explain"]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1"));
    assert!(!refused.out.contains('\u{1b}'));
}

#[test]
fn a_closed_pipe_ends_a_command_quietly() {
    for args in [&["explain"][..], &["--help"], &["explain", "in-use"]] {
        let mut child = miglab(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ran = Ran::of(miglab(&["explain"]).stdout(full));
    assert_eq!(ran.code, 2);
    assert_eq!(ran.err, "error: cannot write to standard output: no space is left on the disk\n");
}

#[cfg(unix)]
#[test]
fn a_terminal_gets_colours() {
    let mut command = miglab(&["explain", "in-use"]);
    command.env("TERM", "xterm").env("LANG", "C.UTF-8");
    let mut session = rexpect::session::spawn_command(command, Some(30_000)).unwrap();
    session.exp_string("\u{1b}[1min-use").unwrap();
    session.exp_eof().unwrap();
}
