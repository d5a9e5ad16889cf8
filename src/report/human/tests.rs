#![allow(clippy::needless_raw_string_hashes, reason = "the snapshots are written so by snapbox")]

use super::*;
use crate::diagnostic::{Code, Label};
use crate::source::Span;

const SCRIPT: &str = "migration \"Rename\" on users\n\nexpand   add column display_name\n# …\n\n\n\n\ncontract drop column username\nmigrate  backfill display_name from username\n";

fn span_of(text: &str, part: &str) -> Span {
    let start = text.find(part).unwrap();
    Span::new(start, start + part.len())
}

fn drawn(text: &str, diagnostic: &Diagnostic) -> String {
    render(diagnostic, &Source::new("rename.mig", text), Terminal::plain())
}

#[test]
fn one_place_with_help() {
    let span = span_of(SCRIPT, "drop column username");
    let diagnostic = Diagnostic::new(Code::ContractWithoutExpand, "data loss risk", span, "dropped here")
        .help("carry it over first:\nmigrate backfill display_name from username");
    snapbox::assert_data_eq!(
        drawn(SCRIPT, &diagnostic),
        snapbox::str![[r#"
warning[contract-without-expand]

  ⚠ data loss risk
    ╭─[rename.mig:9:10]
  8 │
  9 │ contract drop column username
    ·          ──────────┬─────────
    ·                    ╰── dropped here
 10 │ migrate  backfill display_name from username
    ╰────
  help: carry it over first:
        migrate backfill display_name from username

"#]]
    );
}

#[test]
fn two_places_near_each_other_share_an_excerpt() {
    let diagnostic = Diagnostic::new(
        Code::PhaseOrder,
        "`migrate` after `contract`",
        span_of(SCRIPT, "migrate"),
        "… but only filled here",
    )
    .label(span_of(SCRIPT, "contract"), "contracted here");
    snapbox::assert_data_eq!(
        drawn(SCRIPT, &diagnostic),
        snapbox::str![[r#"
error[phase-order]

  × `migrate` after `contract`
    ╭─[rename.mig:10:1]
  8 │
  9 │ contract drop column username
    · ────┬───
    ·     ╰── contracted here
 10 │ migrate  backfill display_name from username
    · ───┬───
    ·    ╰── … but only filled here
    ╰────

"#]]
    );
}

#[test]
fn two_places_far_apart_have_an_excerpt_each() {
    let diagnostic = Diagnostic::new(Code::InUse, "`username` is in use", span_of(SCRIPT, "drop"), "dropped here")
        .label(span_of(SCRIPT, "display_name"), "added here");
    snapbox::assert_data_eq!(
        drawn(SCRIPT, &diagnostic),
        snapbox::str![[r#"
error[in-use]

  × `username` is in use
   ╭─[rename.mig:3:21]
 2 │
 3 │ expand   add column display_name
   ·                     ──────┬─────
   ·                           ╰── added here
 4 │ # …
   ╰────
    ╭─[rename.mig:9:10]
  8 │
  9 │ contract drop column username
    ·          ──┬─
    ·            ╰── dropped here
 10 │ migrate  backfill display_name from username
    ╰────

"#]]
    );
}

#[test]
fn a_long_line_is_cut_around_its_labels() {
    let text = format!("first\n{}drop{}\nlast", "é a ".repeat(1000), " b".repeat(500_000));
    let diagnostic = Diagnostic::new(Code::InUse, "too early", span_of(&text, "drop"), "dropped here");
    snapbox::assert_data_eq!(
        drawn(&text, &diagnostic),
        snapbox::str![[r#"
error[in-use]

  × too early
   ╭─[rename.mig:2:4001]
 1 │ first
 2 │ …é a é a é a é a é a é a drop b b b b b b b b b b b b b b b b b b b b b b b b b b b…
   ·                          ──┬─
   ·                            ╰── dropped here
 3 │ last
   ╰────

"#]]
    );
}

#[test]
fn labels_beyond_the_cut_do_no_harm() {
    let text = format!("{}drop{}first", "a ".repeat(1000), " b".repeat(500));
    let diagnostic = Diagnostic::new(Code::InUse, "too early", span_of(&text, "drop"), "dropped here")
        .label(span_of(&text, "first"), "used here")
        .label(Span::new(0, 1), "and here");
    snapbox::assert_data_eq!(
        drawn(&text, &diagnostic),
        snapbox::str![[r#"
error[in-use]

  × too early
   ╭─[rename.mig:1:2001]
 1 │ … a a a a a a a a a a a a a a drop b b b b b b b b b b b b b b b b b b b b b b b b b b b …
   ·  ▲                            ──┬─                                                       ▲
   ·  │                              │                                                        ╰── used here
   ·  │                              ╰── dropped here
   ·  ╰── and here
   ╰────

"#]]
    );
}

#[test]
fn a_label_over_many_lines_is_shown_at_its_first() {
    let text = format!("expand {{\n{}}}\n", "  add column a\n".repeat(10_000));
    let diagnostic = Diagnostic::new(Code::NoStatements, "too long", Span::new(0, text.len()), "this block");
    snapbox::assert_data_eq!(
        drawn(&text, &diagnostic),
        snapbox::str![[r#"
warning[no-statements]

  ⚠ too long
   ╭─[rename.mig:1:1]
 1 │ expand {
   · ────┬───
   ·     ╰── this block
 2 │   add column a
   ╰────

"#]]
    );
}

#[test]
fn a_label_over_a_few_lines_is_drawn_beside_them() {
    let text = "expand {\n  add column a\n}\n";
    let diagnostic = Diagnostic::new(Code::NoStatements, "too long", Span::new(0, 25), "this block");
    snapbox::assert_data_eq!(
        drawn(text, &diagnostic),
        snapbox::str![[r#"
warning[no-statements]

  ⚠ too long
   ╭─[rename.mig:1:1]
 1 │ ╭─▶ expand {
 2 │ │     add column a
 3 │ ├─▶ }
   · ╰──── this block
   ╰────

"#]]
    );
}

#[test]
fn control_characters_are_shown_not_obeyed() {
    let text = "expand\tadd \u{1b}[31mcolumn\0 x\r\nnext";
    let diagnostic = Diagnostic::new(Code::Syntax, "a \u{1b} in it", span_of(text, "column"), "this \u{7}");
    snapbox::assert_data_eq!(
        drawn(text, &diagnostic),
        snapbox::str![[r#"
error[syntax]

  × a ␛ in it
   ╭─[rename.mig:1:17]
 1 │ expand  add ␛[31mcolumn␀ x
   ·                  ───┬──
   ·                     ╰── this ␇
 2 │ next
   ╰────

"#]]
    );
}

#[test]
fn places_at_the_edges_and_outside_are_drawn() {
    for text in ["", "a", "a\n", "\n\n", "é\r\n", "é"] {
        for (start, end) in [(0, 0), (0, text.len()), (text.len(), text.len()), (1, 1), (7, 9)] {
            let diagnostic = Diagnostic::new(Code::Syntax, "edge", Span::new(start, end), "here");
            let drawn = drawn(text, &diagnostic.label(Span::new(start, end), "again"));
            assert!(drawn.contains("× edge") && drawn.contains("here"), "{text:?} {start}..{end}: {drawn}");
        }
    }
}

#[test]
fn the_end_of_a_script_can_be_pointed_at() {
    let text = "expand {\n";
    let diagnostic = Diagnostic::new(Code::Syntax, "the block is not closed", Span::new(9, 9), "expected `}`");
    snapbox::assert_data_eq!(
        drawn(text, &diagnostic),
        snapbox::str![[r#"
error[syntax]

  × the block is not closed
   ╭─[rename.mig:2:1]
 1 │ expand {
 2 │
   · ▲
   · ╰── expected `}`
   ╰────

"#]]
    );
}

#[test]
fn ascii_terminals_get_ascii() {
    let terminal = Terminal { unicode: false, ..Terminal::plain() };
    let diagnostic = Diagnostic::new(Code::Syntax, "wrong", Span::new(0, 3), "here");
    assert!(render(&diagnostic, &Source::new("x", "abc"), terminal).is_ascii());
}

#[test]
fn a_colour_terminal_gets_escape_codes_and_a_pipe_none() {
    let diagnostic = Diagnostic::new(Code::Syntax, "wrong", Span::new(0, 3), "here");
    let source = Source::new("x", "abc");
    let colored = render(&diagnostic, &source, Terminal { color: true, ..Terminal::plain() });
    assert!(colored.contains('\u{1b}'));
    assert!(!render(&diagnostic, &source, Terminal::plain()).contains('\u{1b}'));
}

fn report(quiet: bool, files: &[(&str, usize, &[&str])]) -> String {
    let mut out = Vec::new();
    let mut report = Human::new(&mut out, Terminal::plain(), quiet);
    for (name, findings, notes) in files {
        let source = Source::new(*name, "abc");
        let diagnostic = Diagnostic::new(Code::Syntax, "wrong", Span::new(0, 3), "");
        let diagnostics = vec![diagnostic.fix("right", Span::new(0, 1), "x"); *findings];
        let notes: Vec<_> = notes.iter().map(|note| (*note).to_owned()).collect();
        report
            .file(FileFindings { source: &source, diagnostics: &diagnostics, headline: None, notes: &notes })
            .unwrap();
    }
    report.finish().unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_report_ends_with_notes_and_a_summary() {
    let text = report(false, &[("a.mig", 1, &["no `app`"]), ("b.mig", 0, &["no `app`", "only here"])]);
    snapbox::assert_data_eq!(
        text,
        snapbox::str![[r#"
error[syntax]

  × wrong
   ╭─[a.mig:1:1]
 1 │ abc
   · ───
   ╰────

note: no `app` (in 2 files)
note: b.mig: only here
1 error in 1 of 2 files
1 can be fixed with `miglab check --fix`; `--diff` shows the change

"#]]
    );
}

#[test]
fn a_quiet_report_has_findings_only() {
    assert_eq!(report(true, &[("a.mig", 0, &["a note"])]), "");
    assert_eq!(report(false, &[("a.mig", 0, &["a note"])]), "note: a note\nno findings in 1 file\n");
}

proptest::proptest! {
    #[test]
    fn any_places_in_any_text_are_drawn(
        text in "([ab é日\t\u{1b}\r\n]|[a-z]{60}|\n\n\n){0,40}",
        spans in proptest::collection::vec((0usize..300, 0usize..100), 0..4),
        width in 40usize..120,
        unicode: bool,
    ) {
        let label = |(start, len): &(usize, usize)| Label { span: Span::new(*start, start + len), text: "here".into() };
        let mut diagnostic = Diagnostic::new(Code::Syntax, "found it", Span::default(), "");
        diagnostic.labels = spans.iter().map(label).collect();
        let terminal = Terminal { color: false, unicode, width };
        let drawn = render(&diagnostic, &Source::new("x.mig", text), terminal);
        proptest::prop_assert!(drawn.contains("found it"));
        proptest::prop_assert!(!drawn.contains("Failed to read"));
        proptest::prop_assert_eq!(drawn.contains("here"), !spans.is_empty());
        let escapes = drawn.contains(['\u{1b}', '\r']);
        proptest::prop_assert!(!escapes);
    }
}
