//! SQL pasted where a statement belongs, answered with the `.mig` form and the author's own names.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::build::present;
use crate::syntax::grammar::Rule;
use crate::syntax::keywords;
use crate::syntax::tree::{self, Node, Nodes};

/// What to write instead of a statement of SQL.
struct Answer {
    /// The lines of the `.mig` form.
    lines: Vec<String>,
    /// They mean the same as the SQL, and could replace it as they are.
    same: bool,
}

impl Answer {
    fn same(line: String) -> Self {
        Self { lines: vec![line], same: true }
    }

    fn plan(lines: Vec<String>) -> Self {
        Self { lines, same: false }
    }
}

/// Where an answer will stand.
#[derive(Clone, Copy)]
struct PastedSql {
    span: Span,
    /// The phase written before the SQL.
    phase: Option<Span>,
    in_block: bool,
}

/// The answer to `text`, where it is SQL that has one. `phase` is the phase that stands before it.
pub(super) fn sql(text: &str, span: Span, phase: Option<Span>, in_block: bool) -> Option<Diagnostic> {
    let tree = tree::read(Rule::sql, text).ok()?;
    let node = present(tree.root(text).into_inner().next());
    let title = title(text);
    let answers = answers(node);
    let lines: Vec<String> = answers.iter().flat_map(|answer| answer.lines.iter().cloned()).collect();
    let same = answers.iter().all(|answer| answer.same);
    let place = PastedSql { span, phase, in_block };
    Some(diagnostic(&title, &lines, same, place))
}

/// The answer to SQL of any other form; nothing for text that only starts like it.
pub(super) fn sql_unknown(text: &str, span: Span) -> Option<Diagnostic> {
    let word = keywords::first_word(text).to_ascii_lowercase();
    let second = keywords::first_word(keywords::after_word(text)).to_ascii_lowercase();
    let ours = ["alter", "set", "drop"].contains(&&*word);
    let certain = match (word.as_str(), second.as_str()) {
        ("alter", "table" | "index" | "type" | "sequence")
        | ("drop", "view" | "function" | "trigger" | "type" | "schema" | "sequence" | "materialized") => true,
        ("set", _) => !["default", "not"].contains(&&*second) && text.contains(['=', ' ']),
        _ => !ours,
    };
    if !certain {
        return None;
    }
    let help = match word.as_str() {
        "begin" | "commit" | "start" | "rollback" | "savepoint" => {
            "leave it out: each statement of a plan is one atomic step already"
        }
        "insert" => {
            "rows to start from are written as `rows TABLE { (1, 'a') }`; a plan moves rows with `backfill`, `seed` or `copy`"
        }
        "delete" | "truncate" => {
            "a plan does not delete rows; `contract drop column c` and `contract drop table t` remove what nothing uses"
        }
        "select" => "to require a condition before going on, write `migrate verify CONDITION`",
        "set" => "leave it out: timeouts are set when the plan is run",
        "create" => "write `expand add table t { … }`, `expand add column c TYPE` or `expand add index on t (c)`",
        "update" => "write `migrate backfill COLUMN from EXPRESSION`",
        _ => {
            "say what changes with `add`, `backfill`, `sync`, `drop` and the like; `miglab explain sql-statement` \
             lists the forms"
        }
    };
    Some(Diagnostic::new(Code::SqlStatement, message(&title(text)), span, "SQL").help(help))
}

fn message(title: &str) -> String {
    format!("`{title}` is SQL, not a statement of a plan")
}

/// The first words in upper case: `ALTER TABLE`.
fn title(text: &str) -> String {
    let first = keywords::first_word(text);
    let second = keywords::first_word(keywords::after_word(text));
    let two = ["alter", "create", "drop"].iter().any(|word| word.eq_ignore_ascii_case(first));
    let third = keywords::first_word(keywords::after_word(keywords::after_word(text)));
    if second.eq_ignore_ascii_case("unique") {
        return format!("{first} {second} {third}").trim().to_ascii_uppercase();
    }
    let words = if two { format!("{first} {second}") } else { first.to_owned() };
    words.trim().to_ascii_uppercase()
}

