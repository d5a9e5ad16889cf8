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
    let again =
        format(&Source::new("test.mig", once.clone())).unwrap_or_else(|errors| panic!("{name}: {errors:?}\n{once}"));
    assert_eq!(once, again, "{name}");
    assert_eq!(shape(&read(text)), shape(&read(&once)), "{name}\n{once}");
}

#[test]
fn formatting_keeps_the_tree_and_is_stable() {
    for (name, text) in files("good") {
        formats_well(&name, &text);
    }
}

#[track_caller]
fn one(text: &str) -> Diagnostic {
    let parsed = read(text);
    assert_eq!(parsed.diagnostics.len(), 1, "{}", told(&parsed));
    parsed.diagnostics.into_iter().next().unwrap()
}

/// The text after its fix.
#[track_caller]
fn mended(text: &str) -> String {
    let fix = one(text).fix.expect("it has a fix");
    let mut out = text.to_owned();
    for edit in fix.edits.iter().rev() {
        out.replace_range(edit.span.range(), &edit.replacement);
    }
    out
}

#[test]
fn fixes_mend() {
    assert_eq!(mended("add column a text"), "expand add column a text");
    assert_eq!(mended("expand deploy v2"), "deploy v2");
    assert_eq!(mended("migrate backfill a = b"), "migrate backfill a from b");
    assert_eq!(mended("migrate verify a == b"), "migrate verify a = b");
    assert_eq!(mended("migrate verify a && b"), "migrate verify a and b");
    assert_eq!(mended("expand add colum a text"), "expand add column a text");
    assert_eq!(mended("contract drop colum a"), "contract drop column a");
    assert_eq!(mended("migration 'T' on t"), "migration \"T\" on t");
    assert_eq!(mended("expand add column a text default \"x\""), "expand add column a text default 'x'");
    assert_eq!(mended("ALTER TABLE t ADD COLUMN a int"), "expand add column t.a int");
    assert_eq!(mended("expand ALTER TABLE t ADD a int"), "expand add column t.a int");
    assert_eq!(mended("CREATE INDEX i ON s.t (a) WHERE a > 0"), "expand add index i on t (a) WHERE a > 0");
    assert_eq!(mended("UPDATE t SET a = b WHERE a IS NULL"), "migrate backfill t.a from b WHERE a IS NULL");
}

#[test]
fn every_fix_of_a_whole_statement_reads_well() {
    for text in ["add column a text", "ALTER TABLE t ADD COLUMN a int", "UPDATE t SET a = b", "CREATE INDEX ON t (a)"] {
        let mended = mended(text);
        assert!(read(&mended).diagnostics.is_empty(), "{mended}");
    }
}

#[test]
fn a_broken_statement_costs_only_itself() {
    let parsed =
        read("expand add column a text\nexpand add colum b text\nexpand add column c text default 'x\nretire v1\n");
    assert_eq!((parsed.script.statements.len(), parsed.diagnostics.len()), (2, 2), "{}", told(&parsed));
}

#[test]
fn allows_cover_the_script_or_the_next_item() {
    use crate::ast::AllowScope;
    let text = "migration \"T\"\n  allow a because 'x'\n\nallow b because 'y'\nexpand { add column c text }\n";
    let allows = read(text).script.allows;
    assert_eq!(allows[0].scope, AllowScope::Script);
    let block = text.find("expand").unwrap();
    assert_eq!(allows[1].scope, AllowScope::Item(crate::source::Span::new(block, text.len() - 1)));
}

#[test]
fn equal_names_share_their_memory() {
    let statements = read("deploy v1\nretire V1\n").script.statements;
    let name = |n: usize| match &statements[n].kind {
        crate::ast::StatementKind::Deploy(app) | crate::ast::StatementKind::Retire(app) => app.name.clone(),
        other => panic!("{other:?}"),
    };
    assert!(std::sync::Arc::ptr_eq(&name(0), &name(1)));
}

#[test]
fn spans_point_into_the_script() {
    let text = "\u{FEFF}# c\r\nexpand { add column a text; add column b integer\r\n  default 1 + 2 }\r\n";
    let parsed = read(text);
    let slices: Vec<&str> = parsed.script.statements.iter().map(|s| parsed.script.source.slice(s.span)).collect();
    assert_eq!(slices, ["add column a text", "add column b integer\r\n  default 1 + 2"]);
}

