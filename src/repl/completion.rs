//! What may stand at a place of a line: the words that TAB offers.

use crate::ast::Phase;
use crate::diagnostic::Code;
use crate::repl::commands::{self, COMMANDS, Completes};
use crate::syntax::{KEYWORDS, TYPES, quote_ident};

/// The names of a session at this moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// Tables, each with its columns.
    pub tables: Vec<(String, Vec<String>)>,
    /// Applications.
    pub apps: Vec<String>,
}

/// What TAB offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completion {
    /// These words, in place of what stands from this byte on.
    Words(usize, Vec<String>),
    /// The files that the text from this byte on begins to name.
    Files(usize),
}

/// Words that start a line besides commands.
const STARTERS: &[&str] = &[
    "allow",
    "app",
    "as",
    "confirm",
    "contract",
    "delete",
    "deploy",
    "expand",
    "insert",
    "migrate",
    "migration",
    "retire",
    "rows",
    "select",
    "table",
    "update",
    "view",
    "wait",
];

const COLUMN_CLAUSES: &[&str] = &["check", "default", "not null", "primary key", "references", "unique"];

/// What may come next.
enum Next {
    Fixed(&'static [&'static str]),
    Types,
    Tables,
    Columns,
    /// The columns of this table.
    ColumnsOf(String),
    Apps,
    Start,
    /// Inside an expression or after it.
    Anything,
}

/// What TAB offers at the byte `at` of a line (or of several).
#[must_use]
pub fn complete(text: &str, at: usize, vocabulary: &Vocabulary) -> Completion {
    let text = text.get(..at).unwrap_or(text);
    if let Some(completion) = behind_command(text, vocabulary) {
        return completion;
    }
    let start = word_start(text, |c| c.is_alphanumeric() || c == '_');
    let (before, word) = text.split_at(start);
    if let Some(table) = qualifier(before) {
        return words(start, word, vocabulary.columns_of(&table));
    }
    let (block, statement) = innermost(before);
    let known: Vec<String> =
        statement.trim_start().trim_start_matches(':').split_whitespace().map(str::to_lowercase).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let offered = vocabulary.offer(next(&block, &known), !word.is_empty());
    words(start, word, offered)
}

/// The form of the arguments of a command that was just written, for a hint after it.
#[must_use]
pub fn arguments_hint(line: &str) -> Option<String> {
    let bare = line.trim_start().trim_start_matches(':');
    let (word, rest) = commands::split_word(bare);
    let form = match word.to_ascii_lowercase().as_str() {
        "as" if rest.is_empty() => "APP select | insert … | update … | delete …",
        _ if !rest.is_empty() => return None,
        "select" => "[COLUMNS | *] [from TABLE] [where …] [limit N]",
        "update" => "TABLE set COLUMN = EXPR, … [where …]",
        "insert" => "into TABLE (COLUMNS) values (…)",
        "delete" => "from TABLE [where …]",
        _ => commands::find(word).filter(|spec| word.len() > 1 && !spec.arguments.is_empty())?.arguments,
    };
    Some(if line.ends_with(' ') { form.to_owned() } else { format!(" {form}") })
}

/// What may follow a command, where the line is one.
fn behind_command(text: &str, vocabulary: &Vocabulary) -> Option<Completion> {
    let line = text.trim_start().trim_start_matches(':');
    let (word, rest) = line.split_once(char::is_whitespace)?;
    let spec = commands::find(word)?;
    let rest = rest.trim_start();
    if rest.contains(char::is_whitespace) && spec.completes != Completes::Files {
        return None;
    }
    let start = text.len() - rest.len();
    let offered = match spec.completes {
        Completes::Files => return Some(Completion::Files(start)),
        Completes::Nothing => Vec::new(),
        Completes::Next => vec!["next".to_owned()],
        Completes::Phases => Phase::ALL.iter().map(|phase| phase.keyword().to_owned()).collect(),
        Completes::Tables => vocabulary.table_names(),
        Completes::Codes => Code::ALL.iter().map(|code| code.name().to_owned()).collect(),
        Completes::Commands => COMMANDS.iter().map(|spec| spec.name.to_owned()).collect(),
    };
    Some(words(start, rest, offered))
}

/// Those of `offered` that begin with `word`, sorted, each once.
fn words(start: usize, word: &str, mut offered: Vec<String>) -> Completion {
    let begins = |candidate: &String| candidate.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    offered.retain(begins);
    offered.sort();
    offered.dedup();
    Completion::Words(start, offered)
}

fn word_start(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    let part = text.chars().rev().take_while(|c| is_part(*c)).map(char::len_utf8).sum::<usize>();
    text.len() - part
}

