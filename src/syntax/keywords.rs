//! The words of the language, and what each says about where a statement begins and ends.

/// The words of the grammar, for completion and highlighting.
pub const KEYWORDS: &[&str] = &[
    "add",
    "allow",
    "alter",
    "and",
    "app",
    "as",
    "backfill",
    "batches",
    "because",
    "between",
    "case",
    "cast",
    "check",
    "column",
    "confirm",
    "connects",
    "contract",
    "copy",
    "default",
    "deploy",
    "distinct",
    "drop",
    "else",
    "end",
    "expand",
    "false",
    "foreign",
    "from",
    "generate",
    "ilike",
    "in",
    "index",
    "is",
    "key",
    "like",
    "migrate",
    "migration",
    "not",
    "null",
    "of",
    "on",
    "or",
    "pause",
    "primary",
    "reads",
    "references",
    "rename",
    "retire",
    "rows",
    "seed",
    "set",
    "sync",
    "table",
    "then",
    "to",
    "true",
    "type",
    "unique",
    "unknown",
    "uses",
    "using",
    "validate",
    "verify",
    "view",
    "wait",
    "when",
    "where",
    "writes",
];

/// Verbs that start a statement, in the order in which they are told.
pub(super) const VERBS: &[&str] = &[
    "add", "drop", "set", "sync", "backfill", "seed", "copy", "validate", "verify", "deploy", "retire", "confirm",
    "wait", "rename", "alter",
];

/// Verbs of statements that are understood, and refused with what to write instead.
const REFUSED: &[&str] = &["rename", "alter"];

/// The verbs that a statement may start with, for a sentence: `` `add`, `drop` or `set` ``.
pub(super) fn verbs_listed() -> String {
    let verbs: Vec<String> =
        VERBS.iter().filter(|verb| !REFUSED.contains(verb)).map(|verb| format!("`{verb}`")).collect();
    let (last, rest) = verbs.split_last().map_or((String::new(), &[][..]), |(last, rest)| (last.clone(), rest));
    format!("{} or {last}", rest.join(", "))
}

/// Words that start a piece at the top of a script, besides the verbs.
pub(super) const TOPS: &[&str] =
    &["expand", "migrate", "contract", "migration", "table", "rows", "app", "view", "allow"];

/// Words that start a declaration at the top of a script.
pub(super) const DECLARATIONS: &[&str] = &["migration", "table", "rows", "app", "view", "allow"];

/// Words of which expressions are made, and what changes a value or an order: a slip of one may have been another.
pub(super) const OF_EXPRESSIONS: &[&str] = &[
    "and", "or", "not", "is", "in", "like", "ilike", "between", "distinct", "null", "true", "false", "unknown", "case",
    "when", "then", "else", "end", "cast", "as", "for", "leading", "trailing", "both", "escape", "asc", "desc",
];

/// First words of SQL that is pasted by mistake.
const SQL: &[&str] = &[
    "alter",
    "create",
    "update",
    "insert",
    "delete",
    "select",
    "begin",
    "commit",
    "rollback",
    "do",
    "truncate",
    "grant",
    "revoke",
    "comment",
    "with",
    "start",
    "lock",
    "vacuum",
    "analyze",
    "reindex",
    "set",
    "drop",
    "savepoint",
];

/// The bytes of the longest word of the language.
pub(super) const MAX_WORD: usize = 16;

/// `word` in lower case, in `buffer`; empty where it is too long or too foreign for a word of the language.
pub(super) fn folded<'b>(word: &str, buffer: &'b mut [u8; MAX_WORD]) -> &'b str {
    let Some(part) = buffer.get_mut(..word.len()) else {
        return "";
    };
    part.copy_from_slice(word.as_bytes());
    part.make_ascii_lowercase();
    std::str::from_utf8(part).unwrap_or_default()
}

/// Whether `word` is one of `words`, in any case.
pub(super) fn is_one(word: &str, words: &[&str]) -> bool {
    words.iter().any(|candidate| candidate.eq_ignore_ascii_case(word))
}

/// Whether an unquoted `word`, already folded, is not a name: PostgreSQL's reserved words, as far as scripts meet them.
pub(super) fn is_reserved(word: &str) -> bool {
    (2..=17).contains(&word.len())
        && matches!(
            word,
            "all"
                | "and"
                | "any"
                | "array"
                | "as"
                | "asc"
                | "both"
                | "case"
                | "cast"
                | "check"
                | "collate"
                | "column"
                | "constraint"
                | "create"
                | "current_date"
                | "current_timestamp"
                | "default"
                | "desc"
                | "distinct"
                | "do"
                | "else"
                | "end"
                | "except"
                | "false"
                | "fetch"
                | "for"
                | "foreign"
                | "from"
                | "grant"
                | "group"
                | "having"
                | "in"
                | "into"
                | "is"
                | "leading"
                | "like"
                | "ilike"
                | "limit"
                | "not"
                | "null"
                | "offset"
                | "on"
                | "only"
                | "or"
                | "order"
                | "primary"
                | "references"
                | "returning"
                | "select"
                | "some"
                | "table"
                | "then"
                | "to"
                | "trailing"
                | "true"
                | "union"
                | "unique"
                | "user"
                | "using"
                | "when"
                | "where"
                | "with"
                | "between"
        )
}

/// Whether a statement of SQL may start with `word`.
pub(super) fn may_start_sql(word: &str) -> bool {
    is_one(word, SQL)
}

/// The word that `text` starts with; empty where it starts otherwise.
pub(super) fn first_word(text: &str) -> &str {
    let end = text.bytes().position(|b| !(b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80));
    &text[..end.unwrap_or(text.len())]
}

