//! Where typed text goes in a script: before the next statement, so that the text says what was done, in its order.

use crate::ast::{AllowScope, Script, Statement};
use crate::source::Span;
use crate::syntax;

/// A script's text with `typed` before the statement at `position`, or at the end.
#[must_use]
pub fn insert(script: &Script, position: usize, typed: &str) -> String {
    let text = script.source.text();
    match script.statements.get(position) {
        None => joined(text, typed, ""),
        Some(statement) => before(script, statement, typed),
    }
}

/// A script's text with `typed` before everything else, where a header belongs.
#[must_use]
pub fn prepend(script: &Script, typed: &str) -> String {
    joined("", typed, script.source.text())
}

fn before(script: &Script, statement: &Statement, typed: &str) -> String {
    let text = script.source.text();
    let start = statement.span.start as usize;
    let keyword = statement.phase.and_then(|phase| preceding_word(&text[..start], phase.keyword()));
    let (near, around) = allows_of(script, statement);
    let at = near.unwrap_or(start).min(keyword.unwrap_or(start));
    let Some(phase) = statement.phase.filter(|_| keyword.is_none()) else {
        let at = above_comments(text, at);
        return joined(&text[..at], typed, &text[at..]);
    };
    let head = text[..at].trim_end();
    if let Some(at) = head.strip_suffix('{').and_then(|head| preceding_word(head, phase.keyword())) {
        let first = around.iter().map(|allow| allow.start as usize).min();
        let at = above_comments(text, first.unwrap_or(at).min(at));
        return joined(&text[..at], typed, &text[at..]);
    }
    let around: String = around.iter().map(|allow| format!("{}\n", script.source.slice(*allow))).collect();
    let indent = line_indent(text, at);
    let rest = format!("{around}{} {{\n{indent}{}", phase.keyword(), &text[at..]);
    joined(&format!("{head}\n}}"), typed, &rest)
}

/// Where the `allow`s right before a statement begin, and those that cover the whole block around it.
fn allows_of(script: &Script, statement: &Statement) -> (Option<usize>, Vec<Span>) {
    let text = script.source.text();
    let covers = |scope: AllowScope| match scope {
        AllowScope::Script => false,
        AllowScope::Item(item) => item.start <= statement.span.start && statement.span.start < item.end,
    };
    let own = script.allows.iter().filter(|allow| covers(allow.scope) && allow.span.end <= statement.span.start);
    let own = own.map(|allow| allow.span);
    let is_around = |allow: &Span| text[allow.end as usize..statement.span.start as usize].contains('{');
    let (around, near): (Vec<Span>, Vec<Span>) = own.partition(is_around);
    (near.iter().map(|allow| allow.start as usize).min(), around)
}

/// Where `word` begins, if the text ends with it.
fn preceding_word(text: &str, word: &str) -> Option<usize> {
    let text = text.trim_end();
    let start = text.len().checked_sub(word.len())?;
    let found = text.get(start..)?.eq_ignore_ascii_case(word);
    let alone = !text[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    (found && alone).then_some(start)
}

/// The start of the line at `at`, and of the comments right above it; `at` itself after something else.
fn above_comments(text: &str, at: usize) -> usize {
    syntax::above_comments(text, &syntax::comments(text), at)
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

fn line_indent(text: &str, at: usize) -> &str {
    let line = &text[line_start(text, at)..at];
    if line.trim().is_empty() { line } else { "" }
}

/// The three, each on lines of its own.
fn joined(head: &str, typed: &str, tail: &str) -> String {
    let mut text = head.to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(typed.trim());
    text.push('\n');
    text.push_str(tail);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    /// The text with `wait 1s` typed at `position`; it must be a script with that statement there.
    fn inserted(text: &str, position: usize) -> String {
        let parsed = syntax::parse(Source::new("x.mig", text));
        assert_eq!(parsed.diagnostics, []);
        let text = insert(&parsed.script, position, "wait 1s");
        let again = syntax::parse(Source::new("x.mig", text.as_str()));
        assert_eq!(again.diagnostics, []);
        assert_eq!(again.script.statements.len(), parsed.script.statements.len() + 1);
        assert_eq!(again.script.source.slice(again.script.statements[position].span), "wait 1s");
        text
    }

    #[test]
    fn at_the_end() {
        assert_eq!(inserted("", 0), "wait 1s\n");
        assert_eq!(inserted("expand add column a text", 1), "expand add column a text\nwait 1s\n");
    }

    #[test]
    fn before_a_line_and_its_comments() {
        let text = "expand add column a text\n# why\nexpand   add column b text\n";
        assert_eq!(inserted(text, 1), "expand add column a text\nwait 1s\n# why\nexpand   add column b text\n");
        assert_eq!(inserted("deploy v1\ndeploy v2\n", 1), "deploy v1\nwait 1s\ndeploy v2\n");
        assert_eq!(inserted("deploy v1; deploy v2\n", 1), "deploy v1; \nwait 1s\ndeploy v2\n");
    }

    #[test]
    fn a_block_is_split() {
        let text = "expand {\n    add column a text\n    add column b text\n}\n";
        assert_eq!(inserted(text, 0), format!("wait 1s\n{text}"));
        let split = "expand {\n    add column a text\n}\nwait 1s\nexpand {\n    add column b text\n}\n";
        assert_eq!(inserted(text, 1), split);
    }

    #[test]
    fn an_allow_stays_with_its_statement() {
        let text = "deploy v1\nallow in-use because 'x'\nexpand add column a text\n";
        assert_eq!(inserted(text, 1), "deploy v1\nwait 1s\nallow in-use because 'x'\nexpand add column a text\n");
        let block = "allow in-use because 'x'\nexpand {\nadd column a text\nadd column b text\n}\n";
        assert_eq!(inserted(block, 0), format!("wait 1s\n{block}"));
        let halves = "allow in-use because 'x'\nexpand {\nadd column a text\n}\nwait 1s\n\
                      allow in-use because 'x'\nexpand {\nadd column b text\n}\n";
        assert_eq!(inserted(block, 1), halves);
    }
}
