//! Comments, the operators that begin with `#`, and statements that are too large.

use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};
use crate::syntax::limits::{MAX_DEPTH, MAX_TOKENS};
use crate::syntax::{
    Incomplete, TokenKind, above_comments, comments, for_each_statement, format, highlight, outline, parse, parse_dml,
    read_statements,
};

fn source(text: &str) -> Source {
    Source::new("t.mig", text)
}

fn wrong(text: &str) -> Vec<Diagnostic> {
    parse(source(text)).diagnostics
}

/// The statements of a text without mistakes, the same in one reading and in two.
fn statements(text: &str) -> Vec<String> {
    let parsed = parse(source(text));
    assert_eq!(parsed.diagnostics, [], "{text}");
    let script = &parsed.script;
    let spans: Vec<Span> = script.statements.iter().map(|statement| statement.span).collect();
    let (mut streamed, outlined) = (Vec::new(), outline(source(text)));
    for part in outlined.parts {
        let unread = for_each_statement(&source(text), part, &mut |statement| streamed.push(statement.span));
        assert_eq!(unread, [], "{text}");
    }
    assert_eq!(streamed, spans, "{text}");
    spans.iter().map(|span| script.source.slice(*span).to_owned()).collect()
}

fn formatted(text: &str) -> String {
    let once = format(&source(text)).unwrap();
    assert_eq!(format(&source(&once)).unwrap(), once, "{text}");
    assert_eq!(statements(&once).len(), statements(text).len(), "{text}");
    once
}

fn comments_of(text: &str) -> Vec<&str> {
    comments(text).into_iter().map(|range| &text[range]).collect()
}

#[test]
fn a_sign_before_an_arrow_or_a_minus_is_an_operator_wherever_it_stands() {
    for (text, comments) in [
        ("a #> b", &[] as &[&str]),
        ("a#>>b", &[]),
        ("a\n#- b", &[]),
        ("#> b", &[]),
        ("a # > b", &["# > b"]),
        ("#c\na", &["#c"]),
        ("\u{FEFF}# c", &["# c"]),
        ("a\t#c -- d", &["#c -- d"]),
        ("x#y", &[]),
        ("x #y", &["#y"]),
        ("a --#> b", &["--#> b"]),
        ("a - -1", &[]),
        ("a/*b/*c*/d*/e", &["/*b/*c*/d*/"]),
        ("a */* b */ c", &["/* b */"]),
        ("a -- /* b\nc /* -- */ d", &["-- /* b", "/* -- */"]),
        ("'/* # x' \"-- y\" # z", &["# z"]),
        ("/*/ a */ b", &["/*/ a */"]),
    ] {
        assert_eq!(comments_of(text), comments, "{text}");
        let coloured = highlight(text).into_iter().filter(|(_, kind)| *kind == TokenKind::Comment);
        assert_eq!(coloured.map(|(range, _)| &text[range]).collect::<Vec<_>>(), comments, "{text}");
    }
}

#[test]
fn operators_with_a_sign_are_read_and_written() {
    for text in ["j #> '{a,0}'", "j #>> '{a}' = 'x'", "j #- '{a}' #- '{b}' -> 'c'"] {
        let text = format!("migrate backfill a from {text}\n");
        assert_eq!(formatted(&text), text);
    }
    let joined = "migrate backfill a from j#>>'{a}'||'x'\n  #- '{b}'::text[]\n";
    assert_eq!(formatted(joined), "migrate backfill a from j #>> '{a}' || 'x' #- '{b}'\n");
}

#[test]
fn a_sign_within_a_word_is_an_error() {
    for text in ["migrate backfill a from x#y\n", "expand add column a text;#c\n", "#--- a line\ndeploy v1\n"] {
        let found = wrong(text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].message, "`#` means nothing here");
        assert!(found[0].help.as_ref().is_some_and(|help| help.contains("after a blank")));
    }
}

#[test]
fn a_comment_between_two_words_is_a_blank() {
    let text = "expand add /* one */ column a /* two /* three */ */ text not null\n/* four */ deploy v1\n";
    assert_eq!(statements(text).len(), 2);
    let expected = "/* one */\n/* two /* three */ */\nexpand add column a text not null\n/* four */\ndeploy v1\n";
    assert_eq!(formatted(text), expected);
}

#[test]
fn a_comment_of_several_lines_ends_a_line() {
    assert_eq!(statements("expand add column a text /* one\n two */ deploy v1\n"), ["add column a text", "deploy v1"]);
    assert_eq!(statements("expand add column a text /* one\n two */ not null\n").len(), 1);
}

#[test]
fn comments_stay_with_what_they_stand_after() {
    let text = "table t { id integer /* key */ primary key /* of all */, name text /* b */ }\r\n\
                app v1 { uses id /* c\r\n d */ }\r\n";
    let expected = "/* key */\n";
    let formatted = formatted(text);
    assert!(formatted.contains("id   integer primary key  /* of all */\n"), "{formatted}");
    assert!(formatted.contains(expected) && formatted.contains("uses id  /* c\n d */\n"), "{formatted}");
    assert!(!formatted.contains('\r'), "{formatted}");
}

