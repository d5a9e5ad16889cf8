//! What was expected where a piece cannot be read, in words a person uses, and what was likely meant.

use std::sync::Mutex;

use pest::error::{Error, ErrorVariant, InputLocation};
use pest::{Parser, set_error_detail};

use crate::diagnostic::{Code, Diagnostic};
use crate::phrase::{self, nearest};
use crate::source::Span;
use crate::syntax::grammar::{Grammar, Rule};
use crate::syntax::keywords::{self, KEYWORDS};
use crate::syntax::lex::{Lexer, Tok};

/// How many alternatives are named.
const MAX_NAMED: usize = 4;

/// pest gathers error detail for the whole process or not at all: one failing piece at a time.
static DETAIL: Mutex<()> = Mutex::new(());

/// What stands where the reading stopped.
struct StoppedAt<'t> {
    kind: Option<Tok>,
    text: &'t str,
    start: usize,
    /// The reading stopped inside the word.
    inside: bool,
}

/// The diagnostic for `text`, which starts at `base` of its script and which `rule` does not read.
pub(super) fn diagnostic(rule: Rule, text: &str, base: u32, error: &Error<Rule>) -> Diagnostic {
    let stop = match error.location {
        InputLocation::Pos(pos) | InputLocation::Span((pos, _)) => pos,
    };
    let (stop, words) = expectations(rule, text, stop);
    let found = found_at(text, stop);
    let span = Span::new(found.start, found.start + found.text.len()).shifted(base);
    if let Some(reserved) = reserved_before(text, stop) {
        let span = Span::new(reserved.start, reserved.end).shifted(base);
        return reserved_word(&text[reserved], span);
    }
    let at_start = found.start == 0 && found.kind.is_some() && matches!(rule, Rule::statement | Rule::statements);
    let wanted = if found.inside || at_start { Vec::new() } else { telling(rule, words) };
    let diagnostic = Diagnostic::new(Code::Syntax, message(&found, &wanted), span, label(&wanted, &found));
    let diagnostic = meant(diagnostic, rule, &found, &wanted, span);
    if diagnostic.help.is_none() { slipped_before(diagnostic, text, &found, base) } else { diagnostic }
}

/// The words without those that others among them say already.
fn telling(rule: Rule, mut words: Vec<String>) -> Vec<String> {
    let has = |words: &[String], word: &str| words.iter().any(|known| known == word);
    if has(&words, "an expression") {
        let starters = ["`case`", "`cast`", "`false`", "`true`", "`null`", "`not`", "`(`", "a number", "a name"];
        words.retain(|word| !starters.contains(&word.as_str()) && !word.starts_with("text"));
    }
    if words.iter().any(|word| word.ends_with("in parentheses")) {
        words.retain(|word| word != "`(`");
    }
    let (single, double) = ("text in single quotes", "text in double quotes");
    if has(&words, single) && has(&words, double) {
        let title = rule == Rule::header || matches!(rule, Rule::statement | Rule::statements);
        words.retain(|word| word != if title { single } else { double });
    }
    words
}

/// A keyword misspelled right before the place where the reading stopped: it was taken for a name.
fn slipped_before(diagnostic: Diagnostic, text: &str, found: &StoppedAt<'_>, base: u32) -> Diagnostic {
    const LIKELY: &[&str] = &[
        "column",
        "index",
        "table",
        "check",
        "unique",
        "foreign",
        "default",
        "references",
        "from",
        "where",
        "primary",
    ];
    let Some(before) = Lexer::new(text, 0).take_while(|token| token.end <= found.start).last() else {
        return diagnostic;
    };
    let word = &text[before.start..before.end];
    match nearest(&word.to_ascii_lowercase(), LIKELY.iter().copied()) {
        Some(near) if before.kind == Tok::Word && !keywords::is_one(word, KEYWORDS) => {
            let span = Span::new(before.start, before.end).shifted(base);
            respelled(diagnostic.label(span, ""), word, near, LIKELY, span)
        }
        _ => diagnostic,
    }
}

/// Says which keyword was meant. It is a fix where no other keyword may have been, and where the keyword computes nothing:
/// which operator was meant is for the author to say.
fn respelled(diagnostic: Diagnostic, written: &str, near: &str, among: &[&str], span: Span) -> Diagnostic {
    let written = written.to_ascii_lowercase();
    let others = among.iter().copied().filter(|other| *other != near);
    let diagnostic = diagnostic.help(phrase::meant(near));
    if keywords::is_one(near, keywords::OF_EXPRESSIONS) || nearest(&written, others).is_some() {
        return diagnostic;
    }
    diagnostic.fix(format!("write `{near}`"), span, near)
}