/// The table of `table.` right before the word.
fn qualifier(before: &str) -> Option<String> {
    let before = before.strip_suffix('.')?;
    let start = word_start(before, |c| c.is_alphanumeric() || c == '_');
    (start < before.len()).then(|| before[start..].to_lowercase())
}

/// The word that opened the innermost open block, and the words of the statement that `text` ends in.
fn innermost(text: &str) -> (String, &str) {
    let mut open: Vec<usize> = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '{' => open.push(at),
            '}' => drop(open.pop()),
            _ => {}
        }
    }
    let start = text.rfind(['\n', ';', '{', '}']).map_or(0, |at| at + 1);
    let block = open.last().map_or("", |brace| {
        let head = &text[..*brace];
        &head[head.rfind(['\n', ';', '{', '}']).map_or(0, |at| at + 1)..]
    });
    (block.split_whitespace().next().unwrap_or_default().to_lowercase(), &text[start..])
}

fn next(block: &str, words: &[&str]) -> Next {
    match (block, words) {
        ("", []) => Next::Start,
        ("", ["expand", rest @ ..]) | ("expand", rest) => verb("expand", rest),
        ("", ["migrate", rest @ ..]) | ("migrate", rest) => verb("migrate", rest),
        ("", ["contract", rest @ ..]) | ("contract", rest) => verb("contract", rest),
        ("", ["as" | "deploy" | "retire"]) => Next::Apps,
        ("", ["as", _]) => Next::Fixed(&["select", "insert", "update", "delete"]),
        ("", ["as", _, rest @ ..] | rest @ ["select" | "insert" | "update" | "delete", ..]) => write(rest),
        ("", ["rows"] | ["migration", .., "on"]) | ("app", ["deletes"]) => Next::Tables,
        ("", ["rows", _]) => Next::Fixed(&["from", "generate"]),
        ("app", []) => {
            Next::Fixed(&["reads", "reads catalog", "writes", "uses", "inserts", "updates", "deletes", "connects as"])
        }
        ("view", []) => Next::Fixed(&["reads"]),
        ("app" | "view", _) => Next::Columns,
        ("table" | "add", [_]) => Next::Types,
        ("table" | "add", [_, ..]) => Next::Fixed(COLUMN_CLAUSES),
        ("table" | "add", []) => Next::Fixed(&["primary key", "unique", "check", "foreign key", "index"]),
        ("rows", _) => Next::Fixed(&["null", "true", "false", "default"]),
        _ => Next::Anything,
    }
}

/// After a phase.
fn verb(phase: &str, words: &[&str]) -> Next {
    match (phase, words) {
        ("expand", []) => Next::Fixed(&["add", "sync", "drop", "set default"]),
        ("migrate", []) => Next::Fixed(&["backfill", "seed", "copy", "validate", "verify"]),
        (_, []) => Next::Fixed(&["drop", "set not null"]),
        (_, ["add"]) => Next::Fixed(&["column", "table", "index", "check", "not null", "unique", "foreign key"]),
        ("expand", ["drop"]) => Next::Fixed(&["not null", "check", "unique", "foreign key"]),
        (_, ["drop"]) => Next::Fixed(&["column", "table", "index", "sync", "default", "check"]),
        (_, ["validate"]) => Next::Fixed(&["check", "not null", "foreign key"]),
        (_, ["set"]) => Next::Fixed(&["default", "not null"]),
        (_, ["add", "column", _]) => Next::Types,
        (_, ["add", "column", _, ..]) => Next::Fixed(COLUMN_CLAUSES),
        (_, ["add", "column"] | ["add" | "drop", "table" | "check" | "index"]) if words[0] == "add" => Next::Fixed(&[]),
        (_, ["drop", "table"] | ["copy"] | ["copy", _, "to"] | [.., "on" | "references"]) => Next::Tables,
        (_, ["copy", _]) => Next::Fixed(&["to"]),
        (_, ["sync" | "backfill" | "seed"] | ["drop", "column" | "sync"] | [.., "default"] | [.., "not", "null"]) => {
            Next::Columns
        }
        (_, ["sync", _]) => Next::Fixed(&["<->", "from"]),
        (_, ["backfill" | "seed", _]) => Next::Fixed(&["from"]),
        _ => Next::Anything,
    }
}

/// After `as APP`, or SQL of an operator.
fn write(words: &[&str]) -> Next {
    match words {
        ["update"] | ["insert", "into"] | ["delete", "from"] | ["select", .., "from"] => Next::Tables,
        ["update", _] => Next::Fixed(&["set"]),
        ["update", table, "set"] => Next::ColumnsOf((*table).to_owned()),
        ["insert"] => Next::Fixed(&["into"]),
        ["insert", _, _] => Next::Fixed(&["values"]),
        ["delete"] => Next::Fixed(&["from"]),
        ["delete", "from", _] => Next::Fixed(&["where"]),
        ["select"] | ["select", .., "where"] => Next::Columns,
        ["select", "from", _] | ["select", _, "from", _] => Next::Fixed(&["where", "limit"]),
        _ => Next::Anything,
    }
}