fn diagnostic(title: &str, lines: &[String], same: bool, place: PastedSql) -> Diagnostic {
    let whole = place.phase.map_or(place.span, |phase| phase.to(place.span));
    let help = match lines {
        [line] => format!("write `{line}`"),
        lines => format!("write\n{}", lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")),
    };
    let diagnostic = Diagnostic::new(Code::SqlStatement, message(title), place.span, "SQL").help(help);
    if same && !place.in_block {
        diagnostic.fix("write it as statements of a plan", whole, lines.join("\n"))
    } else {
        diagnostic
    }
}

fn answers(node: Node<'_>) -> Vec<Answer> {
    match node.as_rule() {
        Rule::sql_alter => {
            let mut nodes = node.into_inner();
            let table = table_text(&present(nodes.next()));
            nodes.map(|action| action_answer(&table, action)).collect()
        }
        Rule::sql_create_table => vec![create_table(node.into_inner())],
        Rule::sql_create_index => vec![create_index(node.into_inner())],
        Rule::sql_drop => {
            let node = present(node.into_inner().next());
            let word = if node.as_rule() == Rule::sql_drop_table { "table" } else { "index" };
            let name = table_text(&present(node.into_inner().next()));
            vec![Answer::same(format!("contract drop {word} {name}"))]
        }
        _ => update(node.into_inner()),
    }
}

/// The table's name without its schema.
fn table_text(node: &Node<'_>) -> String {
    node.clone().into_inner().last().map_or(String::new(), |name| name.as_str().to_owned())
}

fn action_answer(table: &str, action: Node<'_>) -> Answer {
    let rule = action.as_rule();
    let nodes = action.into_inner();
    let texts: Vec<String> = nodes.clone().map(|node| node.as_str().trim().to_owned()).collect();
    let text = |n: usize| texts.get(n).cloned().unwrap_or_default();
    let column = format!("{table}.{}", text(0));
    match rule {
        Rule::sql_rename_column => rename(table, &text(0), &text(1)),
        Rule::sql_rename_table => Answer::plan(vec![
            format!("expand add table {} {{ … }}    # the columns of {table}", text(0)),
            format!("migrate copy {table} to {} (… from …)", text(0)),
            "deploy v2".to_owned(),
            "retire v1".to_owned(),
            format!("contract drop table {table}"),
        ]),
        Rule::sql_add_column => Answer::same(format!("expand add column {table}.{}", text(0))),
        Rule::sql_add_check => add_check(table, nodes),
        Rule::sql_add_unique => {
            let (name, columns) = named(nodes);
            Answer::same(format!("expand add unique{name} {columns} on {table}"))
        }
        Rule::sql_add_foreign_key => add_foreign_key(table, nodes),
        Rule::sql_drop_column => Answer::same(format!("contract drop column {column}")),
        Rule::sql_drop_constraint => Answer::plan(vec![
            format!("contract drop check {}          # where it is a check", text(0)),
            format!("contract drop unique {}         # where it is a unique constraint", text(0)),
            format!("contract drop foreign key {}    # where it is a foreign key", text(0)),
        ]),
        Rule::sql_alter_type => alter_type(table, &text(0), &text(1), nodes),
        Rule::sql_set_not_null => Answer::plan(vec![
            format!("expand add not null {column}"),
            format!("migrate validate not null {column}"),
            format!("contract set not null {column}"),
        ]),
        Rule::sql_drop_not_null => Answer::same(format!("expand drop not null {column}")),
        Rule::sql_set_default => Answer::same(format!("expand set default {column} {}", text(1))),
        Rule::sql_drop_default => Answer::same(format!("contract drop default {column}")),
        _ => Answer::plan(vec![
            format!("migrate validate check {}          # where it is a check", text(0)),
            format!("migrate validate foreign key {}    # where it is a foreign key", text(0)),
        ]),
    }
}

fn rename(table: &str, from: &str, to: &str) -> Answer {
    Answer::plan(vec![
        format!("expand add column {table}.{to}"),
        format!("expand sync {table}.{from} <-> {table}.{to}"),
        format!("migrate backfill {table}.{to} from {table}.{from}"),
        format!("deploy v2    # uses {to}"),
        format!("retire v1    # uses {from}"),
        format!("contract drop column {table}.{from}"),
    ])
}

fn alter_type(table: &str, column: &str, ty: &str, nodes: Nodes<'_>) -> Answer {
    let using = nodes.last().filter(|node| node.as_rule() == Rule::using).and_then(|node| node.into_inner().next());
    let value = using.map_or(format!("{table}.{column}::{ty}"), |node| node.as_str().trim().to_owned());
    let new = format!("{}_new", column.trim_matches('"'));
    Answer::plan(vec![
        format!("expand add column {table}.{new} {ty}"),
        format!("expand sync {table}.{new} from {value}"),
        format!("migrate backfill {table}.{new} from {value}"),
        format!("deploy v2    # uses {new}"),
        format!("retire v1    # uses {column}"),
        format!("contract drop column {table}.{column}"),
    ])
}

/// ` name` where there is one, and the text after it.
fn named(nodes: Nodes<'_>) -> (String, String) {
    let (mut name, mut rest) = (String::new(), String::new());
    for node in nodes {
        let text = node.as_str().trim();
        if node.as_rule() == Rule::name { name = format!(" {text}") } else { text.clone_into(&mut rest) }
    }
    (name, rest)
}

fn add_check(table: &str, nodes: Nodes<'_>) -> Answer {
    let (name, condition) = named(nodes);
    let name = if name.is_empty() { format!(" {}_check", table.trim_matches('"')) } else { name };
    Answer::plan(vec![
        format!("expand add check{name} ({condition}) on {table}"),
        format!("migrate validate check{name}"),
    ])
}

fn add_foreign_key(table: &str, nodes: Nodes<'_>) -> Answer {
    let (mut name, mut columns, mut target) = (String::new(), String::new(), String::new());
    for node in nodes {
        let text = node.as_str().trim();
        match node.as_rule() {
            Rule::name => name = format!(" {text}"),
            Rule::column_list => text.clone_into(&mut columns),
            Rule::references => text.clone_into(&mut target),
            _ => {}
        }
    }
    if name.is_empty() {
        let column = columns.trim_matches(['(', ')', ' ', '"']);
        name = format!(" {}_{column}_fkey", table.trim_matches('"'));
    }
    Answer::plan(vec![
        format!("expand add foreign key{name} {columns} {target} on {table}"),
        format!("migrate validate foreign key{name}"),
    ])
}

fn create_table(mut nodes: Nodes<'_>) -> Answer {
    let table = table_text(&present(nodes.next()));
    let body = nodes.next().map_or(String::new(), |node| node.as_str().to_owned());
    let mut lines = vec![format!("expand add table {table} {{")];
    lines.extend(elements(&body).into_iter().map(|element| format!("    {element}")));
    lines.push("}".to_owned());
    Answer::plan(lines)
}

/// The parts of a list between its outermost commas, white space made single.
fn elements(body: &str) -> Vec<String> {
    let (mut depth, mut quote, mut start) = (0_usize, None, 0);
    let mut parts = Vec::new();
    for (at, c) in body.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push(&body[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&body[start..]);
    parts
        .iter()
        .map(|part| part.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|p| !p.is_empty())
        .collect()
}

fn create_index(nodes: Nodes<'_>) -> Answer {
    let (mut name, mut table, mut columns, mut unique, mut filter) =
        (String::new(), String::new(), String::new(), "", String::new());
    for node in nodes {
        let text = node.as_str().trim();
        match node.as_rule() {
            Rule::name if table.is_empty() => name = format!(" {text}"),
            Rule::on_sql_table => table = table_text(&present(node.into_inner().next())),
            Rule::column_list => text.clone_into(&mut columns),
            Rule::index_unique => unique = " unique",
            Rule::condition => filter = format!(" {text}"),
            _ => {}
        }
    }
    Answer::same(format!("expand add index{name} on {table} {columns}{unique}{filter}"))
}

fn update(mut nodes: Nodes<'_>) -> Vec<Answer> {
    let table = table_text(&present(nodes.next()));
    let filter = nodes.clone().last().filter(|node| node.as_rule() == Rule::condition);
    let filter = filter.map_or(String::new(), |node| format!(" {}", node.as_str().trim()));
    let lines: Vec<String> = nodes
        .filter(|node| node.as_rule() == Rule::assignment)
        .map(|node| {
            let mut inner = node.into_inner();
            let column = present(inner.next()).as_str();
            let value = present(inner.next()).as_str().trim();
            format!("migrate backfill {table}.{column} from {value}{filter}")
        })
        .collect();
    // Of several assignments each sees the row as it was before; of several backfills, as the last one has left it.
    let same = lines.len() == 1;
    vec![Answer { lines, same }]
}