#[test]
fn a_comment_that_is_not_closed_is_one_error() {
    for text in [
        "/* open\nexpand add column a text\n",
        "expand {\n add column a text /* open\n}\ndeploy v1\n",
        "expand add column a text default (1 /* open /* closed */ )\ndeploy v1\n",
        "table t {\n id integer /* open\n}\n",
        "migrate backfill a from b || /* open",
    ] {
        let found = wrong(text);
        let open: Vec<_> = found.iter().filter(|found| found.message == "this comment is not closed").collect();
        assert_eq!(open.len(), 1, "{text}: {found:?}");
        assert!(found.len() == 1 || text.contains("||"), "{text}: {found:?}");
        assert_eq!(&text[open[0].span().range()], "/*");
        let outlined = outline(source(text));
        let unread = outlined.parts.iter().flat_map(|part| for_each_statement(&source(text), *part, &mut |_| {}));
        assert_eq!(outlined.diagnostics.len() + unread.count(), found.len(), "{text}");
    }
}

#[test]
fn the_prompt_waits_for_the_end_of_a_comment() {
    let end = |text: &str| read_statements(&source(text)).err();
    assert_eq!(end("expand add column a text /* why"), Some(Incomplete::Comment));
    assert_eq!(end("expand add column a text /* why\n still */"), None);
    assert_eq!(end("migrate backfill a from j #>"), Some(Incomplete::Statement));
    assert!(parse_dml("select * /* all */ from t -- now").is_ok());
}

#[test]
fn comments_right_above_are_found() {
    let text = "deploy v1 # x\n/* a\n b */\n# c\n/* d */ deploy v2\n";
    let (comments, at) = (comments(text), text.rfind("deploy").unwrap());
    assert_eq!(above_comments(text, &comments, at), text.find("/* a").unwrap());
    let apart = "# a\n\ndeploy v1 /* b */ deploy v2\n";
    let at = apart.rfind("deploy").unwrap();
    assert_eq!(above_comments(apart, &super::comments(apart), at), at);
    let first = apart.find("deploy").unwrap();
    assert_eq!(above_comments(apart, &super::comments(apart), first), first);
}

/// Texts that nest, or go on, without an end: what begins, what is repeated, and what ends once for each.
const ENDLESS: &[(&str, &str, &str)] = &[
    ("1", " + 1", ""),
    ("b", "||b", ""),
    ("true", " and a = 1", ""),
    ("true", " or a = 1", ""),
    ("", "not ", "true"),
    ("", "- ", "1"),
    ("", "(", ")"),
    ("", "lower(", ")"),
    ("", "case when true then ", " end"),
    ("1", "::int", ""),
    ("j", " #- '{a}'", ""),
    ("a in (1", ", 1", ")"),
    ("1", "\n + 1", ""),
];

#[test]
fn what_has_no_end_is_one_error_that_says_the_limit() {
    let count = MAX_TOKENS + 1;
    for (first, repeated, last) in ENDLESS {
        let closing =
            if repeated.ends_with(['(', ' ']) && last.len() < 5 { last.repeat(count) } else { (*last).to_owned() };
        let expr = format!("{first}{}{closing}", repeated.repeat(count));
        for text in [
            format!("migrate backfill a from {expr}\n"),
            format!("migrate verify {expr}\n"),
            format!("migrate backfill a from b where {expr}\n"),
            format!("expand add column a text default {expr}\n"),
            format!("table t {{\n id integer,\n check c ({expr})\n}}\n"),
            format!("rows t {{\n (1, {expr})\n}}\n"),
        ] {
            let found = wrong(&text);
            let limit = |found: &Diagnostic| {
                found.message.contains(&format!("more than {MAX_DEPTH} levels"))
                    || found.message.contains(&format!("more than {MAX_TOKENS} words"))
            };
            assert!(matches!(&*found, [only] if limit(only) && only.help.is_some()), "{repeated}: {:?}", found.first());
        }
        let act = parse_dml(&format!("update t set a = {expr}")).unwrap_err();
        assert!(act.message.contains("more than"), "{repeated}: {}", act.message);
    }
}

#[test]
fn long_chains_are_read_or_refused_by_name() {
    for (first, repeated, count) in [("true", " and a = 1", 5000), ("a = 0", " or a = 1", 5000), ("b", "||b", 150)] {
        let text = format!("migrate verify {first}{} on t\n", repeated.repeat(count));
        assert_eq!(wrong(&text), []);
        assert_eq!(statements(&format(&source(&text)).unwrap()).len(), 1);
    }
    let listed = format!("migrate verify a in (0{}) on t\n", ", 1".repeat(20_000));
    assert_eq!(wrong(&listed), []);
    let nested = format!("migrate backfill a from b{}\n", "||b".repeat(5000));
    assert!(matches!(&*wrong(&nested), [only] if only.message.contains("more than 200 levels")));
}

#[test]
fn a_slip_is_a_fix_only_where_it_computes_nothing() {
    let fixes = |text: &str| {
        let found = wrong(text);
        assert!(!found.is_empty(), "{text}");
        found
            .into_iter()
            .filter_map(|found| found.fix)
            .flat_map(|fix| fix.edits)
            .map(|edit| edit.replacement)
            .collect::<Vec<_>>()
    };
    assert_eq!(fixes("expnd add column a text\n"), ["expand"]);
    assert_eq!(fixes("expand add colum a text\n"), ["column"]);
    assert_eq!(fixes("contract drop a\n"), [] as [&str; 0]);
    assert_eq!(fixes("migrate backfill a from b ilke c\n"), [] as [&str; 0]);
    assert_eq!(fixes("migrate backfill a from b adn c\n"), [] as [&str; 0]);
    assert_eq!(fixes("add column a text\n"), ["expand "]);
    assert_eq!(fixes("drop not null a\n"), [] as [&str; 0]);
}