/// A word of the language that was taken for the name before the place where the reading stopped.
fn reserved_before(text: &str, stop: usize) -> Option<std::ops::Range<usize>> {
    let before = Lexer::new(text, 0).take_while(|token| token.end <= stop).last()?;
    let word = &text[before.start..before.end];
    let verbs = Lexer::new(text, 0).next().is_some_and(|first| {
        ["backfill", "seed", "sync", "deploy", "retire"]
            .iter()
            .any(|verb| text[first.start..first.end].eq_ignore_ascii_case(verb))
            && text.get(first.end..before.start).is_some_and(|between| between.trim().is_empty())
    });
    (verbs && before.kind == Tok::Word && keywords::is_reserved(&word.to_ascii_lowercase()))
        .then_some(before.start..before.end)
}

fn reserved_word(word: &str, span: Span) -> Diagnostic {
    let word = word.to_ascii_lowercase();
    let message = format!("`{word}` is a word of the language, and a name is needed here");
    Diagnostic::new(Code::Syntax, message, span, "a name is needed here")
        .help(format!("if it is a name, write it in double quotes: \"{word}\""))
}

fn found_at(text: &str, stop: usize) -> StoppedAt<'_> {
    for token in Lexer::new(text, 0) {
        if token.end > stop {
            let inside = token.start < stop && token.kind == Tok::Word;
            let start = if inside || token.start >= stop { token.start } else { stop };
            return StoppedAt { kind: Some(token.kind), text: &text[start..token.end], start, inside };
        }
    }
    let start = text.trim_ascii_end().len();
    StoppedAt { kind: None, text: "", start, inside: false }
}

/// Where the reading stopped, and what it would have gone on with.
fn expectations(rule: Rule, text: &str, stop: usize) -> (usize, Vec<String>) {
    let guard = DETAIL.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    set_error_detail(true);
    let error = Grammar::parse(rule, text).err();
    set_error_detail(false);
    drop(guard);
    let Some(error) = error else {
        return (stop, Vec::new());
    };
    let (mut place, mut words) = (stop, Vec::<(u8, String)>::new());
    if let Some(attempts) = error.parse_attempts()
        && attempts.max_position >= stop
    {
        words = attempts.expected_tokens().iter().filter_map(|token| token_words(&token.to_string())).collect();
        if !words.is_empty() {
            place = attempts.max_position;
        }
    }
    if place == stop
        && let ErrorVariant::ParsingError { positives, .. } = &error.variant
    {
        words.extend(positives.iter().filter_map(|rule| in_words(*rule)).map(|word| (rank(word), word.to_owned())));
    }
    words.sort();
    let mut told = Vec::new();
    for (_, word) in words {
        if !told.contains(&word) {
            told.push(word);
        }
    }
    (place, told)
}

/// A word or symbol that was expected, as pest prints it: keywords in upper case.
fn token_words(token: &str) -> Option<(u8, String)> {
    if ["MS", "MIN"].contains(&token) {
        return None;
    }
    if token.len() > 1 && token.bytes().all(|b| b.is_ascii_uppercase()) {
        return Some((2, format!("`{}`", token.to_ascii_lowercase())));
    }
    ["(", ")", ",", "<->"].contains(&token).then(|| (3, format!("`{token}`")))
}

fn rank(word: &str) -> u8 {
    match word {
        "an operator" => 4,
        "the end of the statement" => 5,
        _ => 0,
    }
}

fn message(found: &StoppedAt<'_>, wanted: &[String]) -> String {
    let what = match found.kind {
        None => "this ends too early".to_owned(),
        Some(_) => format!("did not expect `{}`", shortened(found.text)),
    };
    match alternatives(wanted) {
        Some(list) if found.kind.is_none() => format!("{what}: expected {list}"),
        Some(list) => format!("{what} here: expected {list}"),
        None if found.kind.is_none() => what,
        None => format!("{what} here"),
    }
}

fn label(wanted: &[String], found: &StoppedAt<'_>) -> String {
    match wanted {
        [only] => format!("expected {only}"),
        _ if found.kind.is_none() => "it ends here".to_owned(),
        _ => "not expected here".to_owned(),
    }
}

fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= 40 && line.len() == text.len() {
        return line.to_owned();
    }
    line.chars().take(40).chain(['…']).collect()
}

/// `a, b or c`, of the first few.
fn alternatives(wanted: &[String]) -> Option<String> {
    let shown = &wanted[..wanted.len().min(MAX_NAMED)];
    let (last, rest) = shown.split_last()?;
    let more = if wanted.len() > MAX_NAMED { " …" } else { "" };
    if rest.is_empty() { Some(last.clone()) } else { Some(format!("{} or {last}{more}", rest.join(", "))) }
}