/// `text` without its first word and the white space after that.
pub(super) fn after_word(text: &str) -> &str {
    text[first_word(text).len()..].trim_ascii_start()
}

/// Whether a line that starts with `text` carries on the statement before it. In the block of a table a constraint of
/// several columns starts a line too, and words that are no reserved ones may be columns.
pub(super) fn continues(text: &str, in_columns: bool) -> bool {
    let word = first_word(text);
    if word.is_empty() {
        return continues_with_symbol(text, in_columns);
    }
    match folded(word, &mut [0; MAX_WORD]) {
        "from" | "where" | "in" | "default" | "references" | "not" | "null" | "on" | "and" | "or" | "then" | "else"
        | "end" | "when" | "between" | "like" | "ilike" | "is" => true,
        "to" | "as" | "using" | "because" => !in_columns,
        "limit" | "pause" | "batches" | "generate" => !in_columns && first_word(after_word(text)) != "from",
        "seed" => !in_columns && after_word(text).starts_with(|c: char| c.is_ascii_digit()),
        "unique" => stands_alone(after_word(text)),
        "primary" => stands_alone(after_word(after_word(text))),
        "check" => after_word(text).starts_with('(') && !in_columns,
        _ => false,
    }
}

/// Whether `rest`, what follows `unique` or `primary key`, shows that it constrains the column before it.
fn stands_alone(rest: &str) -> bool {
    let rest = rest.trim_start_matches([' ', '\t']);
    let name = first_word(rest);
    if name.is_empty() {
        return !rest.starts_with(['(', '"']);
    }
    is_one(name, &["not", "null", "default", "references", "check", "where"])
}

fn continues_with_symbol(text: &str, in_columns: bool) -> bool {
    let operator = ["||", "->", "#>", "#-", "<", ">", "=", "::", "+", "*", "/", "%", "!=", "^"];
    text.starts_with(')')
        || text.starts_with('-') && !text.starts_with("--")
        || text.starts_with('(') && !in_columns
        || operator.iter().any(|symbol| text.starts_with(symbol))
}

/// Whether `text`, at the start of a line, can only be the start of a statement or declaration: inside a parenthesis
/// or a string it shows that the closing one is missing.
pub(super) fn surely_starts(text: &str) -> bool {
    let word = first_word(text);
    if word.is_empty() || !(is_one(word, TOPS) || is_one(word, VERBS)) {
        return false;
    }
    let rest = &text[word.len()..];
    let next = rest.trim_start_matches([' ', '\t']);
    if next.len() == rest.len() {
        return false;
    }
    let second = first_word(next);
    match word.to_ascii_lowercase().as_str() {
        "expand" | "migrate" | "contract" => next.starts_with('{') || is_one(second, VERBS),
        "migration" => next.starts_with('"'),
        "table" | "app" | "view" => after_name(next).starts_with('{'),
        "rows" => after_name(next).starts_with('{') || is_one(first_word(after_name(next)), &["from", "generate"]),
        "add" => is_one(second, &["column", "index", "check", "unique", "foreign", "not", "table"]),
        "drop" => is_one(second, &["column", "index", "check", "unique", "foreign", "not", "table", "sync", "default"]),
        "backfill" | "sync" => after_name(next).starts_with("from") || after_name(next).starts_with('<'),
        _ => false,
    }
}

/// Whether `text`, at the start of a line in a block, shows that the block before it was not closed.
pub(super) fn surely_starts_outside(text: &str) -> bool {
    is_one(first_word(text), &["expand", "migrate", "contract", "table", "app", "view", "rows", "migration"])
        && surely_starts(text)
}

fn after_name(text: &str) -> &str {
    let end = text.find([' ', '\t', '{', '<', '\n']).unwrap_or(text.len());
    text[end..].trim_start_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_words_of_statements_are_known() {
        let grammar = include_str!("../../grammar/mig.pest");
        let (_, rest) = grammar.split_once("\nstmt = {").expect("the rule of statements");
        let alternatives = rest.split_once("\n}").expect("the end of the rule").0.split('|');
        let tokens = alternatives.filter_map(|one| one.trim().split_once(" ~ ").map(|(token, _)| token));
        let mut known = 0;
        for token in tokens.filter(|token| token.chars().all(|letter| letter.is_ascii_uppercase())) {
            let head = format!("\n{token} = _{{ ");
            let (_, words) = grammar.split_once(&head).expect("the rule of a word");
            let word = words.split('"').nth(1).expect("a word");
            assert!(VERBS.contains(&word) && KEYWORDS.contains(&word), "{word}");
            known += 1;
        }
        assert_eq!(known, VERBS.len());
    }

    #[test]
    fn what_is_added_and_dropped_surely_starts_a_statement() {
        let grammar = include_str!("../../grammar/mig.pest");
        for (verb, rule) in [("add", "added"), ("drop", "dropped")] {
            let (_, rest) = grammar.split_once(&format!("\n{rule} = _{{")).expect("the rule");
            let alternatives = rest.split_once('}').expect("the end of the rule").0.split('|').map(str::trim);
            let names: Vec<&str> = alternatives.filter(|name| !name.starts_with("slip_")).collect();
            assert!(names.len() > 5, "{names:?}");
            for name in names {
                let object = name.split('_').nth(1).expect("`add_column` has two words");
                assert!(surely_starts(&format!("{verb} {object} x")), "{name}");
                assert!(KEYWORDS.contains(&object), "{name}");
            }
        }
    }
}