impl Vocabulary {
    fn offer(&self, next: Next, word_begun: bool) -> Vec<String> {
        let fixed = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        match next {
            Next::Fixed(words) => fixed(words),
            Next::Types => fixed(TYPES),
            Next::Tables => self.table_names(),
            Next::ColumnsOf(table) => self.columns_of(&table),
            Next::Apps => self.apps.iter().map(|app| quoted(app)).collect(),
            Next::Start => [fixed(STARTERS), COMMANDS.iter().map(|spec| spec.name.to_owned()).collect()].concat(),
            Next::Anything if word_begun => [self.columns(), self.table_names(), fixed(KEYWORDS)].concat(),
            Next::Columns | Next::Anything => self.columns(),
        }
    }

    fn table_names(&self) -> Vec<String> {
        self.tables.iter().map(|(table, _)| quoted(table)).collect()
    }

    fn columns(&self) -> Vec<String> {
        self.tables.iter().flat_map(|(_, columns)| columns).map(|column| quoted(column)).collect()
    }

    fn columns_of(&self, table: &str) -> Vec<String> {
        let own = self.tables.iter().filter(|(name, _)| name == table);
        own.flat_map(|(_, columns)| columns).map(|column| quoted(column)).collect()
    }
}

fn quoted(name: &str) -> String {
    quote_ident(name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(text: &str) -> Vec<String> {
        let columns = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let tables = vec![
            ("users".to_owned(), columns(&["id", "username", "user"])),
            ("orders".to_owned(), columns(&["order_id", "total"])),
        ];
        let vocabulary = Vocabulary { tables, apps: vec!["v1".to_owned(), "v2".to_owned()] };
        match complete(text, text.len(), &vocabulary) {
            Completion::Words(_, words) => words,
            Completion::Files(at) => vec![format!("files {at}")],
        }
    }

    #[test]
    fn commands_and_starters_at_the_start() {
        assert_eq!(offered("exp"), ["expand", "explain"]);
        assert_eq!(offered("EXPA"), ["expand"]);
        assert_eq!(offered(":hi"), ["history"]);
        assert!(offered("").contains(&"migrate".to_owned()));
    }

    #[test]
    fn behind_commands() {
        assert_eq!(offered("run m"), ["migrate"]);
        assert_eq!(offered("table "), ["orders", "users"]);
        assert_eq!(offered("explain big"), ["big-bang"]);
        assert_eq!(offered("load a/b"), ["files 5"]);
        assert_eq!(offered("help hist"), ["history"]);
        assert_eq!(offered("step "), Vec::<String>::new());
    }

    #[test]
    fn verbs_of_the_phase() {
        assert_eq!(offered("migrate b"), ["backfill"]);
        assert_eq!(offered("expand b"), Vec::<String>::new());
        assert_eq!(offered("expand {\n  add column a text\n  sy"), ["sync"]);
        assert_eq!(offered("contract drop c"), ["check", "column"]);
    }

    #[test]
    fn names_where_they_belong() {
        assert_eq!(offered("deploy "), ["v1", "v2"]);
        assert_eq!(offered("as v"), ["v1", "v2"]);
        assert_eq!(offered("as v1 up"), ["update"]);
        assert_eq!(offered("as v1 update us"), ["users"]);
        assert_eq!(offered("update orders set "), ["order_id", "total"]);
        assert_eq!(offered("contract drop column us"), ["username"]);
        assert_eq!(offered("migrate backfill total from orders.t"), ["total"]);
        assert_eq!(offered("app v3 { reads user"), ["username"]);
        assert_eq!(offered("app v3 { d"), ["deletes"]);
        assert_eq!(offered("app v3 { deletes "), ["orders", "users"]);
    }

    #[test]
    fn odd_places_do_no_harm() {
        for text in ["é", "}}}", "{", "'", "as v1 update users set \"", "expand add column é "] {
            offered(text);
        }
        assert_eq!(complete("é", 1, &Vocabulary::default()), Completion::Words(0, Vec::new()));
    }

    #[test]
    fn arguments_are_hinted() {
        assert_eq!(arguments_hint("run").as_deref(), Some(" [expand | migrate | contract | STATEMENT]"));
        assert_eq!(arguments_hint("step ").as_deref(), Some("[N]"));
        assert_eq!(arguments_hint("step 2"), None);
        assert_eq!(arguments_hint("plan"), None);
    }
}
