//! What the reading of whole scripts gives.

use super::*;

fn read(text: &str) -> Parsed {
    parse(Source::new("test.mig", text))
}

fn files(folder: &str) -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/syntax").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "mig"))
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn told(parsed: &Parsed) -> String {
    let text = parsed.script.source.text();
    let one = |d: &Diagnostic| {
        let at = parsed.script.source.position(d.span().start);
        let slice = &text[d.span().range()];
        format!("{}:{} {} | {} | {:?} | {:?}\n", at.line, at.column, d.code, d.message, slice, d.help)
    };
    parsed.diagnostics.iter().map(one).collect()
}

#[test]
fn good_scripts_have_no_diagnostics() {
    for (name, text) in files("good") {
        let parsed = read(&text);
        assert!(parsed.diagnostics.is_empty(), "{name}\n{}", told(&parsed));
    }
}

#[test]
fn bad_scripts_have_some() {
    for (name, text) in files("bad") {
        let parsed = read(&text);
        assert!(!parsed.diagnostics.is_empty(), "{name}");
    }
}

/// The tree without places.
fn shape(parsed: &Parsed) -> String {
    let script = &parsed.script;
    let shown = format!(
        "{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}",
        script.header, script.tables, script.rows, script.views, script.apps, script.statements, script.allows
    );
    let mut out = String::new();
    for part in shown.split(' ') {
        let digits = part.trim_end_matches([',', ')', '}', ']']).trim_start_matches(|c: char| !c.is_ascii_digit());
        let is_span = digits.contains("..") && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        out.push_str(&if is_span { part.replace(digits, "_") } else { part.to_owned() });
        out.push(' ');
    }
    out
}

#[track_caller]
fn formats_well(name: &str, text: &str) {
    let source = Source::new("test.mig", text);
    let once = format(&source).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
    let again = format(&Source::new("test.mig", once.clone())).unwrap_or_else(|errors| panic!("{name}: {errors:?}\n{once}"));
    assert_eq!(once, again, "{name}");
    assert_eq!(shape(&read(text)), shape(&read(&once)), "{name}\n{once}");
}

#[test]
fn formatting_keeps_the_tree_and_is_stable() {
    for (name, text) in files("good") {
        formats_well(&name, &text);
    }
}

mod generated {
    use proptest::prelude::*;

    use super::*;

    const SOUP: &[&str] = &[
        "expand", "migrate", "contract", "add", "column", "table", "t", "a", "b", "{", "}", "(", ")", "[", "]", ",", ";",
        "\n", "\n\n", "'x'", "'", "\"Q\"", "\"", "# c\n", "-- d\n", "backfill", "from", "where", "sync", "<->", "app",
        "v1", "reads", "writes", "rows", "1", "1_0.5e3", "text", "varchar(3)", "not", "null", "default", "unique",
        "migration", "\"T\"", "on", "allow", "x-y", "because", "deploy", "wait", "5m", "case", "when", "then", "end",
        "and", "or", "is", "in", "between", "like", "::", "||", "-", "+", "=", "==", "&&", "->", ".", "\0", "é", "‘", "$$",
        "ALTER TABLE t", "RENAME", "to", "view", "primary key", "references", "check", "index", "drop", "verify", "\r\n",
        "\u{FEFF}", "seed", "generate", "uses", "connects as", "extract(year from a)", "f(", "interval '1 day'",
    ];

    fn soup() -> impl Strategy<Value = String> {
        proptest::collection::vec((proptest::sample::select(SOUP), any::<bool>()), 0..60)
            .prop_map(|words| words.iter().map(|(word, space)| format!("{word}{}", if *space { " " } else { "" })).collect())
    }

    fn leaf() -> impl Strategy<Value = String> {
        let leaves = [
            "a", "t.b", "1", "2.50", "'it''s'", "null", "true", "\"Q x\"", "now()", "current_date", "date '2020-01-01'",
            "extract(year from d)", "position('x' in b)", "substring(a for 2)", "trim(leading 'x' from a)",
        ];
        proptest::sample::select(leaves.map(str::to_owned).to_vec())
    }

    /// Random expressions, as text.
    fn expression() -> impl Strategy<Value = String> {
        leaf().prop_recursive(5, 40, 3, |inner| {
            let binary = [
                "+", "-", "*", "/", "%", "^", "||", "->", "->>", "=", "<>", "!=", "<", "<=", ">", ">=", "and", "or", "like",
                "not like", "ilike", "is distinct from", "is not distinct from",
            ];
            let postfix = ["is null", "is not null", "is true", "is not unknown", "::text", "::numeric(3, 1)", "in (1, 2)"];
            prop_oneof![
                (inner.clone(), proptest::sample::select(binary.to_vec()), inner.clone())
                    .prop_map(|(left, op, right)| format!("{left} {op} {right}")),
                (inner.clone(), proptest::sample::select(postfix.to_vec())).prop_map(|(x, op)| format!("{x} {op}")),
                (proptest::sample::select(vec!["-", "+", "not"]), inner.clone()).prop_map(|(op, x)| format!("{op} {x}")),
                inner.clone().prop_map(|x| format!("({x})")),
                (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("({x}) between ({y}) and 3")),
                (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("coalesce({x}, {y})")),
                (inner.clone(), inner.clone(), inner).prop_map(|(x, y, z)| format!("case when {x} then {y} else {z} end")),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let parsed = read(&text);
            prop_assert!(parsed.diagnostics.iter().all(|d| d.labels.iter().all(|l| l.span.end as usize <= text.len())));
            let _ = format(&parsed.script.source);
            let _ = highlight(&text);
            let _ = read_statements(&parsed.script.source);
            let _ = parse_dml(&text);
        }

        #[test]
        fn no_soup_makes_it_panic_and_what_formats_formats_well(text in soup()) {
            let parsed = read(&text);
            for diagnostic in &parsed.diagnostics {
                for label in &diagnostic.labels {
                    prop_assert!(text.get(label.span.range()).is_some(), "{diagnostic:?}");
                }
            }
            let _ = highlight(&text);
            let _ = parse_dml(&text);
            if format(&parsed.script.source).is_ok() {
                formats_well("soup", &text);
            }
        }

        #[test]
        fn expressions_keep_their_tree(x in expression(), y in expression()) {
            let text = format!("migrate backfill a from {x} where {y}\nmigrate {{ verify {y} on t; verify {x} }}\n");
            let parsed = read(&text);
            if parsed.diagnostics.is_empty() {
                formats_well("expression", &text);
            }
        }
    }
}