#[test]
fn the_prompt_knows_when_more_is_to_come() {
    let end = |text: &str| read_statements(&Source::new("<repl>", text)).map(|parsed| parsed.diagnostics.len());
    assert_eq!(end("expand {\n add column a text").unwrap_err(), Incomplete::Block);
    assert_eq!(end("expand add index on t (a,").unwrap_err(), Incomplete::Parenthesis);
    assert_eq!(end("migrate backfill a from 'x").unwrap_err(), Incomplete::Text);
    assert_eq!(end("migrate backfill a from b ||").unwrap_err(), Incomplete::Statement);
    assert_eq!(end("expand").unwrap_err(), Incomplete::Statement);
    assert_eq!(end("expand add column a text").unwrap(), 0);
    assert_eq!(end("expand add colum a text").unwrap(), 1);
    assert_eq!(end("").unwrap(), 0);
}

#[test]
fn operations_of_applications_read() {
    let shown = |text: &str| format!("{:?}", parse_dml(text).unwrap());
    assert!(shown("select").starts_with("Select"));
    assert!(shown("select * from users where id = 1 order by id desc, name limit 5;").contains("limit: Some(5)"));
    assert!(shown("select id, users.name where id > 1").contains("users"));
    assert!(shown("insert into users (id, name) values (1, 'a'), (2, null)").starts_with("Insert"));
    assert!(shown("UPDATE users SET name = upper(name), x = 1 WHERE id = 1").starts_with("Update"));
    assert!(shown("delete from users").starts_with("Delete"));
    let wrong = parse_dml("update users name = 1").unwrap_err();
    assert!(wrong.message.contains("`set`"), "{}", wrong.message);
}

#[test]
fn words_get_their_colours() {
    let text = "expand add column t.text varchar(3) default 'x' # c";
    let kinds: Vec<(&str, TokenKind)> = highlight(text).into_iter().map(|(range, kind)| (&text[range], kind)).collect();
    assert!(kinds.contains(&("expand", TokenKind::Keyword)));
    assert!(kinds.contains(&("text", TokenKind::Name)));
    assert!(kinds.contains(&("varchar", TokenKind::Type)));
    assert!(kinds.contains(&("3", TokenKind::Number)));
    assert!(kinds.contains(&("'x'", TokenKind::String)));
    assert!(kinds.contains(&("# c", TokenKind::Comment)));
}

#[test]
fn formatting_has_one_form() {
    let text = "\u{FEFF}MIGRATION \"T\" ON Users\r\n\r\n\r\nTABLE Users {id int primary key, name varchar(20) not null} # why\r\n\
                EXPAND {\r\n\r\nADD COLUMN \"Order\" BOOL;add column x text\r\n}\r\n\
                migrate backfill x from (((a || b))) where (a = 1) or ((b = 2) and c)\r\n";
    let wanted = "migration \"T\" on users\n\n\
                  table users {\n    id   integer primary key\n    name varchar(20) not null\n}  # why\n\
                  expand {\n    add column \"Order\" boolean\n    add column x text\n}\n\
                  migrate backfill x from a || b where a = 1 or b = 2 and c\n";
    assert_eq!(format(&Source::new("x", text)).unwrap(), wanted);
}

#[test]
fn a_script_with_mistakes_is_not_formatted() {
    assert_eq!(format(&Source::new("x", "expand add colum a text")).unwrap_err().len(), 1);
}

#[test]
fn expressions_print_with_the_parentheses_they_need() {
    let printed = |text: &str| {
        let parsed = read(&format!("migrate verify {text}"));
        assert!(parsed.diagnostics.is_empty(), "{}", told(&parsed));
        match &parsed.script.statements[0].kind {
            crate::ast::StatementKind::Verify(verify) => expr_text(&verify.0),
            other => panic!("{other:?}"),
        }
    };
    for text in [
        "a + b * c",
        "(a + b) * c",
        "a - (b - c)",
        "a = b is null",
        "not (a and b)",
        "-a ^ 2",
        "-(a ^ 2)",
        "- -a",
        "(a or b) and c",
        "a between 1 and 2 + 3",
        "(a is null) = b",
        "(a + b)::text",
        "-1::text",
        "(-1)::text",
        "a in (1, 2)",
        "case a when 1 then 2 else 3 end",
        "extract(year from a)",
        "a || b -> 'c'",
        "x is not distinct from y",
    ] {
        assert_eq!(printed(text), text);
    }
    assert_eq!(printed("cast(a as int8)"), "a::bigint");
    assert_eq!(printed("trim(leading 'x' from a)"), "ltrim(a, 'x')");
    assert_eq!(printed("substring(a for 2)"), "substring(a, 1, 2)");
    assert_eq!(printed("position('x' in a)"), "position('x', a)");
}

