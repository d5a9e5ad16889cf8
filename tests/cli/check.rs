//! `miglab check` and `miglab fmt` as they are called: files, folders, formats, exit codes.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::common::{Ran, miglab};
use serde_json::Value;
use tempfile::TempDir;

const GOOD: &str = "\
table users {
    id integer primary key
}

expand add column display_name text default 'x'
";
const BAD: &str = "expand add colum display_name\nexpand add column\nmigrate !\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn run_in(folder: &Path, args: &[&str]) -> Ran {
    Ran::of(miglab(args).current_dir(folder))
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.out))
}

#[test]
fn a_good_script_has_no_errors() {
    let folder = folder(&[("good.mig", GOOD)]);
    let ran = run_in(folder.path(), &["check", "good.mig"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert!(ran.out.ends_with(" in 1 file\n"), "{}", ran.out);
}

#[test]
fn all_errors_of_a_file_are_reported_in_one_run() {
    let folder = folder(&[("bad.mig", BAD)]);
    let ran = run_in(folder.path(), &["check", "bad.mig", "--format", "json"]);
    assert_eq!(ran.code, 1);
    let report = json(&ran);
    let diagnostics = report["files"][0]["diagnostics"].as_array().unwrap();
    let lines: Vec<_> = diagnostics.iter().map(|d| d["labels"][0]["start"]["line"].as_u64().unwrap()).collect();
    assert!([1, 2, 3].iter().all(|line| lines.contains(line)), "{lines:?}");
    assert!(lines.is_sorted(), "{lines:?}");
}

#[test]
fn folders_are_checked_in_the_order_of_names() {
    let names: Vec<_> = (0..200).map(|i| format!("m/{i:03}.mig")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), if name.contains('7') { BAD } else { GOOD })).collect();
    let folder = folder(&files);
    let ran = run_in(folder.path(), &["check", "--format", "json"]);
    assert_eq!(ran.code, 1);
    let report = json(&ran);
    let paths: Vec<_> = report["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(paths, names);
    assert_eq!(report["summary"]["files"], 200);
}

#[test]
fn one_unreadable_file_does_not_stop_the_others() {
    let folder = folder(&[("good.mig", GOOD), ("bad.mig", BAD)]);
    fs::write(folder.path().join("latin1.mig"), b"-- caf\xE9\n").unwrap();
    let ran = run_in(folder.path(), &["check", "god.mig", "latin1.mig", "bad.mig", "--format", "json"]);
    assert_eq!(ran.code, 2);
    let expected = "error: cannot read `god.mig`: it does not exist\n  help: did you mean `good.mig`?\n\
                    error: cannot read `latin1.mig`: it is not UTF-8: line 1 has 0xE9 as its byte 7\n  \
                    help: save it as UTF-8\n";
    assert_eq!(ran.err, expected);
    let report = json(&ran);
    assert_eq!(report["files"].as_array().unwrap().len(), 1);
    assert_eq!(report["unreadable"][1]["path"], "latin1.mig");
}

#[test]
fn a_folder_without_scripts_could_not_be_checked() {
    let folder = folder(&[("readme.txt", "")]);
    let ran = run_in(folder.path(), &["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert_eq!(ran.err, "error: cannot read `.`: there is no `.mig` file in or below it\n");
}

#[test]
fn standard_input_is_checked() {
    let ran = Ran::with_input(&mut miglab(&["check", "-", "--format", "github"]), BAD.as_bytes());
    assert_eq!(ran.code, 1);
    assert!(ran.out.starts_with("::error file=<stdin>,line=1,"), "{}", ran.out);
}

#[test]
fn strange_bytes_are_no_trouble() {
    let texts: [&[u8]; 6] = [
        b"",
        b"\0",
        b"\xEF\xBB\xBFmigration \"x\" on users\r\nexpand add column a text\r\n",
        b"expand {",
        b"\x1b[31mexpand\x07",
        b"'never closed\n\n\n",
    ];
    for text in texts {
        for format in ["human", "json", "sarif", "github"] {
            let ran = Ran::with_input(&mut miglab(&["check", "-", "--format", format]), text);
            assert!(ran.code < 2 && ran.err.is_empty(), "{text:?} as {format}: {} {}", ran.code, ran.err);
            assert!(!ran.out.contains('\u{1b}'), "{text:?} as {format}: {}", ran.out);
        }
    }
}

#[test]
fn deep_nesting_ends_with_an_answer() {
    let text = format!("expand add check deep ({}1{})", "(".repeat(100_000), ")".repeat(100_000));
    let ran = Ran::with_input(&mut miglab(&["check", "-"]), text.as_bytes());
    assert!(ran.code < 2, "{}", ran.err);
    let ran = Ran::with_input(&mut miglab(&["check", "-"]), "expand { ".repeat(10_000).as_bytes());
    assert_eq!(ran.code, 1, "{}", ran.err);
}

#[test]
fn a_closed_pipe_keeps_the_exit_code() {
    let folder = folder(&[("bad.mig", &BAD.repeat(2000))]);
    for format in ["human", "json", "sarif", "github"] {
        let mut command = miglab(&["check", "bad.mig", "--format", format]);
        let mut child = command.current_dir(&folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr), (Some(1), Vec::new()), "{format}");
    }
}

const MENDABLE: &str = "\u{feff}migration \"x\" on users\r\nexpand add colum display_name\r\n";
const MENDED: &str = "\u{feff}migration \"x\" on users\r\nexpand add column display_name\r\n";

#[test]
fn a_diff_shows_what_fixing_would_change() {
    let folder = folder(&[("x.mig", MENDABLE)]);
    let ran = run_in(folder.path(), &["check", "--diff", "x.mig"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let expected = "--- x.mig\n+++ x.mig\n@@ -1,2 +1,2 @@\n migration \"x\" on users\r\n\
                    -expand add colum display_name\r\n+expand add column display_name\r\n";
    assert_eq!(ran.out, expected);
    assert_eq!(fs::read_to_string(folder.path().join("x.mig")).unwrap(), MENDABLE);
}

#[test]
fn fixing_rewrites_the_file_and_reports_what_is_left() {
    let folder = folder(&[("x.mig", MENDABLE)]);
    let ran = run_in(folder.path(), &["check", "--fix", "x.mig"]);
    assert!(ran.err.starts_with("fixed 1 finding\n"), "{}", ran.err);
    assert!(!ran.out.contains("colum "), "{}", ran.out);
    assert_eq!(fs::read_to_string(folder.path().join("x.mig")).unwrap(), MENDED);
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&[("x.mig", MENDABLE)]);
    fs::set_permissions(folder.path().join("x.mig"), fs::Permissions::from_mode(0o444)).unwrap();
    let ran = run_in(folder.path(), &["check", "--fix", "x.mig"]);
    assert_eq!(ran.code, 2);
    assert_eq!(ran.err, "error: cannot write `x.mig`: permission denied\n");
}

#[test]
fn fixing_standard_input_is_refused() {
    let ran = Ran::with_input(&mut miglab(&["check", "--fix", "-"]), b"");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("`--diff`"), "{}", ran.err);
}

#[test]
fn formatting_is_checked_shown_and_done() {
    let folder = folder(&[("a.mig", "expand   add   column a text\n"), ("b.mig", "expand add column a text\n")]);
    let checked = run_in(folder.path(), &["fmt", "--check", "."]);
    assert_eq!((checked.code, checked.out.as_str()), (1, "a.mig\n"), "{}", checked.err);
    let shown = run_in(folder.path(), &["fmt", "--diff", "."]);
    assert_eq!(shown.code, 1);
    assert!(shown.out.starts_with("--- a.mig\n+++ a.mig\n@@ -1 +1 @@\n-expand   add"), "{}", shown.out);
    assert_eq!(fs::read_to_string(folder.path().join("a.mig")).unwrap(), "expand   add   column a text\n");
    assert_eq!(run_in(folder.path(), &["fmt", "."]).code, 0);
    assert_eq!(run_in(folder.path(), &["fmt", "--check", "."]).code, 0);
    let (a, b) = (folder.path().join("a.mig"), folder.path().join("b.mig"));
    assert_eq!(fs::read(a).unwrap(), fs::read(b).unwrap());
}

#[test]
fn a_broken_script_is_not_formatted() {
    let folder = folder(&[("bad.mig", BAD)]);
    let ran = run_in(folder.path(), &["fmt", "bad.mig"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("error[syntax]"), "{}", ran.err);
    assert_eq!(fs::read_to_string(folder.path().join("bad.mig")).unwrap(), BAD);
}

#[test]
fn standard_input_is_formatted_to_standard_output() {
    let ran = Ran::with_input(&mut miglab(&["fmt", "-"]), b"expand   add column a   text\n");
    assert_eq!((ran.code, ran.out.as_str()), (0, "expand add column a text\n"));
    let again = Ran::with_input(&mut miglab(&["fmt", "-"]), ran.out.as_bytes());
    assert_eq!((again.code, again.out), (0, ran.out));
}

/// With the mark that some editors write, and their line ends.
const WITHOUT_APPS: &str = "\u{feff}migration \"x\" on users\r\n\r\nexpand add column nick\r\nexpand sync name <-> nick\r\n\
     migrate backfill nick from name\r\n";
const WITH_APPS: &str = "\u{feff}migration \"x\" on users\r\n\r\napp v1 { uses name }\r\napp v2 { uses name, nick }\r\n\r\n\
                         expand add column nick\r\nexpand sync name <-> nick\r\nmigrate backfill nick from name\r\n\
                         deploy v2\r\nretire v1\r\n";

#[test]
fn applications_are_written_once() {
    let folder = folder(&[("x.mig", WITHOUT_APPS)]);
    let ran = run_in(folder.path(), &["check", "--infer-apps", "x.mig"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, "wrote the applications of `x.mig`\n"));
    assert!(ran.out.contains("no findings in 1 file\n"), "{}", ran.out);
    assert_eq!(fs::read_to_string(folder.path().join("x.mig")).unwrap(), WITH_APPS);
    let again = run_in(folder.path(), &["check", "--infer-apps", "x.mig"]);
    assert_eq!((again.code, again.err.as_str()), (0, "left `x.mig` alone: it declares its applications\n"));
    assert_eq!(again.out, ran.out);
    assert_eq!(fs::read_to_string(folder.path().join("x.mig")).unwrap(), WITH_APPS);
}

#[test]
fn applications_are_shown_without_writing() {
    let folder = folder(&[("x.mig", WITHOUT_APPS)]);
    let ran = run_in(folder.path(), &["check", "--infer-apps", "--diff", "x.mig"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let added: Vec<&str> = ran.out.lines().filter_map(|line| line.strip_prefix('+')).skip(1).collect();
    assert_eq!(added, ["app v1 { uses name }", "app v2 { uses name, nick }", "", "deploy v2", "retire v1"]);
    assert!(!ran.out.lines().skip(2).any(|line| line.starts_with('-')), "{}", ran.out);
    assert_eq!(fs::read_to_string(folder.path().join("x.mig")).unwrap(), WITHOUT_APPS);
    let piped = Ran::with_input(&mut miglab(&["check", "--infer-apps", "--diff", "-"]), WITHOUT_APPS.as_bytes());
    assert_eq!((piped.code, piped.out.lines().count()), (0, ran.out.lines().count()), "{}", piped.err);
}

#[test]
fn applications_are_not_written_to_standard_input_or_a_broken_script() {
    let ran = Ran::with_input(&mut miglab(&["check", "--infer-apps", "-"]), b"");
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("`--infer-apps` cannot change standard input"), "{}", ran.err);
    let folder = folder(&[("a.mig", BAD), ("b.mig", BAD), ("c.mig", "")]);
    let ran = run_in(folder.path(), &["check", "--infer-apps", "."]);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.err, "left 2 scripts alone: they have errors\nleft `c.mig` alone: its plan has no column\n");
    assert_eq!(fs::read_to_string(folder.path().join("a.mig")).unwrap(), BAD);
}

#[test]
fn fixes_come_before_applications() {
    let broken = WITHOUT_APPS.replace("add column", "add colum");
    let folder = folder(&[("x.mig", &broken)]);
    let ran = run_in(folder.path(), &["check", "--fix", "--infer-apps", "x.mig"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, "fixed 1 finding\nwrote the applications of `x.mig`\n"));
    assert_eq!(fs::read_to_string(folder.path().join("x.mig")).unwrap(), WITH_APPS);
}

#[test]
fn a_fix_never_changes_what_is_computed() {
    for (expression, meant) in [("sqr(n)", "sqrt"), ("len(d)", "ln"), ("lowr(d)", "lower"), ("nn", "n")] {
        let text = format!(
            "table t {{\n    id integer primary key\n    n  double precision\n    d  text\n}}\n\n\
             expand add column m text\nmigrate backfill m from {expression}\n"
        );
        let folder = folder(&[("x.mig", &text)]);
        let ran = run_in(folder.path(), &["check", "--fix", "x.mig"]);
        assert_eq!(ran.code, 1, "{expression}: {}", ran.out);
        assert!(ran.out.contains(&format!("did you mean `{meant}`?")), "{expression}: {}", ran.out);
        assert_eq!(fs::read_to_string(folder.path().join("x.mig")).unwrap(), text);
        for (format, key) in [("json", "\"replacement\""), ("sarif", "\"fixes\"")] {
            let ran = run_in(folder.path(), &["check", "--format", format, "x.mig"]);
            assert!(ran.out.contains("did you mean") && !ran.out.contains(key), "{}", ran.out);
        }
    }
}