/// Says what was likely meant.
fn meant(diagnostic: Diagnostic, rule: Rule, found: &StoppedAt<'_>, wanted: &[String], span: Span) -> Diagnostic {
    if found.kind == Some(Tok::Word) {
        let pool: Vec<&str> = if found.start == 0 {
            [keywords::VERBS, keywords::TOPS].concat()
        } else if found.inside || wanted.is_empty() {
            KEYWORDS.to_vec()
        } else {
            wanted.iter().filter_map(|word| word.strip_prefix('`')?.strip_suffix('`')).collect()
        };
        if let Some(near) = nearest(&found.text.to_ascii_lowercase(), pool.iter().copied()) {
            return respelled(diagnostic, found.text, near, &pool, span);
        }
    }
    match (found.text, rule) {
        ("~" | "!~" | "~*" | "!~*" | "similar", _) => diagnostic.help(
            "regular expressions are not in the language: `like`, `ilike`, `in`, `length` and `translate` say much of what \
             they say",
        ),
        ("end", _) => diagnostic.help("blocks end with `}`"),
        (":=" | "=", Rule::statement | Rule::statements) => diagnostic.help("write `from` where a column is filled"),
        (_, Rule::statement | Rule::statements) if wanted.is_empty() && found.start == 0 => {
            diagnostic.help(format!("statements start with {}", keywords::verbs_listed()))
        }
        (_, Rule::row_tuples) => diagnostic.help("write each row as `(1, 'text', null)`"),
        (_, Rule::app_clauses) => diagnostic
            .help("write `reads a, b`, `writes a, b`, `uses a, b` or `inserts t`, `updates a`, `deletes none`"),
        (_, Rule::view_clauses) => diagnostic.help("write `reads a, b`"),
        (_, Rule::allows) => diagnostic.help("write `allow CODE because 'the reason'`"),
        (_, Rule::header) => diagnostic.help("write `migration \"Title\" on TABLE`"),
        _ => diagnostic,
    }
}

/// What a person calls that which a rule reads; nothing for rules whose parts say it better.
fn in_words(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::EOI => "the end of the statement",
        Rule::name | Rule::ident => "a name",
        Rule::column | Rule::col | Rule::mapping | Rule::assignment => "a column name",
        Rule::string | Rule::text => "text in single quotes",
        Rule::quoted => "text in double quotes",
        Rule::number | Rule::count | Rule::type_arg => "a number",
        Rule::duration => "a time like `50ms` or `10m`",
        Rule::code => "the code of a finding",
        Rule::type_name | Rule::type_words => "a type",
        Rule::expr | Rule::arith | Rule::paren | Rule::path | Rule::case | Rule::cast | Rule::null | Rule::boolean => {
            "an expression"
        }
        Rule::column_def | Rule::sql_column_def => "a column with its type",
        Rule::column_list => "columns in parentheses",
        Rule::row => "a row in parentheses",
        Rule::not_null | Rule::nullable => "`not null`",
        Rule::default => "`default`",
        Rule::unique | Rule::index_unique | Rule::unique_key => "`unique`",
        Rule::primary_key | Rule::pk_key => "`primary key`",
        Rule::references => "`references`",
        Rule::check | Rule::check_key => "`check`",
        Rule::foreign_key => "`foreign key`",
        Rule::index_key => "`index`",
        Rule::on_table => "`on`",
        Rule::condition => "`where`",
        Rule::batches => "`in batches of`",
        Rule::pause => "`pause`",
        Rule::reads | Rule::app_reads | Rule::reads_catalog => "`reads`",
        Rule::writes => "`writes`",
        Rule::uses => "`uses`",
        Rule::inserts => "`inserts`",
        Rule::updates => "`updates`",
        Rule::deletes => "`deletes`",
        Rule::nothing => "`none`",
        Rule::on_conflict => "`on conflict`",
        Rule::whole => "all columns of a table",
        Rule::connects => "`connects as`",
        Rule::csv => "`from`",
        Rule::generate => "`generate`",
        Rule::allow => "`allow`",
        Rule::add_column => "`column`",
        Rule::using => "`using`",
        Rule::when | Rule::case_of => "`when`",
        Rule::case_else => "`else`",
        Rule::cast_op
        | Rule::is_null
        | Rule::is_bool
        | Rule::between
        | Rule::in_list
        | Rule::and
        | Rule::or
        | Rule::distinct
        | Rule::like
        | Rule::ilike
        | Rule::concat
        | Rule::json_get_text
        | Rule::json_get
        | Rule::json_path_text
        | Rule::json_path
        | Rule::json_delete_path
        | Rule::plus_op
        | Rule::minus_op
        | Rule::times
        | Rule::divide
        | Rule::modulo
        | Rule::power
        | Rule::not_equal
        | Rule::less_or_equal
        | Rule::greater_or_equal
        | Rule::equal
        | Rule::less
        | Rule::greater => "an operator",
        _ => return None,
    })
}