mod generated {
    use proptest::prelude::*;

    use super::*;

    const SOUP: &[&str] = &[
        "expand",
        "migrate",
        "contract",
        "add",
        "column",
        "table",
        "t",
        "a",
        "b",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ",",
        ";",
        "\n",
        "\n\n",
        "'x'",
        "'",
        "\"Q\"",
        "\"",
        "# c\n",
        "-- d\n",
        "backfill",
        "from",
        "where",
        "sync",
        "<->",
        "app",
        "v1",
        "reads",
        "writes",
        "rows",
        "1",
        "1_0.5e3",
        "text",
        "varchar(3)",
        "not",
        "null",
        "default",
        "unique",
        "migration",
        "\"T\"",
        "on",
        "allow",
        "x-y",
        "because",
        "deploy",
        "wait",
        "5m",
        "case",
        "when",
        "then",
        "end",
        "and",
        "or",
        "is",
        "in",
        "between",
        "like",
        "::",
        "||",
        "-",
        "+",
        "=",
        "==",
        "&&",
        "->",
        ".",
        "\0",
        "é",
        "‘",
        "$$",
        "ALTER TABLE t",
        "RENAME",
        "to",
        "view",
        "primary key",
        "references",
        "check",
        "index",
        "drop",
        "verify",
        "\r\n",
        "\u{FEFF}",
        "seed",
        "generate",
        "uses",
        "connects as",
        "extract(year from a)",
        "f(",
        "interval '1 day'",
    ];

    fn soup() -> impl Strategy<Value = String> {
        proptest::collection::vec((proptest::sample::select(SOUP), any::<bool>()), 0..60).prop_map(|words| {
            words.iter().map(|(word, space)| if *space { [word, " "].concat() } else { word.to_string() }).collect()
        })
    }

    fn leaf() -> impl Strategy<Value = String> {
        let leaves = [
            "a",
            "t.b",
            "1",
            "2.50",
            "'it''s'",
            "null",
            "true",
            "\"Q x\"",
            "now()",
            "current_date",
            "date '2020-01-01'",
            "extract(year from d)",
            "position('x' in b)",
            "substring(a for 2)",
            "trim(leading 'x' from a)",
        ];
        proptest::sample::select(leaves.map(str::to_owned).to_vec())
    }

    /// Random expressions, as text.
    fn expression() -> impl Strategy<Value = String> {
        leaf().prop_recursive(5, 40, 3, |inner| {
            let binary = [
                "+",
                "-",
                "*",
                "/",
                "%",
                "^",
                "||",
                "->",
                "->>",
                "=",
                "<>",
                "!=",
                "<",
                "<=",
                ">",
                ">=",
                "and",
                "or",
                "like",
                "not like",
                "ilike",
                "is distinct from",
                "is not distinct from",
            ];
            let postfix =
                ["is null", "is not null", "is true", "is not unknown", "::text", "::numeric(3, 1)", "in (1, 2)"];
            prop_oneof![
                (inner.clone(), proptest::sample::select(binary.to_vec()), inner.clone())
                    .prop_map(|(left, op, right)| format!("{left} {op} {right}")),
                (inner.clone(), proptest::sample::select(postfix.to_vec())).prop_map(|(x, op)| format!("{x} {op}")),
                (proptest::sample::select(vec!["-", "+", "not"]), inner.clone())
                    .prop_map(|(op, x)| format!("{op} {x}")),
                inner.clone().prop_map(|x| format!("({x})")),
                (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("({x}) between ({y}) and 3")),
                (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("coalesce({x}, {y})")),
                (inner.clone(), inner.clone(), inner)
                    .prop_map(|(x, y, z)| format!("case when {x} then {y} else {z} end")),
            ]
        })
    }

    /// Random lines that read well, comments and empty ones among them.
    fn lines() -> impl Strategy<Value = String> {
        const LINES: &[&str] = &[
            "",
            "# own",
            "-- own",
            "expand add column a text # behind",
            "expand { # open",
            "migrate {",
            "contract {",
            "}",
            "} # closed",
            "table t { # open",
            "add table t2 {",
            "expand add table t3 {",
            "id integer primary key",
            "a text,",
            "unique (a, b)",
            "app v1 {",
            "app v2 { reads a, b  writes a }",
            "reads a, # one",
            "b",
            "writes b",
            "connects as 'x'",
            "view v {",
            "rows t {",
            "(1, 'x')",
            "(2, null), (3, 'y')",
            "rows t from 'x.csv'",
            "add column b",
            "default 'x'",
            "not null",
            "backfill a from b ||",
            "c",
            "where a is null # why",
            "migrate backfill a from b",
            "in batches of 10",
            "deploy v1",
            "wait 5m",
            "confirm \"x\"",
            "migration \"T\" on t",
            "allow phase-order because 'x'",
            "drop column a; drop column b",
            ";",
            "; # semicolon",
            "contract drop table t",
            "verify case when a then b",
            "else c end",
            "add index on t (",
            "a) # last",
            "migrate copy t to u (",
            "x from y, # mapped",
            "z from 1)",
            "seed a from b",
            "validate not null a",
        ];
        proptest::collection::vec(proptest::sample::select(LINES), 0..14).prop_map(|lines| lines.join("\n"))
    }

    /// Declarations and statements in an order that reads.
    fn script() -> impl Strategy<Value = String> {
        const PARTS: &[&str] = &[
            "",
            "# own\n",
            "expand add column a text # behind\n",
            "expand { # open\n\n\n  # in\nadd column b text\n\n}\n",
            "table t { # open\n id integer primary key, # key\n\n # own\n a text\n unique (a)\n} # closed\n",
            "app v1 {\n # why\n reads a,\n b\n writes c\n}\n",
            "app v1 { reads a writes b } # behind\n",
            "rows t { (1, 'x') # one\n (2, 'y') }\n",
            "migrate backfill a from b # one\n where c # two\n in batches of 5\n",
            "allow phase-order because 'x'\n",
            "allow x because 'y'; ",
            "deploy v1; retire v2 # both\n",
            "\n",
            "\n\n\n",
            "; # c\n",
            "/* a\n /* b */ */ expand add column a text /* c */ not null /* d\n */\n",
            "migrate backfill a from b #> '{a}' /* e */ #- '{b,-1}'::text[] -- f\n",
            "expand {\n allow in-use because 'x'\n add table u { id integer } # t\n sync a <-> b\n}\n",
            "contract drop column \"Mixed\"\n",
            "migrate verify case\n when a then b # x\n else c end\n",
            "rows t generate 1_0000 seed 0\n",
            "view v {\n reads a\n reads b\n}\n",
            "wait 60s\n",
        ];
        let header = proptest::sample::select(vec![
            "",
            "migration \"T\"\n",
            "migration \"T\" on t # c\n",
            "migration \"T\"; ",
            "migration \"T\"\n allow a because 'b' # c\n",
            "# first\n\nmigration \"T\"\n# c\nallow a because 'b'\n",
        ]);
        (header, proptest::collection::vec(proptest::sample::select(PARTS), 0..12))
            .prop_map(|(header, parts)| format!("{header}{}", parts.concat()))
    }

    proptest! {
        #[test]
        fn scripts_format_well(text in script()) {
            prop_assert!(read(&text).diagnostics.is_empty(), "{}", told(&read(&text)));
            formats_well("script", &text);
            let comments = |text: &str| lex::Lexer::new(text, 0).filter(|t| t.kind == lex::Tok::Comment).count();
            prop_assert_eq!(comments(&text), comments(&format(&Source::new("x", text.clone())).unwrap()));
        }

        #[test]
        fn lines_that_read_format_well(text in lines()) {
            if read(&text).diagnostics.is_empty() {
                formats_well("lines", &text);
            }
        }

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

#[test]
fn comparisons_of_comparisons_keep_their_parentheses() {
    for text in ["(n = 1) = (n is null)", "(n = 1) < (n is null)", "(a like b) like c", "(a between b and c) in (d)"] {
        let formatted = format(&Source::new("t", format!("migrate verify {text} on t\n"))).unwrap();
        assert!(formatted.contains(&text[..=text.find(')').unwrap()]), "{text} became {formatted}");
        assert!(read(&formatted).diagnostics.is_empty(), "{formatted}");
    }
    assert_eq!(read("migrate verify n = 1 = 2 on t").diagnostics.len(), 1);
}

#[test]
fn an_update_of_several_columns_has_no_fix() {
    let fixes =
        |text: &str| parse(Source::new("t", text)).diagnostics.iter().filter(|found| found.fix.is_some()).count();
    assert_eq!(fixes("UPDATE t SET b = c, c = b;\n"), 0);
    assert_eq!(fixes("UPDATE t SET b = c;\n"), 1);
}
